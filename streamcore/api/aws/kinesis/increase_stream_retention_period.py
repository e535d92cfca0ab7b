"""IncreaseStreamRetentionPeriod: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html"""

from __future__ import annotations

from functools import partial

from streamcore.api.aws.kinesis.changes import change
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamName
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.model.control import increase_retention


class IncreaseStreamRetentionPeriodInput(Shape, frozen=True, kw_only=True):
    #: 24 to 8760; the service checks it with sentences of its own.
    retention_period_hours: int
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


@KINESIS.action("IncreaseStreamRetentionPeriod")
async def increase_stream_retention_period(call: Call, input_: IncreaseStreamRetentionPeriodInput) -> None:
    """Keeps records longer; what had expired before stays gone."""
    await change(call, input_, partial(increase_retention, hours=input_.retention_period_hours))
