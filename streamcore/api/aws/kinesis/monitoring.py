"""What the two actions about enhanced monitoring share. /metrics has these metrics of every shard at all times, so the
setting is kept and told, and switches nothing."""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.shapes import Shape
from streamcore.broker import Changed
from streamcore.model.control import ShardMetric

ShardMetrics = Annotated[list[ShardMetric], msgspec.Meta(min_length=1, max_length=7)]


class EnhancedMonitoringOutput(Shape, frozen=True, kw_only=True):
    stream_name: str
    stream_arn: str
    current_shard_level_metrics: tuple[str, ...]
    desired_shard_level_metrics: tuple[str, ...]


def monitoring_output(changed: Changed) -> EnhancedMonitoringOutput:
    return EnhancedMonitoringOutput(
        stream_name=changed.after.name,
        stream_arn=changed.after.arn,
        current_shard_level_metrics=changed.before.shard_metrics,
        desired_shard_level_metrics=changed.after.shard_metrics,
    )
