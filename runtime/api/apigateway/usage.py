"""What the actions about keys, plans and usage share."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final

from runtime.api.apigateway.shapes import ApiShape
from runtime.errors import ApiGatewayError, ApiNotFoundError
from runtime.gateway.records import PlanRecord, UsageRecord
from runtime.gateway.service import Gateway
from runtime.model.apigateway.patch import Operation
from runtime.model.apigateway.rates import DAYS_KEPT, period_start, used_since
from runtime.model.apigateway.values import (
    ApiKey,
    ApiStage,
    QuotaSettings,
    ThrottleSettings,
    UsagePlan,
    Value,
)
from streamcore.api.aws.shapes import number
from streamcore.model.stream import Scope

_KEY_VALUE: Final = re.compile(r"(?a)\A[!-~]{20,128}\Z")
PERIODS: Final = ("DAY", "WEEK", "MONTH")
#: The largest offset in each period: the days that every one of them has.
_OFFSETS: Final = {"DAY": 0, "WEEK": 6, "MONTH": 27}


class Throttle(ApiShape, frozen=True, kw_only=True):
    burst_limit: int = 0
    rate_limit: float = 0.0

    def value(self) -> ThrottleSettings:
        return ThrottleSettings(burst_limit=self.burst_limit, rate_limit=self.rate_limit)


class Period(StrEnum):
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"


class Quota(ApiShape, frozen=True, kw_only=True):
    limit: Annotated[int, number(-(2**31), 2**31 - 1)] = 0
    offset: int = 0
    period: Period | None = None

    def value(self) -> QuotaSettings:
        """Raises ApiGatewayError."""
        if self.period is None:
            raise ApiGatewayError("Usage Plan quota needs a period: DAY, WEEK or MONTH")
        return QuotaSettings(limit=self.limit, offset=self.offset, period=self.period.value)


class ApiStageInput(ApiShape, frozen=True, kw_only=True):
    api_id: str | None = None
    stage: str | None = None
    throttle: dict[str, Throttle] | None = None

    def value(self) -> ApiStage:
        limits = {name: each.value() for name, each in (self.throttle or {}).items()} or None
        return ApiStage(api_id=self.api_id or "", stage=self.stage or "", throttle=limits)


class UsagePlanKey(Value, frozen=True, kw_only=True):
    id: str
    type: str
    value: str | None = None
    name: str | None = None

    @classmethod
    def of(cls, key: ApiKey) -> UsagePlanKey:
        return cls(id=key.id, type="API_KEY", value=key.value, name=key.name)


class Usage(Value, frozen=True, kw_only=True):
    """`values`: by key, for each day (used, left)."""

    usage_plan_id: str
    start_date: str
    end_date: str
    position: str | None = None
    values: dict[str, list[list[int]]]


def check_key_value(value: str | None) -> None:
    """Raises ApiGatewayError."""
    if value is not None and not _KEY_VALUE.match(value):
        raise ApiGatewayError("API Key value should be at least 20 characters, and at most 128")


def check_plan(gateway: Gateway, scope: Scope, plan: UsagePlan) -> None:
    """Raises ApiGatewayError, ApiNotFoundError for its stages."""
    if not plan.name.strip():
        raise ApiGatewayError("Usage Plan name cannot be empty")
    quota, throttle = plan.quota, plan.throttle
    if quota is not None:
        if quota.period not in PERIODS or quota.limit < 0:
            raise ApiGatewayError("Usage Plan quota has a limit of 0 or more, and a period: DAY, WEEK or MONTH")
        if not 0 <= quota.offset <= _OFFSETS[quota.period]:
            raise ApiGatewayError(f"Usage Plan quota offset for {quota.period} period is 0 to {_OFFSETS[quota.period]}")
    if throttle is not None and (throttle.rate_limit < 0 or throttle.burst_limit < 0):
        raise ApiGatewayError("Usage Plan throttle limits are not negative")
    for place in plan.api_stages:
        record = gateway.apis.api(scope, place.api_id)
        if not gateway.apis.has_stage(record.id, place.stage):
            raise ApiNotFoundError(f"API Stage not found: {place.api_id}:{place.stage}")


def check_in_plan(record: PlanRecord, key_id: str) -> None:
    """Raises ApiNotFoundError."""
    if key_id not in record.keys:
        raise ApiNotFoundError("Invalid Usage Plan Key identifier specified")


def days_of(start: str, end: str) -> tuple[date, date]:
    """Raises ApiGatewayError."""
    try:
        first, last = date.fromisoformat(start), date.fromisoformat(end)
    except ValueError:
        raise ApiGatewayError("Usage date is invalid: it is YYYY-MM-DD") from None
    if not timedelta(0) <= last - first <= timedelta(days=DAYS_KEPT):
        raise ApiGatewayError(f"The end date is on the start date or up to {DAYS_KEPT} days later")
    return first, last


def used(plan: UsagePlan, usage: UsageRecord, first: date, last: date) -> list[list[int]]:
    """By the day: how many requests there were, and how many were left at its end."""
    rows = []
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        left = 0
        if plan.quota is not None:
            start = period_start(plan.quota.period, plan.quota.offset, day)
            granted = plan.quota.limit + used_since(usage.extra, start, day)
            left = granted - used_since(usage.days, start, day)
        rows.append([usage.days.get(str(day), 0), left])
    return rows


def remaining_of(operations: Sequence[Operation]) -> int:
    """Of `replace /remaining`. Raises ApiGatewayError."""
    if len(operations) != 1 or (operations[0].op, operations[0].path) != ("replace", "/remaining"):
        raise ApiGatewayError("Invalid patch path specified. Must be one of: [/remaining] with op 'replace'")
    text = operations[0].value or ""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ApiGatewayError("Invalid patch value specified for path /remaining")
    return int(text)
