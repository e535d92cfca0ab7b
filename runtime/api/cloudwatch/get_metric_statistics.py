"""GetMetricStatistics: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from runtime.api.cloudwatch.shapes import (
    CLOUDWATCH,
    Dimensions,
    MetricName,
    Namespace,
    Period,
    StandardUnit,
    invalid_combination,
    key_of,
)
from runtime.api.cloudwatch.statistics import check_statistic, periods, statistic
from runtime.model.metric import SampleSet
from runtime.telemetry.meter import Meter
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, Timestamp

#: AWS: of one answer.
MAX_DATAPOINTS: Final = 1440


class Statistic(StrEnum):
    SAMPLE_COUNT = "SampleCount"
    AVERAGE = "Average"
    SUM = "Sum"
    MINIMUM = "Minimum"
    MAXIMUM = "Maximum"


class GetMetricStatisticsInput(Shape, frozen=True, kw_only=True):
    namespace: Namespace
    metric_name: MetricName
    dimensions: Dimensions | None = None
    start_time: Timestamp
    end_time: Timestamp
    period: Period
    statistics: Annotated[list[Statistic], msgspec.Meta(min_length=1, max_length=5)] | None = None
    extended_statistics: Annotated[list[str], msgspec.Meta(min_length=1, max_length=10)] | None = None
    unit: StandardUnit | None = None


class Datapoint(Shape, frozen=True, kw_only=True):
    timestamp: Timestamp
    sample_count: float | None = None
    average: float | None = None
    sum: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    unit: str
    extended_statistics: dict[str, float] | None = None


class GetMetricStatisticsOutput(Shape, frozen=True, kw_only=True):
    label: str
    datapoints: list[Datapoint]


@CLOUDWATCH.action("GetMetricStatistics")
async def get_metric_statistics(
    meter: Meter, call: Call, input_: GetMetricStatisticsInput
) -> GetMetricStatisticsOutput:
    """The datapoints of one metric, a period each, in no order that AWS would promise; here by time."""
    if not input_.statistics and not input_.extended_statistics:
        raise AwsError("MissingRequiredParameterException", 400, "Must specify either Statistics or ExtendedStatistics")
    for name in input_.extended_statistics or ():
        check_statistic(name)
    wanted = -(-(input_.end_time.ms - input_.start_time.ms) // (input_.period * 1000))
    if wanted > MAX_DATAPOINTS:
        raise invalid_combination(
            f"You have requested up to {wanted:,} datapoints, which exceeds the limit of {MAX_DATAPOINTS:,}. You may "
            "reduce the datapoints requested by increasing Period, or decreasing the time range."
        )
    key = key_of(call, input_.namespace, input_.metric_name, input_.dimensions)
    found = await periods(meter, key, input_.start_time, input_.end_time, input_.period, input_.unit)
    return GetMetricStatisticsOutput(
        label=input_.metric_name,
        datapoints=[_datapoint(input_, at_ms, unit, samples) for (at_ms, unit), samples in found.items()],
    )


def _datapoint(input_: GetMetricStatisticsInput, at_ms: int, unit: str, samples: SampleSet) -> Datapoint:
    plain = {name.name.lower(): statistic(samples, name) for name in input_.statistics or ()}
    extended = {name: statistic(samples, name) for name in input_.extended_statistics or ()}
    return Datapoint(timestamp=Timestamp(at_ms), unit=unit, extended_statistics=extended or None, **plain)
