"""UpdateStreamWarmThroughput: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamWarmThroughput.html"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from streamcore.api.aws.kinesis.changes import change, check_commitment
from streamcore.api.aws.kinesis.describe_stream_summary import WarmThroughput
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamName, find_stream
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, number
from streamcore.model.control import check_on_demand
from streamcore.model.ondemand import warm_up


class UpdateStreamWarmThroughputInput(Shape, frozen=True, kw_only=True):
    warm_throughput_mibps: Annotated[int, number(0)]
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


class UpdateStreamWarmThroughputOutput(Shape, frozen=True, kw_only=True):
    stream_name: str
    stream_arn: str
    warm_throughput: WarmThroughput


@KINESIS.action("UpdateStreamWarmThroughput")
async def update_stream_warm_throughput(
    call: Call, input_: UpdateStreamWarmThroughputInput
) -> UpdateStreamWarmThroughputOutput:
    """Gives an on-demand stream a shard per MiB/s before the traffic comes, and keeps them."""
    mibps = input_.warm_throughput_mibps
    stream = find_stream(call, input_)
    check_on_demand(stream)
    if mibps:
        check_commitment(call, stream.scope)
    before, after = await change(call, input_, partial(warm_up, mibps=mibps))
    return UpdateStreamWarmThroughputOutput(
        stream_name=after.name,
        stream_arn=after.arn,
        warm_throughput=WarmThroughput(target_mibps=mibps, current_mibps=before.warm_throughput_mibps or 0),
    )
