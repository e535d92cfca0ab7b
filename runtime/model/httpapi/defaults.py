"""What HTTP APIs have when nobody says otherwise."""

from __future__ import annotations

from typing import Any, Final

from runtime.model.httpapi.values import HttpStage, RouteSettings

KEY_EXPRESSION: Final = "$request.header.x-api-key"
ROUTE_EXPRESSION: Final = "$request.method $request.path"
#: Of what an authorizer's function said.
FUNCTION_TTL_S: Final = 300
DESCRIPTION_MAX_CHARS: Final = 1024


def new_stage(name: str, now: str, *, auto_deploy: bool) -> HttpStage:
    """One that nothing is said of yet."""
    return HttpStage(
        stage_name=name,
        auto_deploy=auto_deploy,
        created_date=now,
        last_updated_date=now,
        default_route_settings=RouteSettings(detailed_metrics_enabled=False),
        route_settings={},
        stage_variables={},
    )


def description_of(value: Any) -> str | None:
    return None if value is None else str(value)[:DESCRIPTION_MAX_CHARS]
