"""When buffered records become a batch, and how many of them.

Rules: AWS developer guide, "batching behaviour": a batch goes out when it holds `batch_size` records, when its payload
reaches 6 MB, or when its window has ended.
"""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

import msgspec

from runtime.model.invocation import MAX_PAYLOAD_BYTES
from runtime.model.mapping import MappingConfig


class Ready(msgspec.Struct, frozen=True):
    """Invoke now with the first `count` records."""

    count: int


class Wait(msgspec.Struct, frozen=True):
    """Gather more; ask again when records arrive, at the latest at `until_ms`."""

    until_ms: int


class WaitForMore(msgspec.Struct, frozen=True):
    """Nothing to send and no window is open; ask again when a record arrives."""


Decision = Ready | Wait | WaitForMore


def opened_ms(previous_end_ms: int, first_buffered_ms: int) -> int:
    """When the present window began: at the end of the previous invoke, or later, with the first record gathered.

    A window in which nothing arrived gathers nothing; counting it from the first record keeps "at most this long"
    true and spares a lone record a batch that ends the moment it begins.
    """
    return max(previous_end_ms, first_buffered_ms)


def fitting(sizes_bytes: Sequence[int], batch_size: int, limit_bytes: int = MAX_PAYLOAD_BYTES) -> int:
    """How many leading records fit one batch; the first always does, else it would block its shard for ever."""
    totals = list(accumulate(sizes_bytes[:batch_size]))
    return max(bisect_right(totals, limit_bytes), min(1, len(totals)))


def decide(
    sizes_bytes: Sequence[int],
    window_opened_ms: int,
    config: MappingConfig,
    now_ms: int,
    *,
    overhead_bytes: int = 0,
    last: bool = False,
) -> Decision:
    """Whether the buffered records go out now.

    `sizes_bytes` is what each record takes in the rendered event, its comma included; `overhead_bytes` is the event
    around the records. `last` says that no more will come (a closed shard, drained): the window is not waited for.
    """
    limit_bytes = MAX_PAYLOAD_BYTES - overhead_bytes
    count = fitting(sizes_bytes, config.batch_size, limit_bytes)
    is_full = count < len(sizes_bytes) or sum(sizes_bytes[:count]) >= limit_bytes
    return _when(count, window_opened_ms, config, now_ms, is_full=is_full, last=last)


def decide_small(
    buffered: int, window_opened_ms: int, config: MappingConfig, now_ms: int, *, last: bool = False
) -> Decision:
    """The same when all that is buffered is known to fit one payload: sizes need not be looked at."""
    count = min(buffered, config.batch_size)
    return _when(count, window_opened_ms, config, now_ms, is_full=count < buffered, last=last)


def _when(
    count: int, window_opened_ms: int, config: MappingConfig, now_ms: int, *, is_full: bool, last: bool
) -> Decision:
    if not count:
        return WaitForMore()
    full = is_full or count == config.batch_size
    ends_ms = window_opened_ms + config.maximum_batching_window_ms
    if full or last or now_ms >= ends_ms:
        return Ready(count)
    return Wait(ends_ms)
