"""A gateway that is made when there is something for it to do: the first management request, or APIs that were kept.
Until then neither its rules nor its stores are imported."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from runtime.gateway.ports import Ports
    from runtime.gateway.service import Gateway
    from streamcore.broker import Broker

#: Kinds of documents that mean that a gateway was in use.
KINDS: Final = ("apigateway-api", "apigateway-key", "apigateway-plan", "apigateway-account")


class LateGateway:
    """`made` is None as long as there is nothing."""

    def __init__(self, broker: Broker, ports: Callable[[], Ports]) -> None:
        self._broker = broker
        self._ports = ports
        self._making = threading.Lock()
        self.made: Gateway | None = None

    def __repr__(self) -> str:
        return f"<LateGateway {self.made}>"

    async def start(self) -> None:
        """Makes it if something was kept."""
        for kind in KINDS:
            if await self._broker.documents(kind):
                await (await asyncio.to_thread(self.get)).start()
                return

    def get(self) -> Gateway:
        """The gateway; an empty one if there was none. May be called on any thread."""
        with self._making:
            if self.made is None:
                from runtime.gateway.service import Gateway

                self.made = Gateway(self._broker, self._ports())
            return self.made

    async def close(self) -> None:
        if self.made is not None:
            await self.made.close()
