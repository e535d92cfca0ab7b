"""UpdateStreamMode: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateStreamMode.html"""

from __future__ import annotations

from functools import partial
from typing import Annotated

from streamcore.api.aws.kinesis.changes import change, check_commitment, check_on_demand_count
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamModeDetails, find_stream
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, number
from streamcore.errors import InvalidArgument
from streamcore.model.control import switch_mode
from streamcore.model.ondemand import switch_on
from streamcore.model.stream import StreamMode


class UpdateStreamModeInput(Shape, frozen=True, kw_only=True):
    stream_mode_details: StreamModeDetails
    warm_throughput_mibps: Annotated[int, number(0)] | None = None
    stream_arn: StreamARN

    @property
    def stream_name(self) -> str | None:
        """Only an ARN names the stream here."""
        return None


@KINESIS.action("UpdateStreamMode")
async def update_stream_mode(call: Call, input_: UpdateStreamModeInput) -> None:
    """Switches between PROVISIONED and ON_DEMAND, twice in 24 hours at most; the shards stay as they are."""
    mode, mibps = input_.stream_mode_details.stream_mode, input_.warm_throughput_mibps or 0
    stream = find_stream(call, input_)
    if mode is StreamMode.PROVISIONED:
        if mibps:
            raise InvalidArgument("WarmThroughputMiBps cannot be specified for a stream in PROVISIONED mode.")
        await change(call, input_, partial(switch_mode, mode=mode))
        return
    if mibps:
        check_commitment(call, stream.scope)
    if stream.mode is not mode:
        check_on_demand_count(call, stream.scope)
    await change(call, input_, partial(switch_on, mibps=mibps))
