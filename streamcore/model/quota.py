"""How often a stream may be changed in 24 hours. The times are kept with the stream, so that a restart does not
reset them."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from streamcore.errors import LimitExceeded
from streamcore.model.stream import StreamInfo

DAY_MS: Final = 24 * 3_600_000


class Quota(NamedTuple):
    """At most `times` changes of a kind in any 24 hours."""

    kind: str
    times: int


# API reference and developer guide (facts sheet 1.2).
UPDATE_SHARD_COUNT: Final = Quota("UpdateShardCount", 10)
UPDATE_STREAM_MODE: Final = Quota("UpdateStreamMode", 2)
START_STREAM_ENCRYPTION: Final = Quota("StartStreamEncryption", 25)
STOP_STREAM_ENCRYPTION: Final = Quota("StopStreamEncryption", 25)


def spend(stream: StreamInfo, quota: Quota, at_ms: int) -> StreamInfo:
    """The stream with one more change of that kind. Raises LimitExceeded when there were enough in 24 hours."""
    recent = tuple(each for each in stream.history.get(quota.kind, ()) if each > at_ms - DAY_MS)
    if len(recent) >= quota.times:
        raise LimitExceeded(
            f"{quota.kind} can be called {quota.times} times in 24 hours for stream {stream.name} under account "
            f"{stream.account}."
        )
    return msgspec.structs.replace(stream, history={**stream.history, quota.kind: (*recent, at_ms)})
