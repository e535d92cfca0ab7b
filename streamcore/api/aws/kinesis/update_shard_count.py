"""UpdateShardCount: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateShardCount.html"""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from typing import Annotated

from streamcore.api.aws.kinesis.changes import change
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamName
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, number
from streamcore.model.reshard import update_shard_count as rule


class ScalingType(StrEnum):
    UNIFORM_SCALING = "UNIFORM_SCALING"


class UpdateShardCountInput(Shape, frozen=True, kw_only=True):
    scaling_type: ScalingType
    target_shard_count: Annotated[int, number(1)]
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


class UpdateShardCountOutput(Shape, frozen=True, kw_only=True):
    stream_name: str
    stream_arn: str
    current_shard_count: int
    target_shard_count: int


@KINESIS.action("UpdateShardCount")
async def update_shard_count(call: Call, input_: UpdateShardCountInput) -> UpdateShardCountOutput:
    """Brings a stream to a number of equally wide shards, by splits and merges that all happen at once."""
    before, after = await change(call, input_, partial(rule, target=input_.target_shard_count))
    return UpdateShardCountOutput(
        stream_name=after.name,
        stream_arn=after.arn,
        current_shard_count=len(before.open_shards),
        target_shard_count=input_.target_shard_count,
    )
