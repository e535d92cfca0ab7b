"""What the makers send for services that other packages offer: botocore's models say whether AWS would take it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, StructureShape

from streamcore.client.aws import Answer, AwsCallError, AwsClient
from streamcore.deploy.deployment import Deployment
from streamcore.deploy.model.identity import Place
from streamcore.deploy.resources import MAKERS

PLACE = Place("shop", "123456789012", "eu-west-1")
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f"
#: Services by the name in the signature; API Gateway has two.
MODELS = {"events": "events", "scheduler": "scheduler", "lambda": "lambda", "s3": "s3"}


class Scripted(AwsClient):
    """Notes what is sent, and answers with what the script has for it; 404 for a GET that it does not have."""

    def __init__(self, script: Mapping[str, Any]) -> None:
        super().__init__("http://127.0.0.1:1", account=PLACE.account, region=PLACE.region)
        self.script = script
        self.sent: list[str] = []
        self.bodies: list[Any] = []

    async def send(self, service: str, operation: str, method: str, path: str, **given: Any) -> Answer:
        headers, body, query = given.get("headers") or {}, given.get("body", b""), given.get("query") or {}
        target = headers.get("x-amz-target", "").rpartition(".")[2]
        name = referee(service, method, path, target, body, query)
        self.sent.append(name)
        self.bodies.append(body.decode() if service == "s3" else json.loads(body or b"{}"))
        if name not in self.script and method == "GET":
            raise AwsCallError(operation, 404, "ResourceNotFoundException", "no")
        found = self.script.get(name, {})
        if isinstance(found, Exception):
            raise found
        return Answer(200, {}, json.dumps(found).encode())


@cache
def model(name: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def referee(service: str, method: str, path: str, target: str, body: bytes, query: Mapping[str, str]) -> str:
    """The operation that a request is; fails where AWS's model would not have it."""
    name = MODELS.get(service) or ("apigatewayv2" if path.startswith("/v2/") else "apigateway")
    found = model(name)
    if target:
        operation = found.operation_model(target)
        check(operation.input_shape, json.loads(body), target, set())
        return target
    for each in found.operation_names:
        operation = found.operation_model(each)
        uri, _, wanted = operation.http["requestUri"].partition("?")
        places = re.findall(r"\{(\w+)\+?\}", uri)
        pattern = re.sub(r"\\\{\w+\\?\+?\\\}", r"([^/]+)", re.escape(uri))
        setting = wanted.partition("=")[0]
        is_setting = name == "s3" and setting != next(iter(query), "")
        if operation.deprecated or operation.http["method"] != method or not re.fullmatch(pattern, path) or is_setting:
            continue
        shape = operation.input_shape
        by_query = {m.serialization.get("name"): m for m in members(shape).values() if at(m) == "querystring"}
        assert name == "s3" or set(query) <= set(by_query), (each, query)
        if name == "s3":
            check_xml(shape, body)
        else:
            check(shape, json.loads(body or b"{}"), each, {*places, *query})
        return each
    raise AssertionError(f"AWS has no {method} {path} {dict(query)} in {name}")


def members(shape: Any) -> dict[str, Any]:
    return dict(shape.members) if isinstance(shape, StructureShape) else {}


def at(member: Any) -> str | None:
    found = member.serialization.get("location")
    return str(found) if found else None


def check(shape: Any, value: Any, where: str, elsewhere: set[str]) -> None:
    """Names of members, those that are required, and kinds of values, all the way down."""
    kinds = {"string": str, "integer": int, "boolean": bool, "list": list, "structure": dict, "map": dict}
    kind = kinds.get(shape.type_name)
    assert kind is None or isinstance(value, kind), (where, value, shape.type_name)
    if shape.type_name == "list":
        for each in value:
            check(shape.member, each, where, set())
    if not isinstance(shape, StructureShape):
        return
    wire = {member.serialization.get("name", name): (name, member) for name, member in shape.members.items()}
    assert set(value) <= {key for key, (_, member) in wire.items() if at(member) is None}, (where, value)
    given = {wire[key][0] for key in value} | {wire[key][0] for key in wire if key in elsewhere} | elsewhere
    assert set(shape.required_members) <= given, (where, value)
    for key, each in value.items():
        check(wire[key][1], each, f"{where}.{key}", set())


def check_xml(shape: Any, body: bytes) -> None:
    payload = shape.serialization.get("payload")
    if payload is None or not body:
        assert not body
        return
    root = ElementTree.fromstring(body)
    assert root.tag.startswith("{http://s3.amazonaws.com/doc/2006-03-01/}")
    _check_element(shape.members[payload], root)


def _check_element(shape: Any, element: ElementTree.Element) -> None:
    if shape.type_name == "list":
        for each in element:
            _check_element(shape.member, each)
        return
    if not isinstance(shape, StructureShape):
        return
    wire = {m.serialization.get("name", name): m for name, m in shape.members.items()}
    for each in element:
        tag = each.tag.partition("}")[2]
        assert tag in wire, (element.tag, tag)
        member = wire[tag]
        if member.type_name == "list" and member.serialization.get("flattened"):
            _check_element(member.member, each)
        else:
            _check_element(member, each)


