"""Watches the traffic of on-demand streams and has them resharded by the rules of model/ondemand.py.

Splitting is driven by the puts themselves. Merging has one timer, armed only while some stream has shards to spare.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from streamcore.clock import Clock, Timer
from streamcore.engine.catalog import Catalog
from streamcore.engine.reshard import Rule
from streamcore.engine.shard import Shard
from streamcore.engine.stream import Stream
from streamcore.model.ondemand import COOL_DOWN_S, Load, can_shrink, merge_cold, split_hot


class OnDemand:
    """`change` starts a change in the background."""

    def __init__(self, catalog: Catalog, clock: Clock, change: Callable[[Stream, Rule], object]) -> None:
        self._catalog = catalog
        self._clock = clock
        self._change = change
        self._timer: Timer | None = None

    def offered(self, stream: Stream, shard: Shard, records: int, size_bytes: int, now: float) -> None:
        """A put wants these into a shard, whether the limits let them or not."""
        load = shard.load
        if load is None:
            load = shard.load = Load()
        if load.add(records, size_bytes, now):
            self._change(stream, partial(split_hot, shard=shard.info.number))

    def arm(self) -> None:
        """Sets the timer if there is something to merge; called when a stream has changed."""
        if self._timer is None and any(can_shrink(stream.info) for stream in self._catalog):
            self._timer = self._clock.call_later(COOL_DOWN_S, self._cool_down)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _cool_down(self) -> None:
        self._timer = None
        for stream in self._catalog:
            if can_shrink(stream.info):
                self._change(stream, partial(merge_cold, peaks=_take_peaks(stream)))
        self.arm()

    def __repr__(self) -> str:
        return f"<OnDemand, {'something' if self._timer else 'nothing'} to merge>"


def _take_peaks(stream: Stream) -> dict[int, float]:
    """The fullest second of each shard since the last time."""
    peaks: dict[int, float] = {}
    for number, shard in stream.shards.items():
        if shard.load is not None:
            peaks[number], shard.load.peak = shard.load.peak, 0.0
    return peaks
