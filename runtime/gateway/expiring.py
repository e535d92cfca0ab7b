"""A bounded cache of what is good for some seconds: what authorizers said. For REST and HTTP APIs alike."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final, Generic, TypeVar

V = TypeVar("V")
ENTRIES_MAX: Final = 10_000


class Expiring(Generic[V]):
    """`now` is monotonic, in seconds. The oldest goes when there is no more room."""

    def __init__(self, most: int = ENTRIES_MAX) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, tuple[float, V]] = OrderedDict()

    def get(self, key: Hashable, now: float) -> V | None:
        found = self._held.get(key)
        if found is None:
            return None
        if found[0] <= now:
            del self._held[key]
            return None
        return found[1]

    def put(self, key: Hashable, value: V, *, until: float) -> None:
        self._held[key] = until, value
        self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)

    def drop(self, *first: Hashable) -> None:
        """All whose key begins with these parts."""
        for key in [each for each in self._held if isinstance(each, tuple) and each[: len(first)] == first]:
            del self._held[key]

    def __len__(self) -> int:
        return len(self._held)