def deployment(client: Scripted) -> Deployment:
    return Deployment(client, PLACE, Path("/"))


RULE = {
    "ScheduleExpression": "rate(1 minute)",
    "State": "ENABLED",
    "Targets": [{"Id": "t", "Arn": FUNCTION, "Input": "{}"}],
}
SCHEDULE = {
    "ScheduleExpression": "rate(1 minute)",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "GroupName": "g",
    "Target": {"Arn": FUNCTION, "RoleArn": "arn:aws:iam::123456789012:role/r"},
}
MAPPING = {
    "FunctionName": FUNCTION,
    "EventSourceArn": "arn:aws:kinesis:eu-west-1:123456789012:stream/s",
    "StartingPosition": "LATEST",
    "BatchSize": 5,
}
BUCKET = {"VersioningConfiguration": {"Status": "Enabled"}, "Tags": [{"Key": "a", "Value": "<b>"}]}
RULES = {"S3Key": {"Rules": [{"Name": "prefix", "Value": "a&b"}]}}
NOTIFICATIONS = {
    "Bucket": "b",
    "LambdaConfigurations": [{"Event": "s3:ObjectCreated:*", "Function": FUNCTION, "Filter": RULES}],
}
REST = {"StageName": "Prod", "Routes": [{"Path": "/a/{id}", "Method": "GET", "Function": FUNCTION}]}
HTTP = {
    "StageName": "$default",
    "Routes": [
        {"Path": None, "Method": "ANY", "Function": FUNCTION},
        {"Path": "/x", "Method": "GET", "Function": FUNCTION},
    ],
}
ROOT = {
    "item": [{"id": "r", "path": "/", "resourceMethods": {"GET": {}}}, {"id": "old", "path": "/o", "parentId": "r"}]
}
NAMED = {"GetRestApis": {"item": [{"id": "a", "name": "n"}]}}
OWNED = AwsCallError("CreateBucket", 409, "BucketAlreadyOwnedByYou", "yours")


@pytest.mark.parametrize(
    ("kind", "properties", "script", "sent"),
    [
        (
            "AWS::Events::Rule",
            RULE,
            {"PutRule": {"RuleArn": "arn"}, "ListTargetsByRule": {"Targets": [{"Id": "old"}]}},
            "PutRule ListTargetsByRule RemoveTargets PutTargets",
        ),
        ("AWS::Scheduler::Schedule", SCHEDULE, {"CreateSchedule": {"ScheduleArn": "a"}}, "GetSchedule CreateSchedule"),
        (
            "AWS::Scheduler::Schedule",
            SCHEDULE,
            {"GetSchedule": {"Name": "n"}, "UpdateSchedule": {"ScheduleArn": "a"}},
            "GetSchedule UpdateSchedule",
        ),
        (
            "AWS::Lambda::EventSourceMapping",
            MAPPING,
            {"ListEventSourceMappings": {}, "CreateEventSourceMapping": {"UUID": "u"}},
            "ListEventSourceMappings CreateEventSourceMapping",
        ),
        (
            "AWS::Lambda::EventSourceMapping",
            MAPPING,
            {
                "ListEventSourceMappings": {
                    "EventSourceMappings": [{"UUID": "gone", "State": "Deleting"}, {"UUID": "u", "State": "Enabled"}]
                },
                "UpdateEventSourceMapping": {"UUID": "u"},
            },
            "ListEventSourceMappings UpdateEventSourceMapping",
        ),
        ("AWS::S3::Bucket", BUCKET, {}, "CreateBucket PutBucketVersioning PutBucketTagging"),
        ("AWS::S3::Bucket", {}, {"CreateBucket": OWNED}, "CreateBucket"),
        (
            "AWS::S3::Bucket",
            {"NotificationConfiguration": {"LambdaConfigurations": NOTIFICATIONS["LambdaConfigurations"]}},
            {},
            "CreateBucket PutBucketNotificationConfiguration",
        ),
        ("Streamcore::BucketNotifications", NOTIFICATIONS, {}, "PutBucketNotificationConfiguration"),
        (
            "Streamcore::HttpApi",
            HTTP,
            {"GetApis": {}, "CreateApi": {"apiId": "a"}, "CreateIntegration": {"integrationId": "i"},
             "GetApi": {"apiEndpoint": "http://x"}},
            "GetApis CreateApi CreateStage CreateIntegration CreateRoute CreateIntegration CreateRoute GetApi",
        ),
        (
            "Streamcore::HttpApi",
            {"StageName": "$default", "Routes": []},
            {"GetApis": {"items": [{"apiId": "a", "name": "n"}]}, "GetRoutes": {"items": [{"routeId": "r"}]},
             "GetIntegrations": {"items": [{"integrationId": "i"}]}, "GetApi": {"apiEndpoint": "http://x"}},
            "GetApis GetRoutes DeleteRoute GetIntegrations DeleteIntegration GetApi",
        ),
        (
            "Streamcore::RestApi",
            REST,
            {"GetRestApis": {}, "CreateRestApi": {"id": "a"}, "GetResources": {"item": [{"id": "r", "path": "/"}]},
             "CreateResource": {"id": "x"}},
            "GetRestApis CreateRestApi GetResources CreateResource CreateResource PutMethod PutIntegration "
            "CreateDeployment",
        ),
        (
            "Streamcore::RestApi",
            {"StageName": "Prod", "Routes": [{"Path": "/", "Method": "GET", "Function": FUNCTION}]},
            {"GetRestApis": {"item": [{"id": "a", "name": "n"}]}, "GetResources": ROOT},
            "GetRestApis GetResources DeleteResource DeleteMethod PutMethod PutIntegration CreateDeployment",
        ),
    ],
)  # fmt: skip
async def test_making(kind: str, properties: dict[str, Any], script: Mapping[str, Any], sent: str) -> None:
    client = Scripted(script)
    await MAKERS[kind].put(deployment(client), "n", properties)
    assert client.sent == sent.split()


