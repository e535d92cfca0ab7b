"""Services that are imported when the first request for them comes.

A broker offers a dozen services, and a process that starts uses one or two of them: their shapes and actions are half
of what there is to import. So the protocols know by what the requests of such a service are to be told (`keys`), and
load it in a thread when the first comes; the event loop goes on with everything else meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import msgspec

S = TypeVar("S")


class Deferred(msgspec.Struct, Generic[S], frozen=True):
    """`keys` are what the protocol tells its services by: a target prefix, the first segments of paths, a version.
    `body_max_bytes` is the most that a body of this service may have, 0 for what every service takes."""

    keys: tuple[str, ...]
    load: Callable[[], S]
    body_max_bytes: int = 0


class Waiting(Generic[S]):
    """The services that nobody has asked for yet. Several may have the same key."""

    def __init__(self, services: Iterable[Deferred[S]], use: Callable[[S], None]) -> None:
        """`use` is called on the loop with each service that was loaded."""
        self._use = use
        self._services: dict[str, list[Deferred[S]]] = {}
        for each in services:
            for key in each.keys:
                self._services.setdefault(key, []).append(each)
        self._loading = asyncio.Lock()

    def __contains__(self, key: str) -> bool:
        return key in self._services

    def body_max_bytes(self, key: str) -> int:
        return max((each.body_max_bytes for each in self._services.get(key, ())), default=0)

    async def load(self, key: str) -> None:
        """Returns when the services of that key are in use."""
        async with self._loading:
            for each in self._services.get(key, ()):
                self._use(await asyncio.to_thread(each.load))
                for name in each.keys:
                    left = [other for other in self._services[name] if other is not each]
                    self._services[name] = left
            if not self._services.get(key, True):
                self._services = {name: left for name, left in self._services.items() if left}

    def __repr__(self) -> str:
        return f"<Waiting {sorted(self._services)}>"
