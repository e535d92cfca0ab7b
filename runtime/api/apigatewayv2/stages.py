"""What the actions about stages share."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from runtime.api.apigateway.shapes import ApiShape
from runtime.model.apigateway.values import AccessLogSettings, changed
from runtime.model.httpapi.values import HttpStage, RouteSettings


class LoggingLevel(StrEnum):
    ERROR = "ERROR"
    INFO = "INFO"
    OFF = "OFF"


class AccessLogShape(ApiShape, frozen=True, kw_only=True):
    destination_arn: str | None = None
    format: str | None = None


class RouteSettingsShape(ApiShape, frozen=True, kw_only=True):
    data_trace_enabled: bool | None = None
    detailed_metrics_enabled: bool | None = None
    logging_level: LoggingLevel | None = None
    throttling_burst_limit: int | None = None
    throttling_rate_limit: float | None = None


def settings_of(input_: Any, stage: HttpStage) -> HttpStage:
    """The stage with the access log and the route settings that the input has."""
    if input_.access_log_settings is not None:
        stage = changed(stage, access_log_settings=_as(input_.access_log_settings, AccessLogSettings))
    if input_.default_route_settings is not None:
        stage = changed(stage, default_route_settings=_as(input_.default_route_settings, RouteSettings))
    if input_.route_settings is not None:
        said = {key: _as(each, RouteSettings) for key, each in input_.route_settings.items()}
        stage = changed(stage, route_settings={**stage.route_settings, **said})
    return stage


def _as(shape: ApiShape, kind: type[Any]) -> Any:
    return msgspec.convert(msgspec.to_builtins(shape), kind)
