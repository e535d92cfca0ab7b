"""The plain resources that one event of a SAM function stands for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from streamcore.deploy.errors import TemplateError


class Part(NamedTuple):
    """A plain resource that a serverless one stands for."""

    logical_id: str
    kind: str
    properties: dict[str, Any]
    depends_on: tuple[str, ...] = ()


def member(where: str, given: Mapping[str, Any], name: str, member: str) -> Any:
    found = given[name]
    if not isinstance(found, dict) or member not in found or set(found) - {"Type", member}:
        raise TemplateError(f"{where}: {name} has a Type and a {member}")
    return found[member]


def destinations(where: str, config: Any) -> dict[str, Any]:
    """Without SAM's `Type`, which the destination's ARN tells as well."""
    if not isinstance(config, dict) or set(config) - {"OnSuccess", "OnFailure"}:
        raise TemplateError(f"{where}: DestinationConfig has OnSuccess and OnFailure")
    return {name: {"Destination": member(where, config, name, "Destination")} for name in config}


def permission(logical_id: str, target: dict[str, Any], principal: str, source: dict[str, Any]) -> Part:
    properties = {"FunctionName": target, "Action": "lambda:InvokeFunction", "Principal": principal, **source}
    return Part(f"{logical_id}Permission", "AWS::Lambda::Permission", properties)


def chosen(properties: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: properties[name] for name in names if name in properties}


def rule(logical_id: str, properties: Mapping[str, Any], target: dict[str, Any]) -> Part:
    state = properties.get("State", "ENABLED" if properties.get("Enabled", True) else "DISABLED")
    aim = {"Id": f"{logical_id}Target", "Arn": target, **chosen(properties, "Input", "RetryPolicy")}
    if "DeadLetterConfig" in properties:
        aim["DeadLetterConfig"] = {"Arn": member(logical_id, properties, "DeadLetterConfig", "Arn")}
    found = {"ScheduleExpression": properties["Schedule"], "State": state, "Targets": [aim]}
    return Part(logical_id, "AWS::Events::Rule", {**chosen(properties, "Name", "Description"), **found})


def schedule(logical_id: str, properties: Mapping[str, Any], target: dict[str, Any]) -> Part:
    role = properties.get("RoleArn", {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/streamcore"})
    aim = {"Arn": target, "RoleArn": role, **chosen(properties, "Input", "RetryPolicy")}
    if "DeadLetterConfig" in properties:
        aim["DeadLetterConfig"] = {"Arn": member(logical_id, properties, "DeadLetterConfig", "Arn")}
    copied = chosen(
        properties,
        *(
            "Name",
            "Description",
            "GroupName",
            "ScheduleExpressionTimezone",
            "StartDate",
            "EndDate",
            "State",
            "KmsKeyArn",
        ),
    )
    window = properties.get("FlexibleTimeWindow", {"Mode": "OFF"})
    found = {"ScheduleExpression": properties["ScheduleExpression"], "FlexibleTimeWindow": window, "Target": aim}
    return Part(logical_id, "AWS::Scheduler::Schedule", {**copied, **found})


def route(where: str, kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    path, method = properties.get("Path"), str(properties.get("Method", "any")).upper()
    if (path is None) != ("Method" not in properties):
        raise TemplateError(f"{where}: Path and Method go together")
    if path is not None and not str(path).startswith("/"):
        raise TemplateError(f"{where}: Path begins with /")
    found = {"Path": path, "Method": "ANY" if method in ("ANY", "*", "X-AMAZON-APIGATEWAY-ANY-METHOD") else method}
    return {**found, **chosen(properties, "PayloadFormatVersion", "TimeoutInMillis")}
