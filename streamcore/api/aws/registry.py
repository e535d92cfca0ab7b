"""Actions that need something besides the broker: they are written as functions of it, and bound to it once.

IAM = Registry[Identities]("iam")

@IAM.action("CreateUser")
async def create_user(identities: Identities, call: Call, input_: CreateUserInput) -> CreateUserOutput: ...

service = IAM.bind(identities)
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar, get_type_hints

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.service import VALIDATION_CODE, Call, Output, Service
from streamcore.api.aws.shapes import Shape

R = TypeVar("R")
I_ = TypeVar("I_", bound=Shape)
Handler = Callable[[R, Call, I_], Awaitable[Output]]


class _Unbound(NamedTuple):
    input: type[Shape]
    handler: Callable[[Any, Call, Any], Awaitable[Output]]


class Registry(Generic[R]):
    """The actions of a service, before there is what they act on. `target_prefix` is empty for a service that is not
    spoken to by target header; the other parameters are those of `Service`."""

    def __init__(
        self,
        name: str,
        *,
        target_prefix: str = "",
        validation_code: str = VALIDATION_CODE,
        query_codes: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.target_prefix = target_prefix
        self.validation_code = validation_code
        self.query_codes = query_codes or {}
        self.actions: dict[str, _Unbound] = {}

    def action(self, name: str) -> Callable[[Handler[R, I_]], Handler[R, I_]]:
        """Registers a coroutine `(resource, call, input)` under AWS's name for it."""

        def register(handler: Handler[R, I_]) -> Handler[R, I_]:
            if name in self.actions:
                raise ValueError(f"{self.name} has an action {name} already")
            parameter = list(inspect.signature(handler).parameters)[2]
            self.actions[name] = _Unbound(get_type_hints(handler)[parameter], handler)
            return handler

        return register

    def bind(self, resource: R) -> Service:
        """The service of these actions on that resource."""
        service = Service(
            self.name,
            target_prefix=self.target_prefix,
            validation_code=self.validation_code,
            query_codes=self.query_codes,
        )
        for name, (input_, handler) in self.actions.items():
            service.add(name, input_, self._bound(resource, handler))
        return service

    def told(self, error: Exception) -> AwsError | None:
        """The answer to an error of the resource, None for one that is not its own: services with errors of their own
        say here what they are on the wire."""
        return None

    def _bound(self, resource: Any, handler: Callable[[Any, Call, Any], Awaitable[Output]]) -> Any:
        async def act(call: Call, input_: Shape) -> Output:
            try:
                return await handler(resource, call, input_)
            except Exception as error:
                told = self.told(error)
                if told is None:
                    raise
                raise told from error

        return act
