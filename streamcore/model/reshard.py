"""Splitting and merging shards: exact integers, no clock. Closed parents keep their range, children have new numbers.

A child is created one second after its parents end (facts sheet 1.3), and always later than they were created: the
creation time leads a sequence number, so every number of a child exceeds every number of its parents.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

import msgspec

from streamcore.errors import InvalidArgument, LimitExceeded, ResourceNotFound, StreamNotActive, ValidationFailed
from streamcore.model import limits
from streamcore.model.hashing import HASH_KEY_MAX
from streamcore.model.quota import UPDATE_SHARD_COUNT, spend
from streamcore.model.stream import Scope, ShardInfo, StreamInfo, StreamMode, StreamStatus, shard_id

#: A border this near to where it should be stays: equal slices of 2^128 differ by their rounding, and moving a border
#: by that would cost a split and a merge. The narrowest uniform shard is 2^50 times as wide.
DUST: Final = 2**64


class Lineage:
    """The shards of a stream while a series of splits and merges is applied to them, all at one time."""

    def __init__(self, shards: Iterable[ShardInfo], at_ms: int) -> None:
        self._shards = {shard.number: shard for shard in shards}
        self._next = max(self._shards, default=-1) + 1  # the youngest shard is open, so no number comes twice
        self._at_ms = at_ms

    def split(self, parent: ShardInfo, new_first: int) -> tuple[ShardInfo, ShardInfo]:
        """Closes the parent; its keys from `new_first` on go to the second child."""
        left = self._child(parent.first_hash_key, str(new_first - 1), parent)
        right = self._child(str(new_first), parent.last_hash_key, parent)
        return left, right

    def merge(self, parent: ShardInfo, adjacent: ShardInfo) -> ShardInfo:
        """Closes both. They are neighbours, in either order."""
        low, high = sorted((parent, adjacent), key=first_key)
        return self._child(low.first_hash_key, high.last_hash_key, parent, adjacent)

    def _child(self, first: str, last: str, parent: ShardInfo, adjacent: ShardInfo | None = None) -> ShardInfo:
        parents = [parent] if adjacent is None else [parent, adjacent]
        for each in parents:
            self._shards[each.number] = msgspec.structs.replace(each, closed_ms=self._at_ms)
        child = ShardInfo(
            number=self._next,
            created_s=max(self._at_ms // 1000, *(each.created_s for each in parents)) + 1,
            first_hash_key=first,
            last_hash_key=last,
            parent=parent.number,
            adjacent_parent=None if adjacent is None else adjacent.number,
        )
        self._shards[child.number] = child
        self._next += 1
        return child

    @property
    def shards(self) -> tuple[ShardInfo, ...]:
        """All of them, closed ones too, by number."""
        return tuple(self._shards.values())


def first_key(shard: ShardInfo) -> int:
    return int(shard.first_hash_key)


def width(shard: ShardInfo) -> int:
    """How many hash keys it holds."""
    return int(shard.last_hash_key) - int(shard.first_hash_key) + 1


def middle(shard: ShardInfo) -> int:
    """Where to split it in halves."""
    return int(shard.first_hash_key) + width(shard) // 2


# ---------------------------------------------------------------- the actions, as rules: stream and time → stream


def split_shard(stream: StreamInfo, at_ms: int, *, shard: int, new_starting_hash_key: int) -> StreamInfo:
    """SplitShard. Raises ValidationFailed, ResourceNotFound, InvalidArgument, StreamNotActive.

    The new key is "greater than one plus" the shard's first and less than its last, so both children are wider than
    one key (facts sheet 1.3).
    """
    check_provisioned(stream)
    parent = _open_shard(stream, shard)
    if not int(parent.first_hash_key) + 1 < new_starting_hash_key < int(parent.last_hash_key):
        raise InvalidArgument(
            f"NewStartingHashKey {new_starting_hash_key} used in SplitShard() on shard {parent.shard_id} in stream "
            f"{stream.name} under account {stream.account} is not both greater than one plus the shard's "
            f"StartingHashKey {parent.first_hash_key} and less than the shard's EndingHashKey {parent.last_hash_key}."
        )
    check_active(stream)
    check_shard_count(stream, len(stream.open_shards) + 1)
    lineage = Lineage(stream.shards, at_ms)
    lineage.split(parent, new_starting_hash_key)
    return resharded(stream, lineage)


def merge_shards(stream: StreamInfo, at_ms: int, *, shard: int, adjacent: int) -> StreamInfo:
    """MergeShards: the adjacent shard is the one whose keys follow. Raises as `split_shard`."""
    check_provisioned(stream)
    parent, other = _open_shard(stream, shard), _open_shard(stream, adjacent)
    if int(parent.last_hash_key) + 1 != int(other.first_hash_key):
        raise InvalidArgument(
            f"Shards {parent.shard_id} and {other.shard_id} in stream {stream.name} under account {stream.account} "
            "are not an adjacent pair of shards eligible for merging"
        )
    check_active(stream)
    lineage = Lineage(stream.shards, at_ms)
    lineage.merge(parent, other)
    return resharded(stream, lineage)


def update_shard_count(stream: StreamInfo, at_ms: int, *, target: int) -> StreamInfo:
    """UpdateShardCount, UNIFORM_SCALING. Raises ValidationFailed, InvalidArgument, LimitExceeded, StreamNotActive."""
    check_provisioned(stream)
    current = len(stream.open_shards)
    counts = f"Current open shard count: {current} Target shard count: {target}"
    if target > 2 * current:
        raise InvalidArgument(f"UpdateShardCount cannot scale up over double your current open shard count. {counts}")
    if 2 * target < current:
        raise InvalidArgument(f"UpdateShardCount cannot scale down below half your current open shard count. {counts}")
    check_active(stream)
    check_shard_count(stream, target)
    lineage = Lineage(stream.shards, at_ms)
    scale_uniformly(lineage, stream.open_shards, target)
    return resharded(spend(stream, UPDATE_SHARD_COUNT, at_ms), lineage)


def resharded(stream: StreamInfo, lineage: Lineage) -> StreamInfo:
    """The stream with its new shards, UPDATING until they are announced as ready."""
    return msgspec.structs.replace(stream.moved_to(StreamStatus.UPDATING), shards=lineage.shards)


# ---------------------------------------------------------------- UNIFORM_SCALING


def scale_uniformly(lineage: Lineage, open_shards: Iterable[ShardInfo], target: int) -> list[ShardInfo]:
    """Splits at every border of `target` equal slices that is not there yet, then merges what lies between two.

    The pieces in between live for no time at all, but they are in the lineage, as they are on AWS ("this operation
    may take some time … it could cause short-lived shards to be created"). Each shard is halved and each slice is
    joined pairwise, so a lineage gets only logarithmically deeper.
    """
    ordered = sorted(open_shards, key=first_key)
    borders = uniform_borders([first_key(shard) for shard in ordered], target)
    pieces: list[ShardInfo] = []
    for shard in ordered:
        low = bisect_left(borders, first_key(shard) + 1)
        high = bisect_left(borders, int(shard.last_hash_key) + 1)
        pieces += _split_at(lineage, shard, borders[low:high])
    starts = [0, *borders]
    slices: list[list[ShardInfo]] = [[] for _ in starts]
    position = 0
    for piece in pieces:
        while position + 1 < len(starts) and first_key(piece) >= starts[position + 1]:
            position += 1
        slices[position].append(piece)
    return [_merge_all(lineage, each) for each in slices]


def uniform_borders(present: list[int], target: int) -> list[int]:
    """The first hash keys of `target` equal slices but the first one; where a present one is near, that one."""
    step = (HASH_KEY_MAX + 1) // target
    return [_snapped(step * i, present) for i in range(1, target)]


def _snapped(border: int, present: list[int]) -> int:
    at = bisect_left(present, border)
    near = [key for key in present[max(at - 1, 0) : at + 1] if key > 0 and abs(key - border) <= DUST]
    return min(near, key=lambda key: abs(key - border), default=border)


def _split_at(lineage: Lineage, shard: ShardInfo, borders: list[int]) -> list[ShardInfo]:
    if not borders:
        return [shard]
    at = len(borders) // 2
    left, right = lineage.split(shard, borders[at])
    return _split_at(lineage, left, borders[:at]) + _split_at(lineage, right, borders[at + 1 :])


def _merge_all(lineage: Lineage, pieces: list[ShardInfo]) -> ShardInfo:
    while len(pieces) > 1:
        joined = [lineage.merge(pieces[i], pieces[i + 1]) for i in range(0, len(pieces) - 1, 2)]
        pieces = joined + (pieces[-1:] if len(pieces) % 2 else [])
    return pieces[0]


# ---------------------------------------------------------------- what the actions check


def check_provisioned(stream: StreamInfo) -> None:
    """Raises ValidationFailed for a stream that reshards itself."""
    if stream.mode is not StreamMode.PROVISIONED:
        raise ValidationFailed(
            f"Request is invalid. Stream {stream.name} under account {stream.account} is in On-Demand mode."
        )


def check_active(stream: StreamInfo) -> None:
    """Raises StreamNotActive."""
    if stream.status is not StreamStatus.ACTIVE:
        raise StreamNotActive(stream=stream.name, account=stream.account, status=stream.status)


def check_shard_count(stream: StreamInfo, count: int) -> None:
    """Raises LimitExceeded beyond 10,000 open shards, the bound of one stream (API reference of UpdateShardCount)."""
    if count > limits.SHARDS_MAX_PER_STREAM:
        raise too_many_shards(stream.name, stream.scope, count)


def too_many_shards(name: str, scope: Scope, count: int) -> LimitExceeded:
    return LimitExceeded(
        f"Stream {name} under account {scope.account} cannot have more than {limits.SHARDS_MAX_PER_STREAM} shards, "
        f"{count} were asked for."
    )


def check_account_shards(scope: Scope, present: int, growth: int, quota: int) -> None:
    """Raises LimitExceeded when the account would have more open shards than its quota."""
    if growth > 0 and present + growth > quota:
        raise LimitExceeded(
            f"This request would exceed the shard limit for the account {scope.account} in {scope.region}. "
            f"Current shard count for the account: {present}. Limit: {quota}. Number of additional shards that would "
            f"have resulted from this request: {growth}. Refer to the AWS Service Limits page "
            "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to "
            "request higher limits."
        )


def _open_shard(stream: StreamInfo, number: int) -> ShardInfo:
    found = next((shard for shard in stream.shards if shard.number == number), None)
    if found is None:
        raise ResourceNotFound(
            f"Could not find shard {shard_id(number)} in stream {stream.name} under account {stream.account}."
        )
    if not found.is_open:
        raise InvalidArgument(
            f"Shard {found.shard_id} in stream {stream.name} under account {stream.account} has already been merged "
            "or split, and thus is not eligible for merging or splitting."
        )
    return found
