"""DecreaseStreamRetentionPeriod: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DecreaseStreamRetentionPeriod.html"""

from __future__ import annotations

from functools import partial

from streamcore.api.aws.kinesis.changes import change
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamName
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.model.control import decrease_retention


class DecreaseStreamRetentionPeriodInput(Shape, frozen=True, kw_only=True):
    #: 24 to 8760; the service checks it with sentences of its own.
    retention_period_hours: int
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


@KINESIS.action("DecreaseStreamRetentionPeriod")
async def decrease_stream_retention_period(call: Call, input_: DecreaseStreamRetentionPeriodInput) -> None:
    """Keeps records for a shorter time: older ones are hidden at once, and their space is given back."""
    await change(call, input_, partial(decrease_retention, hours=input_.retention_period_hours))
