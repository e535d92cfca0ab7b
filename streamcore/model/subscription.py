"""The rules of one SubscribeToShard: when its next event is due, how fast it goes, who may take it over.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SubscribeToShard.html (facts sheet 1.2). `now` is monotonic,
in seconds.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

from streamcore.errors import ResourceInUse
from streamcore.model import limits
from streamcore.model.record import Chunk
from streamcore.model.sequence import SequenceNumber
from streamcore.model.stream import ShardInfo
from streamcore.model.throttle import Bucket

#: "establishes a persistent connection for up to 5 minutes".
LIFE_S: Final = 300.0
#: An idle subscription still tells how far it has come.
IDLE_EVENT_S: Final = 5.0
#: "within 5 seconds of a successful call: ResourceInUseException; 5 seconds or more: the second call takes over".
PROTECTED_S: Final = 5.0
#: "up to 2 MB of data per second per shard", for each consumer.
BYTES_PER_S: Final = 2 * limits.MIB
#: Of the records in one event; a larger record comes alone. As base64 even one of 10 MiB stays under the 16 MiB that
#: the event stream decoders of the SDKs take.
EVENT_MAX_BYTES: Final = limits.MIB
EVENT_MAX_RECORDS: Final = limits.GET_RECORDS_MAX_ENTRIES


class Act(Enum):
    """What a subscription does next."""

    READ = "read"
    TELL = "tell"  # an event without records
    WAIT = "wait"
    END = "end"


class Step(NamedTuple):
    """What to do now; a WAIT is over at `until`, or when there is something new."""

    act: Act
    until: float = 0.0


class Pace:
    """The timing of one subscription."""

    __slots__ = ("_bucket", "_ends_at", "_event_due", "started")

    def __init__(self, now: float) -> None:
        self.started = now
        self._ends_at = now + LIFE_S
        self._event_due = now  # the first event is due at once: it tells where the subscription stands
        self._bucket = Bucket(BYTES_PER_S)

    def step(self, now: float, *, has_more: bool, is_limited: bool) -> Step:
        if now >= self._ends_at:
            return Step(Act.END)
        until = min(self._event_due, self._ends_at)
        if has_more:
            wait_s = self._bucket.wait_s(now) if is_limited else 0.0
            if wait_s <= 0.0:
                return Step(Act.READ)
            until = min(until, now + wait_s)
        if now >= self._event_due:
            return Step(Act.TELL)
        return Step(Act.WAIT, until)

    def sent(self, now: float, size_bytes: int) -> None:
        """An event was made; it may leave a debt, as reads do (model/throttle.py)."""
        self._event_due = now + IDLE_EVENT_S
        self._bucket.tokens -= size_bytes

    def __repr__(self) -> str:
        return f"<Pace since {self.started:.3f}, {self._bucket!r}>"


def check_takeover(held_since: float, now: float, who: str) -> None:
    """Raises ResourceInUse while the present subscription is protected."""
    if now - held_since < PROTECTED_S:
        raise taken(who)


def taken(who: str) -> ResourceInUse:
    """AWS's text; `who` is `account:stream:shard:consumer`."""
    return ResourceInUse(f"Another active subscription exists for this consumer: {who}")


def continuation(shard: ShardInfo, chunks: list[Chunk], next_index: int, now_ms: int) -> str:
    """A number behind which a later subscription goes on.

    After records it is the last one's. Without records it has the index of the last record before `next_index` and the
    present second, which makes it grow while nothing comes (model/sequence.py: seconds stand below the index).
    """
    if chunks:
        return chunks[-1].sequence(shard, len(chunks[-1].datas) - 1)
    return str(SequenceNumber(shard.created_s, shard.number, next_index - 1, now_ms // 1000))
