"""Streams and their shards: what is kept in the catalogue, and which shard a key belongs to."""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import StrEnum
from functools import lru_cache
from typing import Final

import msgspec

from streamcore.errors import InvalidArgument, ValidationFailed
from streamcore.model import limits
from streamcore.model.hashing import HASH_KEY_MAX, hash_key, md5
from streamcore.model.retention import horizon_ms
from streamcore.model.sequence import INDEX_MAX, SequenceNumber, sequence_base


class StreamStatus(StrEnum):
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    UPDATING = "UPDATING"
    DELETING = "DELETING"


#: Which state may follow which; docs/kinesis.md shows this table.
TRANSITIONS: Final[dict[StreamStatus, frozenset[StreamStatus]]] = {
    StreamStatus.CREATING: frozenset({StreamStatus.ACTIVE, StreamStatus.DELETING}),
    StreamStatus.ACTIVE: frozenset({StreamStatus.UPDATING, StreamStatus.DELETING}),
    StreamStatus.UPDATING: frozenset({StreamStatus.ACTIVE, StreamStatus.DELETING}),
    StreamStatus.DELETING: frozenset(),
}

#: States in which records go in and out (Kinesis: reads and writes go on while a stream is resharded).
SERVING: Final = frozenset({StreamStatus.ACTIVE, StreamStatus.UPDATING})


class StreamMode(StrEnum):
    PROVISIONED = "PROVISIONED"
    ON_DEMAND = "ON_DEMAND"


class LimitMode(StrEnum):
    """What a shard's limits do: refuse, only count what would have been refused, or nothing."""

    ENFORCE = "enforce"
    OBSERVE = "observe"
    OFF = "off"


class Scope(msgspec.Struct, frozen=True):
    """The account (12 digits) and region in which a name is looked up."""

    account: str
    region: str


class ShardInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A shard as the catalogue keeps it. Hash keys are the decimal strings of the inclusive range."""

    number: int
    created_s: int
    first_hash_key: str
    last_hash_key: str
    parent: int | None = None
    adjacent_parent: int | None = None
    closed_ms: int | None = None

    @property
    def shard_id(self) -> str:
        return shard_id(self.number)

    @property
    def is_open(self) -> bool:
        return self.closed_ms is None

    @property
    def starting_sequence(self) -> str:
        return str(SequenceNumber(self.created_s, self.number, 0, self.created_s))

    @property
    def ending_sequence(self) -> str | None:
        if self.closed_ms is None:
            return None
        return str(SequenceNumber(self.created_s, self.number, INDEX_MAX, self.closed_ms // 1000))

    def sequence_base(self, arrival_ms: int) -> int:
        """The number of index 0 for records that arrive at `arrival_ms`; see model/sequence.py."""
        return sequence_base(self.created_s, self.number, arrival_ms // 1000)


class StreamInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A stream as the catalogue keeps it; every change makes a new value."""

    stream_id: int
    name: str
    account: str
    region: str
    created_ms: int
    status: StreamStatus
    shards: tuple[ShardInfo, ...]
    mode: StreamMode = StreamMode.PROVISIONED
    retention_hours: int = limits.RETENTION_DEFAULT_HOURS
    max_record_bytes: int = limits.RECORD_MAX_BYTES_DEFAULT
    limit_mode: LimitMode | None = None
    tags: dict[str, str] = {}
    encryption_key: str | None = None
    shard_metrics: tuple[str, ...] = ()
    warm_throughput_mibps: int | None = None
    policy: str | None = None
    #: What arrived up to then stays gone, however long the retention becomes later.
    expired_ms: int = 0
    #: Kind of change → when, for the quotas of model/quota.py.
    history: dict[str, tuple[int, ...]] = {}

    @property
    def arn(self) -> str:
        return f"arn:aws:kinesis:{self.region}:{self.account}:stream/{self.name}"

    @property
    def scope(self) -> Scope:
        return Scope(self.account, self.region)

    @property
    def open_shards(self) -> tuple[ShardInfo, ...]:
        return tuple(shard for shard in self.shards if shard.is_open)

    @property
    def retention_ms(self) -> int:
        return self.retention_hours * 3_600_000

    def horizon_ms(self, now_ms: int) -> int:
        """Records that arrived at or before this time are gone."""
        return max(horizon_ms(now_ms, self.retention_ms), self.expired_ms)

    def listed_shards(self, now_ms: int) -> tuple[ShardInfo, ...]:
        """All but the closed ones whose last record has expired."""
        horizon = self.horizon_ms(now_ms)
        return tuple(shard for shard in self.shards if shard.closed_ms is None or shard.closed_ms > horizon)

    def moved_to(self, status: StreamStatus) -> StreamInfo:
        """The stream in its next state. Raises ValueError for a move the table does not have."""
        if status not in TRANSITIONS[self.status]:
            raise ValueError(f"{self.status} cannot become {status}")
        return msgspec.structs.replace(self, status=status)

    def __repr__(self) -> str:
        shards = f"{len(self.open_shards)}/{len(self.shards)} shards open"
        return f"<Stream {self.name} {self.status} {shards}, {self.account} {self.region}>"


