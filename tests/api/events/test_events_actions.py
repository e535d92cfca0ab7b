"""The actions of EventBridge, by what boto3 sees."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from events_harness import ACCOUNT, FUNCTION, REGION, STREAM, World, error_of

from runtime.errors import DestinationError
from streamcore.model.stream import Scope

PATTERN = json.dumps({"source": ["my.app"], "detail": {"n": [{"numeric": [">", 1]}]}})
RULE_ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
SCOPE = Scope(ACCOUNT, REGION)
NO_RULE = ("ResourceNotFoundException", "Rule none does not exist on EventBus default.")
NO_BUS = ("ResourceNotFoundException", "Event bus mine does not exist.")
BAD_SCHEDULE = ("ValidationException", "Parameter ScheduleExpression is not valid.")


def entry(**fields: Any) -> dict[str, Any]:
    return {"Source": "my.app", "DetailType": "T", "Detail": '{"n": 2}'} | fields


def test_the_life_of_a_rule(world: World) -> None:
    events = world.events
    tags = [{"Key": "team", "Value": "blue"}]
    put = events.put_rule(Name="r", EventPattern=PATTERN, Description="d", State="DISABLED", Tags=tags)
    assert put["RuleArn"] == RULE_ARN
    told = events.describe_rule(Name="r")
    told.pop("ResponseMetadata")
    assert told == {
        "Name": "r",
        "Arn": RULE_ARN,
        "EventPattern": PATTERN,
        "State": "DISABLED",
        "Description": "d",
        "EventBusName": "default",
        "CreatedBy": ACCOUNT,
    }
    events.enable_rule(Name="r", EventBusName="default")
    assert events.describe_rule(Name="r")["State"] == "ENABLED"
    events.disable_rule(Name="r")
    assert events.describe_rule(Name="r")["State"] == "DISABLED"
    world.restart()
    assert [rule["Name"] for rule in events.list_rules()["Rules"]] == ["r"]
    events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)", Tags=[{"Key": "ignored", "Value": ""}])
    assert "EventPattern" not in events.describe_rule(Name="r")
    assert events.list_tags_for_resource(ResourceARN=RULE_ARN)["Tags"] == tags
    events.delete_rule(Name="r")
    events.delete_rule(Name="r")
    assert events.list_rules()["Rules"] == []


def test_targets(world: World) -> None:
    events = world.events
    events.put_rule(Name="r", EventPattern=PATTERN)
    targets = [
        {"Id": "a", "Arn": FUNCTION, "InputPath": "$.detail", "RoleArn": "arn:aws:iam::123456789012:role/x"},
        {
            "Id": "b",
            "Arn": STREAM,
            "KinesisParameters": {"PartitionKeyPath": "$.id"},
            "InputTransformer": {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"n": <n>}'},
            "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
        },
    ]
    assert events.put_targets(Rule="r", Targets=targets)["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(Rule="r")["Targets"] == targets
    assert events.list_rule_names_by_target(TargetArn=STREAM)["RuleNames"] == ["r"]
    assert events.list_rule_names_by_target(TargetArn=STREAM + "2")["RuleNames"] == []
    page = events.list_targets_by_rule(Rule="r", Limit=1)
    assert [each["Id"] for each in page["Targets"]] == ["a"]
    rest = events.list_targets_by_rule(Rule="r", Limit=1, NextToken=page["NextToken"])
    assert [each["Id"] for each in rest["Targets"]] == ["b"]
    assert "NextToken" not in rest
    assert error_of(events.delete_rule, Name="r") == (
        "ValidationException",
        "Rule can't be deleted since it has targets.",
    )
    assert events.remove_targets(Rule="r", Ids=["a", "b", "c"])["FailedEntryCount"] == 0
    assert events.list_targets_by_rule(Rule="r")["Targets"] == []


@pytest.mark.parametrize(("target", "sentence"), [
    ({"Arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c"}, "Targets of the service ecs are not offered here"),
    ({"Arn": FUNCTION, "EcsParameters": {"TaskDefinitionArn": "x"}}, "EcsParameters is not offered here"),
    ({"Arn": FUNCTION, "AppSyncParameters": {}}, "AppSyncParameters is not offered here"),
    (
        {"Arn": FUNCTION, "DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}},
        "Dead letter queues of the service sqs are not offered here; those that are: kinesis, lambda.",
    ),
])  # fmt: skip
def test_targets_that_cannot_be_had(world: World, target: dict[str, Any], sentence: str) -> None:
    world.events.put_rule(Name="r", EventPattern=PATTERN)
    told = world.events.put_targets(Rule="r", Targets=[{"Id": "bad", **target}, {"Id": "good", "Arn": FUNCTION}])
    [failed] = told["FailedEntries"]
    assert (told["FailedEntryCount"], failed["TargetId"], failed["ErrorCode"]) == (1, "bad", "ValidationException")
    assert failed["ErrorMessage"].startswith(sentence)
    assert [each["Id"] for each in world.events.list_targets_by_rule(Rule="r")["Targets"]] == ["good"]


@pytest.mark.parametrize(("action", "given", "answer"), [
    ("describe_rule", {"Name": "none"}, NO_RULE),
    ("describe_rule", {"Name": "r", "EventBusName": "mine"}, NO_BUS),
    ("enable_rule", {"Name": "none"}, NO_RULE),
    ("disable_rule", {"Name": "none"}, NO_RULE),
    ("put_targets", {"Rule": "none", "Targets": [{"Id": "1", "Arn": FUNCTION}]}, NO_RULE),
    ("remove_targets", {"Rule": "none", "Ids": ["1"]}, NO_RULE),
    ("list_targets_by_rule", {"Rule": "none"}, NO_RULE),
    ("list_rules", {"EventBusName": "mine"}, NO_BUS),
    ("describe_event_bus", {"Name": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/mine"}, NO_BUS),
    ("list_tags_for_resource", {"ResourceARN": RULE_ARN[:-1] + "none"}, NO_RULE),
    ("put_rule", {"Name": "x", "ScheduleExpression": "rate(1 minutes)"}, BAD_SCHEDULE),
    ("put_rule", {"Name": "x", "ScheduleExpression": "at(2030-01-01T00:00:00)"}, BAD_SCHEDULE),
    (
        "put_rule",
        {"Name": "x", "ScheduleExpression": "rate(5 minutes)", "EventBusName": "mine"},
        ("ValidationException", "ScheduleExpression is supported only on the default event bus."),
    ),
    (
        "put_rule",
        {"Name": "x"},
        ("ValidationException", "Parameter(s) EventPattern or ScheduleExpression must be specified."),
    ),
    (
        "put_rule",
        {"Name": "x", "EventPattern": "[]"},
        ("InvalidEventPatternException", "Event pattern is not valid. Reason: it is no object"),
    ),
    (
        "put_targets",
        {"Rule": "r", "Targets": [{"Id": "1", "Arn": "f"}]},
        ("ValidationException", "Parameter f is not valid. Reason: Provided Arn is not in correct format."),
    ),
    (
        "put_targets",
        {"Rule": "r", "Targets": [{"Id": str(n), "Arn": FUNCTION} for n in range(6)]},
        ("LimitExceededException", "The requested resource exceeds the maximum number allowed."),
    ),
    ("list_rules", {"NextToken": "?"}, ("ValidationException", "Parameter NextToken is not valid.")),
    (
        "test_event_pattern",
        {"EventPattern": PATTERN, "Event": "{}"},
        ("ValidationException", "Parameter Event is not valid. Reason: id is a required argument."),
    ),
    (
        "put_events",
        {"Entries": [entry(Detail=json.dumps({"x": "y" * 1_048_576}))]},
        ("ValidationException", "Total size of the entries in the request is over the limit."),
    ),
])  # fmt: skip
def test_refused(world: World, action: str, given: dict[str, Any], answer: tuple[str, str]) -> None:
    world.events.put_rule(Name="r", EventPattern=PATTERN)
    assert error_of(getattr(world.events, action), **given) == answer


def test_tags_and_buses(world: World) -> None:
    events = world.events
    events.put_rule(Name="r", EventPattern=PATTERN)
    events.tag_resource(ResourceARN=RULE_ARN, Tags=[{"Key": k, "Value": k} for k in "ab"])
    events.untag_resource(ResourceARN=RULE_ARN, TagKeys=["a", "z"])
    assert events.list_tags_for_resource(ResourceARN=RULE_ARN)["Tags"] == [{"Key": "b", "Value": "b"}]
    many = [{"Key": str(n), "Value": ""} for n in range(50)]
    assert error_of(events.tag_resource, ResourceARN=RULE_ARN, Tags=many)[0] == "ValidationException"
    default = {"Name": "default", "Arn": f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"}
    assert events.list_event_buses()["EventBuses"] == [default]
    assert events.list_event_buses(NamePrefix="x")["EventBuses"] == []
    assert events.describe_event_bus()["Arn"] == default["Arn"]
    assert events.describe_event_bus(Name=default["Arn"])["Name"] == "default"


def test_pages_of_rules(world: World) -> None:
    for number in range(5):
        world.events.put_rule(Name=f"r{number}", EventPattern=PATTERN)
    world.events.put_rule(Name="other", EventPattern=PATTERN)
    first = world.events.list_rules(NamePrefix="r", Limit=3)
    second = world.events.list_rules(NamePrefix="r", Limit=3, NextToken=first["NextToken"])
    assert [rule["Name"] for rule in first["Rules"] + second["Rules"]] == [f"r{number}" for number in range(5)]
    assert "NextToken" not in second


def test_events_find_their_targets(world: World) -> None:
    world.events.put_rule(Name="r", EventPattern=PATTERN)
    world.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": FUNCTION}])
    at = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    told = world.events.put_events(Entries=[entry(Time=at, Resources=["x"]), entry(Detail='{"n": 1}')])
    assert told["FailedEntryCount"] == 0
    world.settle()
    ((arn, body, _),) = world.sent
    assert arn == FUNCTION
    assert body == {
        "version": "0",
        "id": told["Entries"][0]["EventId"],
        "detail-type": "T",
        "source": "my.app",
        "account": ACCOUNT,
        "time": "2024-01-02T03:04:05Z",
        "region": REGION,
        "resources": ["x"],
        "detail": {"n": 2},
    }


@pytest.mark.parametrize(("fields", "code", "message"), [
    ({"Source": ""}, "InvalidArgument", "Parameter Source is not valid. Reason: Source is a required argument."),
    (
        {"DetailType": ""},
        "InvalidArgument",
        "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
    ),
    ({"Detail": ""}, "InvalidArgument", "Parameter Detail is not valid. Reason: Detail is a required argument."),
    ({"Detail": "{"}, "MalformedDetail", "Detail is malformed."),
    ({"Detail": "[1]"}, "MalformedDetail", "Detail is malformed."),
    ({"Detail": "[" * 5000}, "MalformedDetail", "Detail is malformed."),
    ({"Source": "aws.s3"}, "NotAuthorizedForSourceException", "Not authorized for the source."),
    ({"Time": -1}, "InvalidArgument", "Parameter Time is not valid. Reason: it is out of range."),
    ({"EventBusName": "mine"}, "InvalidArgument", "Event bus mine does not exist."),
])  # fmt: skip
def test_bad_entries_stand_among_good_ones(world: World, fields: dict[str, Any], code: str, message: str) -> None:
    told = world.events.put_events(Entries=[entry(**fields), entry()])
    assert told["FailedEntryCount"] == 1
    assert told["Entries"][0] == {"ErrorCode": code, "ErrorMessage": message}
    assert set(told["Entries"][1]) == {"EventId"}


@pytest.mark.parametrize(("source", "result"), [("my.app", True), ("other", False)])
def test_a_pattern_is_tried(world: World, source: str, result: bool) -> None:
    event = {"id": "1", "account": ACCOUNT, "time": "2024-01-01T00:00:00Z", "region": REGION, "resources": []}
    text = json.dumps(event | {"source": source, "detail-type": "T", "detail": {"n": 2}})
    assert world.events.test_event_pattern(EventPattern=PATTERN, Event=text)["Result"] is result


def test_a_schedule_and_a_stream(world: World) -> None:
    world.run(world.broker.create_stream("s", scope=SCOPE))
    world.events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)")
    target = {"Id": "1", "Arn": STREAM, "Input": '{"go": 1}', "KinesisParameters": {"PartitionKeyPath": "$.region"}}
    world.events.put_targets(Rule="r", Targets=[target])
    world.advance(300)
    found = world.run(world.broker.read("s", "shardId-000000000000", 0, scope=SCOPE))
    assert [(record.partition_key, bytes(record.data)) for record in found.records()] == [(REGION, b'{"go": 1}')]


def test_a_delivery_is_tried_again_after_a_restart(world: World) -> None:
    world.failures = [DestinationError(FUNCTION, "busy", is_passing=True)]
    world.events.put_rule(Name="r", EventPattern=PATTERN)
    world.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": FUNCTION}])
    world.events.put_events(Entries=[entry()])
    world.settle()
    assert world.sent == []
    world.restart(off_s=2)
    assert len(world.sent) == 1


def test_a_rule_that_rested_does_not_catch_up(world: World) -> None:
    world.events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)", State="DISABLED")
    world.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": FUNCTION}])
    world.advance(3600)
    world.events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)")
    world.advance(1)
    assert world.sent == []
    world.advance(299)
    assert len(world.sent) == 1
