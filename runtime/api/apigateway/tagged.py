"""What has tags: APIs, stages, keys and plans, by their ARNs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from runtime.errors import ApiGatewayError
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import changed
from streamcore.model.stream import Scope

_ARN: Final = re.compile(r"(?a)\Aarn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+)::/(?P<path>[A-Za-z0-9/_-]{1,300})\Z")
Tags = dict[str, str] | None


class Tagged(msgspec.Struct, frozen=True):
    tags: Tags
    save: Callable[[Tags], Awaitable[object]]


def tagged(gateway: Gateway, scope: Scope, arn: str) -> Tagged:
    """Raises ApiGatewayError for an ARN that is none, ApiNotFoundError."""
    match = _ARN.match(arn)
    parts = [] if match is None else match["path"].split("/")
    if match is None or match["region"] != scope.region:
        raise ApiGatewayError("Invalid ARN specified in the request. The ARN is one of this region's API Gateway.")
    match parts:
        case ["restapis", api_id]:
            return _api(gateway, scope, api_id)
        case ["restapis", api_id, "stages", name]:
            return _stage(gateway, scope, api_id, name)
        case ["apikeys", key_id]:
            key = gateway.keys.key(scope, key_id)
            return Tagged(key.tags, lambda tags: gateway.keys.save_key(scope, changed(key, tags=tags)))
        case ["usageplans", plan_id]:
            record = gateway.keys.plan(scope, plan_id)
            plan = record.plan
            return Tagged(
                plan.tags, lambda tags: gateway.keys.save_plan(changed(record, plan=changed(plan, tags=tags)))
            )
    raise ApiGatewayError("Invalid ARN specified in the request. It is that of an API, a stage, a key or a usage plan.")


def _api(gateway: Gateway, scope: Scope, api_id: str) -> Tagged:
    record = gateway.apis.api(scope, api_id)
    api = record.content.api
    return Tagged(
        api.tags, lambda tags: gateway.apis.save(record, changed(record.content, api=changed(api, tags=tags)))
    )


def _stage(gateway: Gateway, scope: Scope, api_id: str, name: str) -> Tagged:
    record = gateway.apis.api(scope, api_id)
    stage = gateway.apis.stage(record, name).stage
    return Tagged(stage.tags, lambda tags: gateway.apis.save_stage(record, changed(stage, tags=tags)))
