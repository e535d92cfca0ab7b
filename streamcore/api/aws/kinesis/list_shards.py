"""ListShards: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListShards.html"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from streamcore.api.aws.kinesis.shapes import (
    KINESIS,
    Shard,
    ShardId,
    StreamARN,
    StreamName,
    find_stream,
    number_of,
    shard_shape,
)
from streamcore.api.aws.kinesis.tokens import Page, decode_token, encode_token
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import NextToken, Shape, Timestamp, number
from streamcore.errors import InvalidArgument, ResourceNotFound, StreamNotActive, StreamNotFound
from streamcore.model.stream import SERVING, ShardInfo, StreamInfo

#: Default, and what any larger MaxResults means.
PAGE_SHARDS: Final = 1000


class ShardFilterType(StrEnum):
    AFTER_SHARD_ID = "AFTER_SHARD_ID"
    AT_TRIM_HORIZON = "AT_TRIM_HORIZON"
    FROM_TRIM_HORIZON = "FROM_TRIM_HORIZON"
    AT_LATEST = "AT_LATEST"
    AT_TIMESTAMP = "AT_TIMESTAMP"
    FROM_TIMESTAMP = "FROM_TIMESTAMP"


class ShardFilter(Shape, frozen=True, kw_only=True):
    type: ShardFilterType
    shard_id: ShardId | None = None
    timestamp: Timestamp | None = None


class ListShardsInput(Shape, frozen=True, kw_only=True):
    max_results: Annotated[int, number(1, 10_000)] | None = None
    exclusive_start_shard_id: ShardId | None = None
    next_token: NextToken | None = None
    stream_creation_timestamp: Timestamp | None = None
    shard_filter: ShardFilter | None = None
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


class ListShardsOutput(Shape, frozen=True, kw_only=True):
    shards: list[Shard]
    next_token: str | None = None


class Criteria(Page, frozen=True, tag="shards"):
    """All that a listing of shards depends on: it is the content of its token. `after` is a shard's number."""

    stream_arn: str
    created_ms: int
    after: int
    kind: ShardFilterType
    at_ms: int


@KINESIS.action("ListShards")
async def list_shards(call: Call, input_: ListShardsInput) -> ListShardsOutput:
    """Shards in the order of their ids; closed ones until their last records have expired."""
    now_ms = call.broker.clock.now_ms()
    stream, criteria = _continued(call, input_) if input_.next_token is not None else _begun(call, input_)
    if stream.status not in SERVING:
        raise StreamNotActive(stream=stream.name, account=stream.account, status=stream.status)
    shards = [shard for shard in select(stream, criteria, now_ms) if shard.number > criteria.after]
    page = shards[: min(input_.max_results or PAGE_SHARDS, PAGE_SHARDS)]
    token = None
    if len(page) < len(shards):
        fields = (criteria.stream_arn, criteria.created_ms, page[-1].number, criteria.kind, criteria.at_ms)
        token = encode_token(Criteria(now_ms, *fields))
    return ListShardsOutput(shards=[shard_shape(shard) for shard in page], next_token=token)


def _begun(call: Call, input_: ListShardsInput) -> tuple[StreamInfo, Criteria]:
    """A listing from its beginning."""
    if input_.stream_name is None and input_.stream_arn is None:
        raise InvalidArgument("Either NextToken or StreamName should be provided.")
    stream = find_stream(call, input_)
    created = input_.stream_creation_timestamp
    # botocore sends whole seconds only.
    if created is not None and created.ms // 1000 != stream.created_ms // 1000:
        raise StreamNotFound(stream=stream.name, account=stream.account)
    now_ms = call.broker.clock.now_ms()
    kind, after, at_ms = _filter(input_.shard_filter)
    after = max(after, number_of(input_.exclusive_start_shard_id))
    return stream, Criteria(now_ms, stream.arn, stream.created_ms, after, kind, at_ms)


def _filter(shard_filter: ShardFilter | None) -> tuple[ShardFilterType, int, int]:
    """(type, number of the shard behind which to begin, time). Raises InvalidArgument for a filter that is half set."""
    if shard_filter is None:
        return ShardFilterType.FROM_TRIM_HORIZON, -1, 0
    kind, shard, at = shard_filter.type, shard_filter.shard_id, shard_filter.timestamp
    by_shard = kind is ShardFilterType.AFTER_SHARD_ID
    by_time = kind in (ShardFilterType.AT_TIMESTAMP, ShardFilterType.FROM_TIMESTAMP)
    if by_shard != (shard is not None):
        must = "must" if by_shard else "cannot"
        raise InvalidArgument(f"ShardId {must} be provided in a ShardFilter of type {kind}.")
    if by_time != (at is not None):
        must = "must" if by_time else "cannot"
        raise InvalidArgument(f"Timestamp {must} be provided in a ShardFilter of type {kind}.")
    return kind, number_of(shard), 0 if at is None else at.ms


def _continued(call: Call, input_: ListShardsInput) -> tuple[StreamInfo, Criteria]:
    """A listing from where its token says; the token says all of it, so nothing else may (facts sheet 1.2)."""
    for name, value in (
        ("StreamName", input_.stream_name),
        ("ExclusiveStartShardId", input_.exclusive_start_shard_id),
        ("StreamCreationTimestamp", input_.stream_creation_timestamp),
        ("ShardFilter", input_.shard_filter),
    ):
        if value is not None:
            raise InvalidArgument(f"NextToken and {name} cannot be provided together.")
    criteria = decode_token(input_.next_token or "", Criteria, call.broker.clock.now_ms())
    if input_.stream_arn not in (None, criteria.stream_arn):
        raise InvalidArgument("NextToken was issued for another stream than StreamARN.")
    stream = call.broker.describe_stream(criteria.stream_arn, scope=call.scope)
    if stream.created_ms != criteria.created_ms:
        raise ResourceNotFound("The stream of this NextToken does not exist any more.")
    return stream, criteria


def select(stream: StreamInfo, criteria: Criteria, now_ms: int) -> list[ShardInfo]:
    """The shards that a filter lets through. Shards whose records have all expired are never listed."""
    horizon = max(stream.horizon_ms(now_ms), stream.created_ms)
    alive = list(stream.listed_shards(now_ms))
    at_ms = max(criteria.at_ms, horizon)  # "corrected to TRIM_HORIZON"
    match criteria.kind:
        case ShardFilterType.AT_LATEST:
            return [shard for shard in alive if shard.is_open]
        case ShardFilterType.AT_TRIM_HORIZON:
            return _open_at(alive, horizon)
        case ShardFilterType.AT_TIMESTAMP:
            return _open_at(alive, at_ms)
        case ShardFilterType.FROM_TIMESTAMP:
            return [shard for shard in alive if shard.closed_ms is None or shard.closed_ms >= at_ms]
        case _:
            return alive


def _open_at(shards: list[ShardInfo], at_ms: int) -> list[ShardInfo]:
    """Shards that had begun by then and had not ended before."""
    ended = {shard.number: shard.closed_ms for shard in shards}

    def begun_ms(shard: ShardInfo) -> int:
        # A child carries its parents' end plus one second in its name; it takes records from their end on. Parents
        # that are not listed any more ended before the horizon.
        return shard.created_s * 1000 if shard.parent is None else ended.get(shard.parent) or 0

    return [s for s in shards if begun_ms(s) <= at_ms and (s.closed_ms is None or s.closed_ms >= at_ms)]