async def test_a_mapping_from_a_queue_is_changed_without_what_is_for_streams() -> None:
    script = {
        "ListEventSourceMappings": {"EventSourceMappings": [{"UUID": "u", "State": "Enabled"}]},
        "UpdateEventSourceMapping": {"UUID": "u"},
    }
    client = Scripted(script)
    queue = {"FunctionName": FUNCTION, "EventSourceArn": "arn:aws:sqs:eu-west-1:123456789012:q", "Enabled": False}
    await MAKERS["AWS::Lambda::EventSourceMapping"].put(deployment(client), "n", queue)
    assert client.bodies[-1] == {
        "FunctionName": FUNCTION, "Enabled": False, "FilterCriteria": {}, "FunctionResponseTypes": [],
        "MaximumBatchingWindowInSeconds": 0, "BatchSize": 10, "ScalingConfig": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "properties", "script", "sent"),
    [
        (
            "AWS::Events::Rule",
            RULE,
            {"ListTargetsByRule": {"Targets": [{"Id": "t"}]}},
            "ListTargetsByRule RemoveTargets DeleteRule",
        ),
        (
            "AWS::Events::Rule",
            RULE,
            {"ListTargetsByRule": AwsCallError("x", 400, "ResourceNotFoundException", "no")},
            "ListTargetsByRule",
        ),
        ("AWS::Scheduler::Schedule", SCHEDULE, {}, "DeleteSchedule"),
        (
            "AWS::Lambda::EventSourceMapping",
            MAPPING,
            {"ListEventSourceMappings": {"EventSourceMappings": [{"UUID": "u", "State": "Enabled"}]}},
            "ListEventSourceMappings DeleteEventSourceMapping",
        ),
        ("AWS::S3::Bucket", {}, {"DeleteBucket": AwsCallError("x", 404, "NoSuchBucket", "no")}, "DeleteBucket"),
        ("Streamcore::BucketNotifications", NOTIFICATIONS, {}, "PutBucketNotificationConfiguration"),
        ("Streamcore::HttpApi", HTTP, {"GetApis": {"items": [{"apiId": "a", "name": "n"}]}}, "GetApis DeleteApi"),
        ("Streamcore::HttpApi", HTTP, {"GetApis": {"items": [{"apiId": "a", "name": "other"}]}}, "GetApis"),
        ("Streamcore::RestApi", REST, NAMED, "GetRestApis DeleteRestApi"),
    ],
)
async def test_removing(kind: str, properties: dict[str, Any], script: Mapping[str, Any], sent: str) -> None:
    client = Scripted(script)
    await MAKERS[kind].remove(deployment(client), "n", properties)
    assert client.sent == sent.split()


async def test_a_bucket_of_somebody_elses_refusal_is_told() -> None:
    refused = AwsCallError("DeleteBucket", 409, "BucketNotEmpty", "not empty")
    with pytest.raises(AwsCallError, match="BucketNotEmpty"):
        await MAKERS["AWS::S3::Bucket"].remove(deployment(Scripted({"DeleteBucket": refused})), "n", {})


async def test_routes_are_made_below_each_other() -> None:
    script = {"GetRestApis": {}, "CreateRestApi": {"id": "a"}, "GetResources": {"item": [{"id": "r", "path": "/"}]}}
    client = Scripted(script | {"CreateResource": {"id": "x"}})
    await MAKERS["Streamcore::RestApi"].put(deployment(client), "n", REST)
    parts = [
        body["pathPart"] for name, body in zip(client.sent, client.bodies, strict=True) if name == "CreateResource"
    ]
    assert [unquote(part) for part in parts] == ["a", "{id}"]
