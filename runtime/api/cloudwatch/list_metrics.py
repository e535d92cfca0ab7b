"""ListMetrics: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

import msgspec

from runtime.api.cloudwatch.shapes import (
    CLOUDWATCH,
    AccountId,
    Dimension,
    DimensionName,
    DimensionValue,
    MetricName,
    Namespace,
    dimension_shapes,
    invalid_value,
)
from runtime.model.metric import MetricKey
from runtime.telemetry.meter import Meter
from runtime.telemetry.tables import KEPT_MINUTES
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape

#: AWS: metrics in one answer.
PAGE: Final = 500
RECENT_MINUTES: Final = 180


class RecentlyActive(StrEnum):
    PT3H = "PT3H"


class DimensionFilter(Shape, frozen=True, kw_only=True):
    name: DimensionName
    value: DimensionValue | None = None


class ListMetricsInput(Shape, frozen=True, kw_only=True):
    namespace: Namespace | None = None
    metric_name: MetricName | None = None
    dimensions: Annotated[list[DimensionFilter], msgspec.Meta(max_length=10)] | None = None
    next_token: str | None = None
    recently_active: RecentlyActive | None = None
    include_linked_accounts: bool | None = None
    owning_account: AccountId | None = None


class Metric(Shape, frozen=True, kw_only=True):
    namespace: str
    metric_name: str
    dimensions: list[Dimension]


class ListMetricsOutput(Shape, frozen=True, kw_only=True):
    metrics: list[Metric]
    next_token: str | None = None


@CLOUDWATCH.action("ListMetrics")
async def list_metrics(meter: Meter, call: Call, input_: ListMetricsInput) -> ListMetricsOutput:
    """The metrics that have samples: of the last 15 days, or three hours."""
    if input_.include_linked_accounts or input_.owning_account not in (None, call.scope.account):
        raise invalid_value("There are no linked accounts.")
    minutes = KEPT_MINUTES if input_.recently_active is None else RECENT_MINUTES
    keys = await meter.metrics(call.scope, call.broker.clock.now_ms() // 60_000 - minutes)
    wanted = [key for key in keys if _is_wanted(key, input_)]
    start = _start(input_.next_token)
    page = wanted[start : start + PAGE]
    more = start + PAGE < len(wanted)
    return ListMetricsOutput(
        metrics=[
            Metric(namespace=key.namespace, metric_name=key.name, dimensions=dimension_shapes(key)) for key in page
        ],
        next_token=str(start + PAGE) if more else None,
    )


def _start(token: str | None) -> int:
    if token is None:
        return 0
    if not (token.isascii() and token.isdigit() and len(token) < 10):
        raise invalid_value("The parameter NextToken is invalid.")
    return int(token)


def _is_wanted(key: MetricKey, input_: ListMetricsInput) -> bool:
    if input_.namespace not in (None, key.namespace) or input_.metric_name not in (None, key.name):
        return False
    dimensions = dict(key.dimensions)
    return all(
        each.name in dimensions and each.value in (None, dimensions[each.name]) for each in input_.dimensions or ()
    )
