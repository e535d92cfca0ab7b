"""GetMetricData: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from runtime.api.cloudwatch.shapes import (
    CLOUDWATCH,
    AccountId,
    Dimensions,
    MetricName,
    Namespace,
    Period,
    StandardUnit,
    invalid_value,
    key_of,
)
from runtime.api.cloudwatch.statistics import Periods, check_statistic, periods, statistic
from runtime.telemetry.meter import Meter
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, Timestamp, text

#: AWS: queries of one request, and values of one answer.
MAX_QUERIES: Final = 500
MAX_VALUES: Final = 100_800


class Metric(Shape, frozen=True, kw_only=True):
    namespace: Namespace | None = None
    metric_name: MetricName | None = None
    dimensions: Dimensions | None = None


class MetricStat(Shape, frozen=True, kw_only=True):
    metric: Metric
    period: Period
    stat: str
    unit: StandardUnit | None = None


class MetricDataQuery(Shape, frozen=True, kw_only=True):
    id: Annotated[str, text(1, 255)]
    metric_stat: MetricStat | None = None
    expression: Annotated[str, text(1, 2048)] | None = None
    label: str | None = None
    return_data: bool | None = None
    period: Period | None = None
    account_id: AccountId | None = None


class ScanBy(StrEnum):
    DESCENDING = "TimestampDescending"
    ASCENDING = "TimestampAscending"


class LabelOptions(Shape, frozen=True, kw_only=True):
    timezone: str | None = None


class GetMetricDataInput(Shape, frozen=True, kw_only=True):
    metric_data_queries: list[MetricDataQuery]
    start_time: Timestamp
    end_time: Timestamp
    next_token: str | None = None
    scan_by: ScanBy | None = None
    max_datapoints: int | None = None
    label_options: LabelOptions | None = None


class MetricDataResult(Shape, frozen=True, kw_only=True):
    id: str
    label: str
    timestamps: list[Timestamp]
    values: list[float]
    status_code: str


class GetMetricDataOutput(Shape, frozen=True, kw_only=True):
    metric_data_results: list[MetricDataResult]


@CLOUDWATCH.action("GetMetricData")
async def get_metric_data(meter: Meter, call: Call, input_: GetMetricDataInput) -> GetMetricDataOutput:
    """The values of up to 500 metrics, the latest first unless told otherwise. An answer is never paged: what would
    be more than one answer holds is refused."""
    queries = input_.metric_data_queries
    _check(call, input_)
    results, left = [], input_.max_datapoints or MAX_VALUES
    for query in queries:
        if query.return_data is False:
            continue
        result = await _result(meter, call, input_, query)
        left -= len(result.values)
        if left < 0:
            raise invalid_value(
                f"The answer has more than {input_.max_datapoints or MAX_VALUES} datapoints; increase the periods."
            )
        results.append(result)
    return GetMetricDataOutput(metric_data_results=results)


def _check(call: Call, input_: GetMetricDataInput) -> None:
    """Raises AwsError."""
    queries = input_.metric_data_queries
    if input_.next_token is not None:
        raise AwsError("InvalidNextToken", 400, "The parameter NextToken is invalid: answers have no further pages.")
    if not 1 <= len(queries) <= MAX_QUERIES:
        raise invalid_value(f"The collection MetricDataQueries must have from 1 to {MAX_QUERIES} members.")
    if input_.max_datapoints is not None and not 1 <= input_.max_datapoints <= MAX_VALUES:
        raise invalid_value(f"The parameter MaxDatapoints must be from 1 to {MAX_VALUES}.")
    if input_.label_options is not None:
        raise invalid_value("LabelOptions are not offered: labels are taken as they are.")
    if len({query.id for query in queries}) < len(queries):
        raise invalid_value("The values for parameter id in MetricDataQueries must be unique.")
    for query in queries:
        if query.expression is not None:
            raise invalid_value(f"Expressions are not offered, and the query {query.id} has one; MetricStat is.")
        if query.metric_stat is None:
            raise invalid_value(f"The query {query.id} must have a MetricStat.")
        if query.account_id not in (None, call.scope.account):
            raise invalid_value("There are no linked accounts.")
        check_statistic(query.metric_stat.stat)


async def _result(meter: Meter, call: Call, input_: GetMetricDataInput, query: MetricDataQuery) -> MetricDataResult:
    stat = query.metric_stat
    assert stat is not None  # _check has seen to it
    if stat.metric.namespace is None or stat.metric.metric_name is None:
        raise invalid_value(f"The metric of the query {query.id} must have a Namespace and a MetricName.")
    key = key_of(call, stat.metric.namespace, stat.metric.metric_name, stat.metric.dimensions)
    found = await periods(meter, key, input_.start_time, input_.end_time, stat.period, stat.unit)
    ordered = sorted(_one_unit(found).items(), reverse=input_.scan_by is not ScanBy.ASCENDING)
    return MetricDataResult(
        id=query.id,
        label=query.label or key.name,
        timestamps=[Timestamp(at_ms) for (at_ms, _), _ in ordered],
        values=[statistic(samples, stat.stat) for _, samples in ordered],
        status_code="Complete",
    )


def _one_unit(found: Periods) -> Periods:
    """A result has one value per time: with several units it is the one that was seen first."""
    units = [unit for _, unit in found]
    return {at: samples for at, samples in found.items() if at[1] == units[0]}
