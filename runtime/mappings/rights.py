"""Whether a mapping's function may still read its source, where authentication is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from streamcore.clock import Clock, sleep_until_ms

#: How long an answer is good for.
ASK_EVERY_MS: Final = 60_000


class Right:
    """`ask` is called when something is to be read, and at most once in a minute; while the right is gone, a waiting
    reader asks again each minute. All shards of a mapping share one."""

    def __init__(self, clock: Clock, ask: Callable[[], bool], lost: Callable[[], None]) -> None:
        """`lost` is called each time that the answer is no."""
        self._clock = clock
        self._ask = ask
        self._lost = lost
        self._asked_ms = -ASK_EVERY_MS
        self._is_held = False

    def holds(self) -> bool:
        now_ms = self._clock.now_ms()
        if not 0 <= now_ms - self._asked_ms < ASK_EVERY_MS:
            self._asked_ms = now_ms
            self._is_held = self._ask()
            if not self._is_held:
                self._lost()
        return self._is_held

    async def granted(self) -> None:
        """Returns when there is the right."""
        while not self.holds():
            await sleep_until_ms(self._clock, self._asked_ms + ASK_EVERY_MS)

    def __repr__(self) -> str:
        return f"<Right {'held' if self._is_held else 'not held'}>"
