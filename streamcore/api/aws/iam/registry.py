"""The registry of IAM's actions: each finds the identities read."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from streamcore.api.aws import registry
from streamcore.api.aws.service import Call, Output
from streamcore.identity.app import IdentityApp

VERSION: Final = "2010-05-08"
NAMESPACE: Final = "https://iam.amazonaws.com/doc/2010-05-08/"


class Registry(registry.Registry[IdentityApp]):
    """Actions on identities."""

    def _bound(self, resource: IdentityApp, handler: Callable[[Any, Call, Any], Awaitable[Output]]) -> Any:
        act = super()._bound(resource, handler)

        async def ready(call: Call, input_: Any) -> Output:
            await resource.ready()
            output: Output = await act(call, input_)
            return output

        return ready


IAM: Final = Registry("iam")
