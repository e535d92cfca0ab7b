"""Actions that need something besides the broker: they are written as functions of it, and bound to it once.

LOGS = Registry[LogStore]("logs", target_prefix="Logs_20140328")

@LOGS.action("CreateLogGroup")
async def create_log_group(store: LogStore, call: Call, input_: CreateLogGroupInput) -> None: ...

service = LOGS.bind(store)
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar, get_type_hints

from runtime.errors import FunctionsError
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
    """The actions of a service, before there is what they act on."""

    def __init__(
        self,
        name: str,
        *,
        target_prefix: str,
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
        """The service of these actions on that resource. Errors of the runtime become AWS's by their `code`."""
        service = Service(
            self.name,
            target_prefix=self.target_prefix,
            validation_code=self.validation_code,
            query_codes=self.query_codes,
        )
        for name, (input_, handler) in self.actions.items():
            service.add(name, input_, _bound(resource, handler))
        return service


def _bound(resource: Any, handler: Callable[[Any, Call, Any], Awaitable[Output]]) -> Any:
    async def act(call: Call, input_: Shape) -> Output:
        try:
            return await handler(resource, call, input_)
        except FunctionsError as error:
            status = 503 if error.code == "ServiceUnavailableException" else 400
            raise AwsError(error.code, status, str(error)) from error

    return act
