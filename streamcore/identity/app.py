"""What IAM and STS work on: the identities, the temporary credentials, and the guard where there is one.

Without authentication the identities are read when the first request for them comes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from streamcore.broker import Broker

if TYPE_CHECKING:
    from streamcore.identity.guard import Guard
    from streamcore.identity.sessions import Sessions
    from streamcore.identity.store import Identities


class IdentityApp:
    """`guard` is None while authentication is off."""

    def __init__(self, broker: Broker, guard: Guard | None = None) -> None:
        self._broker = broker
        self.guard = guard
        self._identities = None if guard is None else guard.identities
        self._sessions = None if guard is None else guard.sessions
        self._starting = asyncio.Lock()

    async def ready(self) -> None:
        """Returns when the identities can be looked up. Raises IdentityUnavailable."""
        if self._identities is not None:
            return
        async with self._starting:
            if self._identities is None:
                from streamcore.identity.sessions import Sessions
                from streamcore.identity.store import Identities

                identities = Identities(self._broker)
                await identities.start()
                self._sessions = Sessions(identities.vault)
                self._identities = identities

    @property
    def identities(self) -> Identities:
        assert self._identities is not None, "ready() comes first"
        return self._identities

    @property
    def sessions(self) -> Sessions:
        assert self._sessions is not None, "ready() comes first"
        return self._sessions

    def now_ms(self) -> int:
        return self._broker.clock.now_ms()
