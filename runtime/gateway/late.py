"""Gateways that nobody uses cost nothing: the code of one is loaded, and the gateway made, when the first request to
its management API comes, or at the start when something was kept.

While there is none, no API can be there either, so nothing is missed by not asking it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from runtime.gateway.httpapi.service import HttpGateway
    from runtime.gateway.ports import Ports
    from runtime.gateway.service import Gateway
    from streamcore.broker import Broker


class _Startable(Protocol):
    async def start(self) -> None: ...

    async def close(self) -> None: ...


G = TypeVar("G", bound=_Startable)


class Late(Generic[G]):
    """`kinds` of documents mean that it was in use; `made` is None as long as there is nothing."""

    def __init__(self, broker: Broker, kinds: Sequence[str], make: Callable[[], G]) -> None:
        self._broker = broker
        self._kinds = kinds
        self._make = make
        self._making = threading.Lock()
        self.made: G | None = None

    def __repr__(self) -> str:
        return f"<Late {self.made}>"

    async def start(self) -> None:
        """Makes it if something was kept."""
        for kind in self._kinds:
            if await self._broker.documents(kind):
                await (await asyncio.to_thread(self.get)).start()
                return

    def get(self) -> G:
        """The gateway; an empty one if there was none. May be called on any thread."""
        with self._making:
            if self.made is None:
                self.made = self._make()
            return self.made

    async def close(self) -> None:
        if self.made is not None:
            await self.made.close()


#: Kinds of documents of REST APIs.
KINDS: Final = ("apigateway-api", "apigateway-key", "apigateway-plan", "apigateway-account")


def late_gateway(broker: Broker, ports: Callable[[], Ports]) -> Late[Gateway]:
    """That of REST APIs."""

    def make() -> Gateway:
        from runtime.gateway.service import Gateway

        return Gateway(broker, ports())

    return Late(broker, KINDS, make)


def late_http_gateway(broker: Broker, ports: Callable[[], Ports]) -> Late[HttpGateway]:
    """That of HTTP APIs."""

    def make() -> HttpGateway:
        from runtime.gateway.httpapi.service import HttpGateway

        return HttpGateway(broker, ports())

    return Late(broker, ("httpapi-api",), make)