def shard_id(number: int) -> str:
    return f"shardId-{number:012d}"


_SHARD_ID = re.compile(r"(?a)\A(?:shardId-)?(\d{1,12})\Z")


def parse_shard_id(text: str) -> int | None:
    """The number in `shardId-000000000003`, or None when it is no shard id."""
    match = _SHARD_ID.match(text)
    return int(match[1]) if match else None


_STREAM_ARN = re.compile(r"(?a)\Aarn:aws[a-z-]*:kinesis:([a-z0-9-]+):(\d{12}):stream/([a-zA-Z0-9_.-]{1,128})\Z")
_STREAM_NAME = re.compile(rf"(?a)\A{limits.STREAM_NAME_PATTERN}\Z")


@lru_cache(maxsize=4096)
def parse_stream_arn(arn: str) -> tuple[Scope, str]:
    """(scope, name) of a stream's ARN. Raises ValidationFailed."""
    match = _STREAM_ARN.match(arn)
    if match is None:
        raise ValidationFailed(f"{arn[:200]} is not the ARN of a stream")
    return Scope(account=match[2], region=match[1]), match[3]


def check_stream_name(name: str) -> str:
    """Raises ValidationFailed for a name that is not 1-128 of `a-z A-Z 0-9 _ . -`."""
    if _STREAM_NAME.match(name) is None:
        raise ValidationFailed(
            f"a stream's name has 1 to 128 characters of a-z, A-Z, 0-9, '_', '.', '-': {name[:140]!r}"
        )
    return name


def uniform_shards(count: int, created_s: int, first_number: int = 0) -> tuple[ShardInfo, ...]:
    """`count` shards with equal slices of 2^128; the last one takes the remainder (facts sheet 1.3)."""
    if not 1 <= count <= limits.SHARDS_MAX_PER_STREAM:
        raise InvalidArgument(f"a stream has 1 to {limits.SHARDS_MAX_PER_STREAM} shards, not {count}")
    width = (HASH_KEY_MAX + 1) // count
    return tuple(
        ShardInfo(
            number=first_number + i,
            created_s=created_s,
            first_hash_key=str(width * i),
            last_hash_key=str(HASH_KEY_MAX if i == count - 1 else width * (i + 1) - 1),
        )
        for i in range(count)
    )


class ShardMap:
    """Routes keys to the open shards of one stream. Immutable; made anew when shards change."""

    __slots__ = ("_starts", "numbers")

    def __init__(self, shards: tuple[ShardInfo, ...]) -> None:
        ordered = sorted((s for s in shards if s.is_open), key=lambda s: int(s.first_hash_key))
        #: The first hash keys of all shards but the first, as bytes: those compare as the integers do.
        self._starts = [int(s.first_hash_key).to_bytes(16, "big") for s in ordered[1:]]
        self.numbers: tuple[int, ...] = tuple(s.number for s in ordered)

    def route(self, partition_key: bytes) -> int:
        """The number of the open shard whose range holds the key (UTF-8)."""
        starts = self._starts
        return self.numbers[bisect_right(starts, hash_key(partition_key)) if starts else 0]

    def route_hash(self, value: int) -> int:
        """The same for an explicit hash key, 0 … 2^128-1."""
        return self.numbers[bisect_right(self._starts, value.to_bytes(16, "big"))]

    def route_all(
        self, partition_keys: list[bytes], hash_keys: list[int | None] | None = None
    ) -> list[tuple[int, list[int]]]:
        """(shard number, positions of its keys in order) for each shard that gets any; an explicit hash key goes
        before its partition key."""
        starts = self._starts
        if not starts:
            return [(self.numbers[0], list(range(len(partition_keys))))]
        if hash_keys is None:
            slots = [bisect_right(starts, md5(key).digest()) for key in partition_keys]
        else:
            slots = [
                bisect_right(starts, md5(key).digest() if value is None else value.to_bytes(16, "big"))
                for key, value in zip(partition_keys, hash_keys, strict=True)
            ]
        places: list[list[int]] = [[] for _ in self.numbers]
        for position, slot in enumerate(slots):
            places[slot].append(position)
        return [(number, positions) for number, positions in zip(self.numbers, places, strict=True) if positions]
