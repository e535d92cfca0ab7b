"""PutMetricData: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html"""

from __future__ import annotations

import math
from typing import Annotated, Final

from runtime.api.cloudwatch.shapes import (
    CLOUDWATCH,
    Dimensions,
    MetricName,
    Namespace,
    StandardUnit,
    invalid_combination,
    invalid_value,
    key_of,
)
from runtime.model.metric import VALUE_MAX
from runtime.telemetry.meter import Meter
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, Timestamp, number

#: AWS: data of one request, values of one datum.
MAX_DATA: Final = 1000
MAX_VALUES: Final = 150
#: AWS: how far a timestamp may be from now.
OLDEST_MS, NEWEST_MS = 14 * 86_400_000, 2 * 3_600_000


class StatisticSet(Shape, frozen=True, kw_only=True):
    sample_count: float
    sum: float
    minimum: float
    maximum: float


class MetricDatum(Shape, frozen=True, kw_only=True):
    metric_name: MetricName
    dimensions: Dimensions | None = None
    timestamp: Timestamp | None = None
    value: float | None = None
    statistic_values: StatisticSet | None = None
    values: list[float] | None = None
    counts: list[float] | None = None
    unit: StandardUnit | None = None
    storage_resolution: Annotated[int, number(1)] | None = None


class PutMetricDataInput(Shape, frozen=True, kw_only=True):
    namespace: Namespace
    metric_data: list[MetricDatum] | None = None
    entity_metric_data: list[dict[str, object]] | None = None
    strict_entity_validation: bool | None = None


@CLOUDWATCH.action("PutMetricData")
async def put_metric_data(meter: Meter, call: Call, input_: PutMetricDataInput) -> None:
    """Adds samples to metrics of any namespace but AWS's own. They are kept by the minute."""
    if input_.namespace.startswith("AWS/"):
        raise invalid_value("The value AWS/ for parameter Namespace is invalid: it is reserved.")
    if input_.entity_metric_data:
        raise invalid_value("EntityMetricData is not offered; MetricData is.")
    data = input_.metric_data or []
    if not 1 <= len(data) <= MAX_DATA:
        raise AwsError(
            "MissingRequiredParameterException" if not data else "InvalidParameterValueException",
            400,
            f"The collection MetricData must have from 1 to {MAX_DATA} members.",
        )
    now_ms = call.broker.clock.now_ms()
    for datum in data:
        _check(datum, now_ms)
        key_of(call, input_.namespace, datum.metric_name, datum.dimensions)
    for datum in data:
        _record(meter, call, input_.namespace, datum)


def _record(meter: Meter, call: Call, namespace: str, datum: MetricDatum) -> None:
    key = key_of(call, namespace, datum.metric_name, datum.dimensions)
    unit = datum.unit or StandardUnit.NONE
    at_ms = None if datum.timestamp is None else datum.timestamp.ms
    if datum.value is not None:
        meter.record(key, datum.value, unit, at_ms=at_ms)
    elif datum.statistic_values is not None:
        given = datum.statistic_values
        meter.record_summary(key, (given.sample_count, given.sum, given.minimum, given.maximum), unit, at_ms)
    else:
        values = datum.values or []
        for value, count in zip(values, datum.counts or [1.0] * len(values), strict=True):
            meter.record(key, value, unit, count, at_ms)


def _check(datum: MetricDatum, now_ms: int) -> None:
    """Raises AwsError."""
    given = [datum.value is not None, datum.statistic_values is not None, datum.values is not None]
    if given.count(True) != 1:
        raise invalid_combination(
            f"Exactly one of Value, Values and StatisticValues must be given for {datum.metric_name}."
        )
    if datum.storage_resolution not in (None, 1, 60):
        raise invalid_value("The parameter StorageResolution must be 1 or 60.")
    if datum.timestamp is not None and not now_ms - OLDEST_MS <= datum.timestamp.ms <= now_ms + NEWEST_MS:
        raise invalid_value(
            f"The Timestamp of {datum.metric_name} must be within two weeks before and two hours ahead."
        )
    numbers = list(datum.values or ()) if datum.value is None else [datum.value]
    if datum.statistic_values is not None:
        numbers += _summary(datum.statistic_values)
    if datum.values is not None:
        _check_counts(datum)
    for value in numbers:
        if math.isnan(value) or abs(value) > VALUE_MAX:
            raise invalid_value(f"The value {value} for parameter MetricData.member.1.Value is invalid.")


def _summary(given: StatisticSet) -> list[float]:
    """Its numbers, checked among themselves."""
    if given.sample_count <= 0 or given.minimum > given.maximum:
        raise invalid_value(
            "StatisticValues need a SampleCount above 0 and a Minimum that is no more than the Maximum."
        )
    return [given.sample_count, given.sum, given.minimum, given.maximum]


def _check_counts(datum: MetricDatum) -> None:
    values, counts = datum.values or [], datum.counts
    if not 1 <= len(values) <= MAX_VALUES:
        raise invalid_value(f"The collection Values must have from 1 to {MAX_VALUES} members.")
    if counts is None:
        return
    if len(counts) != len(values):
        raise invalid_combination("The collections Values and Counts must have the same number of members.")
    if not all(0 < count <= VALUE_MAX for count in counts):
        raise invalid_value("Each member of Counts must be above 0.")
