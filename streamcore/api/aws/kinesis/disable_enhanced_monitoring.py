"""DisableEnhancedMonitoring: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DisableEnhancedMonitoring.html"""

from __future__ import annotations

from functools import partial

from streamcore.api.aws.kinesis.changes import change
from streamcore.api.aws.kinesis.monitoring import EnhancedMonitoringOutput, ShardMetrics, monitoring_output
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamName
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.model.control import disable_monitoring


class DisableEnhancedMonitoringInput(Shape, frozen=True, kw_only=True):
    shard_level_metrics: ShardMetrics
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


@KINESIS.action("DisableEnhancedMonitoring")
async def disable_enhanced_monitoring(call: Call, input_: DisableEnhancedMonitoringInput) -> EnhancedMonitoringOutput:
    """Takes shard-level metrics away; tells which there were and which there will be."""
    rule = partial(disable_monitoring, metrics=input_.shard_level_metrics)
    return monitoring_output(await change(call, input_, rule))
