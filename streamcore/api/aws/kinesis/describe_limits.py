"""DescribeLimits: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeLimits.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.changes import on_demand_count
from streamcore.api.aws.kinesis.shapes import KINESIS
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.model.account import ON_DEMAND_STREAMS_MAX


class DescribeLimitsInput(Shape, frozen=True, kw_only=True):
    pass


class DescribeLimitsOutput(Shape, frozen=True, kw_only=True):
    shard_limit: int
    open_shard_count: int
    on_demand_stream_count: int
    on_demand_stream_count_limit: int


@KINESIS.action("DescribeLimits")
async def describe_limits(call: Call, input_: DescribeLimitsInput) -> DescribeLimitsOutput:
    """The account's quotas and how much of them is used. Shards of on-demand streams do not count."""
    return DescribeLimitsOutput(
        shard_limit=call.broker.settings.shard_quota,
        open_shard_count=call.broker.open_shards(call.scope),
        on_demand_stream_count=on_demand_count(call, call.scope),
        on_demand_stream_count_limit=ON_DEMAND_STREAMS_MAX,
    )
