"""MergeShards: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_MergeShards.html"""

from __future__ import annotations

from functools import partial

from streamcore.api.aws.kinesis.changes import change, shard_number
from streamcore.api.aws.kinesis.shapes import KINESIS, ShardId, StreamARN, StreamName
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.model.reshard import merge_shards as rule


class MergeShardsInput(Shape, frozen=True, kw_only=True):
    adjacent_shard_to_merge: ShardId
    shard_to_merge: ShardId
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


@KINESIS.action("MergeShards")
async def merge_shards(call: Call, input_: MergeShardsInput) -> None:
    """Closes two neighbours and opens one in their place. The stream is UPDATING on return."""
    first = shard_number(call, input_, input_.shard_to_merge)
    second = shard_number(call, input_, input_.adjacent_shard_to_merge)
    await change(call, input_, partial(rule, shard=first, adjacent=second))
