"""What a task of a mapping must remember besides its position: a batch in the middle of its retries, an open window.

Written when a batch fails or a window moves, removed when that is over: a batch that is handled at once costs nothing
here.
"""

from __future__ import annotations

from typing import Final

import msgspec

from runtime.model.window import Window
from streamcore.broker import Broker

_KIND: Final = "mapping-progress"
_ENCODER: Final = msgspec.json.Encoder()


class Pending(msgspec.Struct, frozen=True):
    """Records from index `first` up to `end` that are still to be handled, and how often they were tried.

    `attempt` counts the invokes that use up retries, `invokes` all of them.
    """

    first: int
    end: int
    attempt: int
    invokes: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """`due_ms` is when the first of `pending` is tried again."""

    pending: tuple[Pending, ...] = ()
    due_ms: int = 0
    window: Window | None = None

    @property
    def is_empty(self) -> bool:
        return not self.pending and self.window is None

    @property
    def from_index(self) -> int:
        """Everything before it is handled."""
        if self.pending:
            return self.pending[0].first
        return 0 if self.window is None else self.window.up_to


_DECODER: Final = msgspec.json.Decoder(Progress)


class ProgressKeeper:
    """The documents of one mapping."""

    def __init__(self, broker: Broker, uuid: str) -> None:
        self._broker = broker
        self._uuid = uuid

    async def load(self) -> dict[tuple[str, int], Progress]:
        """By shard id and lane."""
        start = f"{self._uuid}:"
        found = {}
        for key, text in (await self._broker.documents(_KIND)).items():
            if key.startswith(start):
                shard, _, lane = key.removeprefix(start).rpartition(":")
                found[shard, int(lane)] = _DECODER.decode(text)
        return found

    async def save(self, shard: str, lane: int, progress: Progress) -> None:
        """Durable on return; nothing is kept of an empty one."""
        value = None if progress.is_empty else _ENCODER.encode(progress)
        await self._broker.save_document(_KIND, f"{self._uuid}:{shard}:{lane}", value)

    async def forget(self) -> None:
        """Removes all of the mapping."""
        keys = [(_KIND, f"{self._uuid}:{shard}:{lane}", None) for shard, lane in await self.load()]
        await self._broker.save_documents(keys)
