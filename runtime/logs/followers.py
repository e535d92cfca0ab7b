"""Whoever looks at logs as they are written: woken by the append, in the same process; nobody polls."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from runtime.logs.values import GroupKey, LogEvent

#: AWS: events in one update of a live tail; what is more is left out, and the update says so.
UPDATE_MAX_EVENTS: Final = 500
#: Bytes that wait for one follower.
UPDATE_MAX_BYTES: Final = 1_048_576

Follows = Callable[[GroupKey, LogEvent], bool]


class Follower:
    """Gathers the events it is about until somebody takes them; a slow taker misses some and is told."""

    def __init__(self, follows: Follows) -> None:
        self._follows = follows
        self._events: deque[tuple[GroupKey, LogEvent]] = deque()
        self._size_bytes = 0
        self._sampled = False
        self._woken = asyncio.Event()
        self.is_over = False

    def offer(self, key: GroupKey, events: Sequence[LogEvent]) -> None:
        for event in events:
            if not self._follows(key, event):
                continue
            if len(self._events) >= UPDATE_MAX_EVENTS or self._size_bytes >= UPDATE_MAX_BYTES:
                self._sampled = True
                return
            self._events.append((key, event))
            self._size_bytes += len(event.message)
        if self._events:
            self._woken.set()

    def end(self) -> None:
        """Nothing more will come."""
        self.is_over = True
        self._woken.set()

    async def wait(self, timeout_s: float) -> None:
        """Returns when there is something, it is over, or the time has passed."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._woken.wait()
        except TimeoutError:
            return

    def take(self) -> tuple[list[tuple[GroupKey, LogEvent]], bool]:
        """What was gathered since the last call, and whether something was left out."""
        events, sampled = list(self._events), self._sampled
        self._events.clear()
        self._size_bytes, self._sampled = 0, False
        if not self.is_over:
            self._woken.clear()
        return events, sampled


class Followers:
    """All followers of a store."""

    def __init__(self) -> None:
        self._followers: set[Follower] = set()

    def __bool__(self) -> bool:
        return bool(self._followers)

    def __len__(self) -> int:
        return len(self._followers)

    def add(self, follows: Follows) -> Follower:
        follower = Follower(follows)
        self._followers.add(follower)
        return follower

    def remove(self, follower: Follower) -> None:
        self._followers.discard(follower)

    def offer(self, key: GroupKey, stream: str, events: Sequence[tuple[int, str]], now_ms: int) -> None:
        """To be called with what is appended."""
        if not self._followers:
            return
        shown = [LogEvent(0, timestamp_ms, now_ms, message, stream) for timestamp_ms, message in events]
        for follower in self._followers:
            follower.offer(key, shown)

    def end(self) -> None:
        """The broker is about to stop."""
        for follower in self._followers:
            follower.end()
