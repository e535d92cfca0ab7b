"""SplitShard: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_SplitShard.html"""

from __future__ import annotations

from functools import partial

from streamcore.api.aws.kinesis.changes import change, shard_number
from streamcore.api.aws.kinesis.shapes import KINESIS, HashKey, ShardId, StreamARN, StreamName
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.model.reshard import split_shard as rule


class SplitShardInput(Shape, frozen=True, kw_only=True):
    new_starting_hash_key: HashKey
    shard_to_split: ShardId
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


@KINESIS.action("SplitShard")
async def split_shard(call: Call, input_: SplitShardInput) -> None:
    """Closes a shard and opens two in its place. The stream is UPDATING on return; records go to the children."""
    number = shard_number(call, input_, input_.shard_to_split)
    key = int(input_.new_starting_hash_key)  # beyond 2^128 it is beyond the shard as well
    await change(call, input_, partial(rule, shard=number, new_starting_hash_key=key))
