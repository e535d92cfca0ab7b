"""What of each part of an API may be patched, and how."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from runtime.errors import ApiGatewayError
from runtime.model.apigateway.patch import (
    FLAG,
    NEEDED,
    NUMBER,
    TEXT,
    MapOf,
    Operation,
    Rules,
    Scalar,
    SetOf,
    boolean,
    parts_of,
    patched,
    refuse,
)
from runtime.model.apigateway.values import ApiStage, MethodSetting, Stage, ThrottleSettings, UsagePlan, changed

_TEXTS: Final = MapOf(str)
_DECIMAL: Final = Scalar(float)

API: Final[Rules] = {
    "/name": NEEDED,
    "/description": TEXT,
    "/version": TEXT,
    "/binaryMediaTypes": SetOf(),
    "/minimumCompressionSize": Scalar(int, is_removable=True),
    "/apiKeySource": NEEDED,
    "/policy": TEXT,
    "/disableExecuteApiEndpoint": FLAG,
    "/endpointConfiguration/types": SetOf(),
    "/endpointConfiguration/ipAddressType": NEEDED,
}
RESOURCE: Final[Rules] = {"/pathPart": NEEDED, "/parentId": NEEDED}
METHOD: Final[Rules] = {
    "/authorizationType": NEEDED,
    "/authorizerId": TEXT,
    "/apiKeyRequired": FLAG,
    "/operationName": TEXT,
    "/requestValidatorId": TEXT,
    "/requestParameters": MapOf(boolean),
    "/requestModels": _TEXTS,
}
METHOD_RESPONSE: Final[Rules] = {"/responseParameters": MapOf(boolean), "/responseModels": _TEXTS}
INTEGRATION: Final[Rules] = {
    "/uri": NEEDED,
    "/httpMethod": NEEDED,
    "/credentials": TEXT,
    "/passthroughBehavior": NEEDED,
    "/contentHandling": TEXT,
    "/timeoutInMillis": NUMBER,
    "/cacheNamespace": NEEDED,
    "/requestParameters": _TEXTS,
    "/requestTemplates": _TEXTS,
}
INTEGRATION_RESPONSE: Final[Rules] = {
    "/selectionPattern": TEXT,
    "/contentHandling": TEXT,
    "/responseParameters": _TEXTS,
    "/responseTemplates": _TEXTS,
}
DEPLOYMENT: Final[Rules] = {"/description": TEXT}
MODEL: Final[Rules] = {"/description": TEXT, "/schema": NEEDED}
VALIDATOR: Final[Rules] = {"/name": TEXT, "/validateRequestBody": FLAG, "/validateRequestParameters": FLAG}
AUTHORIZER: Final[Rules] = {
    "/name": NEEDED,
    "/authType": TEXT,
    "/authorizerUri": NEEDED,
    "/authorizerCredentials": TEXT,
    "/identitySource": TEXT,
    "/identityValidationExpression": TEXT,
    "/authorizerResultTtlInSeconds": NUMBER,
}
GATEWAY_RESPONSE: Final[Rules] = {
    "/statusCode": TEXT,
    "/responseParameters": _TEXTS,
    "/responseTemplates": _TEXTS,
}
API_KEY: Final[Rules] = {
    "/name": TEXT,
    "/description": TEXT,
    "/enabled": FLAG,
    "/customerId": TEXT,
    "/value": NEEDED,
}
ACCOUNT: Final[Rules] = {"/cloudwatchRoleArn": TEXT}
STAGE: Final[Rules] = {
    "/deploymentId": NEEDED,
    "/description": TEXT,
    "/variables": _TEXTS,
    "/tracingEnabled": FLAG,
    "/accessLogSettings/format": TEXT,
    "/accessLogSettings/destinationArn": TEXT,
    "/{resourcePath}/{httpMethod}": Scalar(str),
}
PLAN: Final[Rules] = {
    "/name": NEEDED,
    "/description": TEXT,
    "/throttle/burstLimit": NUMBER,
    "/throttle/rateLimit": _DECIMAL,
    "/quota/limit": NUMBER,
    "/quota/offset": NUMBER,
    "/quota/period": NEEDED,
    "/apiStages": Scalar(str),
}

#: Path below a method's setting → member and reader.
_SETTINGS: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "metrics/enabled": ("metrics_enabled", boolean),
    "logging/loglevel": ("logging_level", str),
    "logging/dataTrace": ("data_trace_enabled", boolean),
    "throttling/burstLimit": ("throttling_burst_limit", int),
    "throttling/rateLimit": ("throttling_rate_limit", float),
}
_LEVELS: Final = ("OFF", "ERROR", "INFO")
_SETTING: Final = re.compile(
    r"/(?P<path>[^/]+)/(?P<method>\*|GET|PUT|POST|DELETE|PATCH|OPTIONS|HEAD|ANY)(?:/(?P<what>[a-zA-Z]+/[a-zA-Z]+))?"
)


def patched_stage(stage: Stage, operations: Sequence[Operation]) -> Stage:
    """With the settings of methods: `/*/*/throttling/rateLimit`, `/~1pets/GET/…`. Raises ApiGatewayError."""
    settings = dict(stage.method_settings)
    others = []
    for operation in operations:
        match = None if operation.path in STAGE else _SETTING.fullmatch(operation.path)
        if match is None or operation.path.startswith(("/variables/", "/accessLogSettings/")):
            others.append(operation)
        else:
            _set(settings, match, operation)
    if any(operation.op == "remove" and operation.path == "/accessLogSettings" for operation in others):
        others = [each for each in others if each.path != "/accessLogSettings"]
        stage = changed(stage, access_log_settings=None)
    return changed(patched(stage, others, STAGE), method_settings=settings)


def _set(settings: dict[str, MethodSetting], match: re.Match[str], operation: Operation) -> None:
    key = f"{match['path']}/{match['method']}"
    if match["what"] is None:
        if operation.op != "remove":
            raise refuse(operation, STAGE)
        settings.pop(key, None)
        return
    found = _SETTINGS.get(match["what"])
    if found is None or operation.op == "remove":
        raise refuse(operation, {f"/{key}/{each}": NEEDED for each in _SETTINGS})
    name, read = found
    try:
        value = read(operation.value or "")
    except ValueError:
        raise ApiGatewayError(f"Invalid patch value specified for path {operation.path[:200]}") from None
    if name == "logging_level" and value not in _LEVELS:
        raise ApiGatewayError(f"Invalid logging level specified: it is one of {', '.join(_LEVELS)}")
    settings[key] = changed(settings.get(key, MethodSetting()), **{name: value})


def patched_plan(plan: UsagePlan, operations: Sequence[Operation]) -> UsagePlan:
    """With the stages of a plan and their limits by method: `/apiStages/{api}:{stage}/throttle/{path}/{method}`.

    Raises ApiGatewayError.
    """
    others = []
    for operation in operations:
        parts = parts_of(operation.path)
        if parts[0] == "apiStages":
            plan = changed(plan, api_stages=_stages(plan, parts, operation))
        elif operation.op == "remove" and parts in (["throttle"], ["quota"]):
            plan = changed(plan, **{parts[0]: None})
        else:
            others.append(operation)
    return patched(plan, others, PLAN)


def _stages(plan: UsagePlan, parts: list[str], operation: Operation) -> list[ApiStage]:
    named = operation.value if len(parts) == 1 else parts[1]
    api_id, found, stage = (named or "").partition(":")
    if not found:
        raise refuse(operation, PLAN)
    present = next((each for each in plan.api_stages if (each.api_id, each.stage) == (api_id, stage)), None)
    left = [each for each in plan.api_stages if each is not present]
    if len(parts) <= 2 and operation.op == "remove":
        return left
    if len(parts) == 1 and operation.op in ("add", "replace"):
        return [*left, present or ApiStage(api_id=api_id, stage=stage)]
    if present is None or len(parts) < 5 or parts[2] != "throttle":
        raise refuse(operation, PLAN)
    return [*left, changed(present, throttle=_limits(present, parts[3:], operation))]


def _limits(stage: ApiStage, parts: list[str], operation: Operation) -> dict[str, ThrottleSettings]:
    key = f"{parts[0]}/{parts[1]}"
    limits = dict(stage.throttle or {})
    if operation.op == "remove":
        limits.pop(key, None)
        return limits
    member = {"rateLimit": "rate_limit", "burstLimit": "burst_limit"}.get(parts[2] if len(parts) == 3 else "")
    try:
        value = float(operation.value or "")
    except ValueError:
        value = -1.0
    if member is None or not 0 <= value < 1e9:
        raise refuse(operation, PLAN)
    before = limits.get(key, ThrottleSettings())
    limits[key] = changed(before, **{member: int(value) if member == "burst_limit" else value})
    return limits
