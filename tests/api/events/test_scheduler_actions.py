"""The actions of EventBridge Scheduler, by what boto3 sees, and what its schedules fire on a clock moved by hand."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from events_harness import ACCOUNT, FUNCTION, NOW_MS, REGION, STREAM, World, error_of

from runtime.events.bus import Missed
from runtime.model.scheduler import Schedule, ScheduleTarget, next_ms
from streamcore.api.http import Request
from streamcore.errors import StorageFull
from streamcore.model.stream import Scope

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
OFF = {"Mode": "OFF"}
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
GROUP_ARN = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule-group/g"
SCOPE = Scope(ACCOUNT, REGION)


def given(name: str = "s", expression: str = "rate(5 minutes)", **fields: Any) -> dict[str, Any]:
    target = {"Arn": FUNCTION, "RoleArn": ROLE, "Input": '{"go": 1}'} | fields.pop("Target", {})
    return {"Name": name, "ScheduleExpression": expression, "FlexibleTimeWindow": OFF, "Target": target} | fields


def test_the_life_of_a_schedule(world: World) -> None:
    scheduler = world.scheduler
    arn = f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/s"
    fields = {
        "Description": "d",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "StartDate": NOW + timedelta(hours=1),
        "EndDate": NOW + timedelta(days=1),
        "State": "DISABLED",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        "ActionAfterCompletion": "DELETE",
    }
    assert scheduler.create_schedule(**given(**fields))["ScheduleArn"] == arn
    world.restart()
    told = scheduler.get_schedule(Name="s")
    retry = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
    assert {key: told[key] for key in fields} == fields
    assert told["Target"] == {"Arn": FUNCTION, "RoleArn": ROLE, "Input": '{"go": 1}', "RetryPolicy": retry}
    assert (told["Arn"], told["GroupName"], told["CreationDate"]) == (arn, "default", NOW)
    scheduler.update_schedule(**given(expression="cron(0 10 * * ? *)"))
    told = scheduler.get_schedule(Name="s", GroupName="default")
    assert (told["ScheduleExpression"], told["State"]) == ("cron(0 10 * * ? *)", "ENABLED")
    assert (told["ScheduleExpressionTimezone"], told["ActionAfterCompletion"]) == ("UTC", "NONE")
    assert "Description" not in told
    scheduler.delete_schedule(Name="s")
    assert error_of(scheduler.get_schedule, Name="s") == ("ResourceNotFoundException", "Schedule s does not exist.")


def test_the_same_request_again(world: World) -> None:
    first = world.scheduler.create_schedule(**given(ClientToken="t"))
    assert world.scheduler.create_schedule(**given(ClientToken="t"))["ScheduleArn"] == first["ScheduleArn"]
    assert error_of(world.scheduler.create_schedule, **given(ClientToken="u")) == (
        "ConflictException",
        "Schedule s already exists.",
    )
    world.scheduler.create_schedule_group(Name="g", ClientToken="t")
    world.scheduler.create_schedule_group(Name="g", ClientToken="t")
    assert error_of(world.scheduler.create_schedule_group, Name="g")[0] == "ConflictException"


def test_groups(world: World) -> None:
    scheduler = world.scheduler
    tags = [{"Key": "a", "Value": "1"}]
    assert scheduler.create_schedule_group(Name="g", Tags=tags)["ScheduleGroupArn"] == GROUP_ARN
    scheduler.create_schedule(**given("one", GroupName="g"))
    scheduler.create_schedule(**given("two", GroupName="g", State="DISABLED"))
    scheduler.create_schedule(**given("one"))
    scheduler.tag_resource(ResourceArn=GROUP_ARN, Tags=[{"Key": "b", "Value": "2"}])
    scheduler.untag_resource(ResourceArn=GROUP_ARN, TagKeys=["a"])
    world.restart()
    assert scheduler.list_tags_for_resource(ResourceArn=GROUP_ARN)["Tags"] == [{"Key": "b", "Value": "2"}]
    names = [group["Name"] for group in scheduler.list_schedule_groups()["ScheduleGroups"]]
    assert names == ["default", "g"]
    group = scheduler.get_schedule_group(Name="g")
    assert (group["Arn"], group["State"], group["CreationDate"]) == (GROUP_ARN, "ACTIVE", NOW)

    def listed(**fields: Any) -> list[tuple[str, str]]:
        return [(each["GroupName"], each["Name"]) for each in scheduler.list_schedules(**fields)["Schedules"]]

    assert listed() == [("default", "one"), ("g", "one"), ("g", "two")]
    assert listed(GroupName="g", State="ENABLED") == [("g", "one")]
    assert listed(NamePrefix="t") == [("g", "two")]
    page = scheduler.list_schedules(MaxResults=2)
    assert len(page["Schedules"]) == 2
    assert listed(NextToken=page["NextToken"]) == [("g", "two")]
    scheduler.delete_schedule_group(Name="g")
    assert listed() == [("default", "one")]
    assert error_of(scheduler.delete_schedule_group, Name="default")[0] == "ValidationException"
    world.restart()
    assert listed() == [("default", "one")]


NO_GROUP = ("ResourceNotFoundException", "Schedule group none does not exist.")


@pytest.mark.parametrize(("action", "fields", "answer"), [
    ("create_schedule", given(GroupName="none"), NO_GROUP),
    ("list_schedules", {"GroupName": "none"}, NO_GROUP),
    ("delete_schedule_group", {"Name": "none"}, NO_GROUP),
    ("get_schedule_group", {"Name": "none"}, NO_GROUP),
    ("list_tags_for_resource", {"ResourceArn": GROUP_ARN[:-1] + "none"}, NO_GROUP),
    ("update_schedule", given(), ("ResourceNotFoundException", "Schedule s does not exist.")),
    ("delete_schedule", {"Name": "s"}, ("ResourceNotFoundException", "Schedule s does not exist.")),
    (
        "create_schedule",
        given(expression="rate(10 seconds)"),
        ("ValidationException", "Invalid Schedule Expression rate(10 seconds)."),
    ),
    (
        "create_schedule",
        given(ScheduleExpressionTimezone="Mars/Base"),
        ("ValidationException", "The provided timezone Mars/Base is invalid."),
    ),
    (
        "create_schedule",
        given(StartDate=NOW, EndDate=NOW),
        ("ValidationException", "The StartDate you specify must be earlier than the EndDate."),
    ),
    (
        "create_schedule",
        given(FlexibleTimeWindow={"Mode": "FLEXIBLE"}),
        (
            "ValidationException",
            "MaximumWindowInMinutes must be specified with the mode FLEXIBLE, and only with it.",
        ),
    ),
    ("list_schedules", {"NextToken": "?"}, ("ValidationException", "Invalid NextToken.")),
])  # fmt: skip
def test_refused(world: World, action: str, fields: dict[str, Any], answer: tuple[str, str]) -> None:
    assert error_of(getattr(world.scheduler, action), **fields) == answer


@pytest.mark.parametrize(("target", "sentence"), [
    ({"Arn": "f"}, "Provided Arn is not in correct format."),
    ({"Arn": "arn:aws:scheduler:::aws-sdk:ec2:createSnapshot"}, "Targets of the service scheduler are not offered"),
    ({"EcsParameters": {}}, "EcsParameters is not offered here"),
    ({"KinesisParameters": {"PartitionKey": "k"}}, "Target parameters of kinesis are not for a target of the service"),
    ({"Arn": STREAM}, "KinesisParameters must be specified"),
    ({"Arn": BUS}, "EventBridgeParameters must be specified"),
    ({"Arn": BUS + "2", "EventBridgeParameters": {"DetailType": "T", "Source": "s"}}, "Of event buses, the default"),
    ({"DeadLetterConfig": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"}}, "Dead letter queues are not offered here."),
    (
        {"Arn": BUS, "EventBridgeParameters": {"DetailType": "T", "Source": "s"}, "Input": "[]"},
        "Input of an event bus has to be a JSON object.",
    ),
    ({"Input": "x" * 262_145}, "Input is more than 262144 bytes."),
])  # fmt: skip
def test_targets_that_cannot_be_had(world: World, target: dict[str, Any], sentence: str) -> None:
    code, message = error_of(world.scheduler.create_schedule, **given(Target=target))
    assert code == "ValidationException"
    assert message.startswith(sentence)


def test_a_rate_fires_at_once_and_goes_on(world: World) -> None:
    world.scheduler.create_schedule(**given())
    world.advance(0)
    assert len(world.sent) == 1
    world.advance(299)
    assert len(world.sent) == 1
    world.advance(1)
    assert [body for _, body, _ in world.sent] == [{"go": 1}, {"go": 1}]
    world.scheduler.update_schedule(**given(State="DISABLED"))
    world.advance(3600)
    assert len(world.sent) == 2


def test_once_and_then_gone(world: World) -> None:
    target = {"Input": '{"arn": "<aws.scheduler.schedule-arn>", "at": "<aws.scheduler.scheduled-time>"}'}
    once = given(expression="at(2023-11-14T23:20:00)", ScheduleExpressionTimezone="Europe/Berlin", Target=target)
    world.scheduler.create_schedule(**once, ActionAfterCompletion="DELETE")
    world.advance(359)
    assert world.sent == []
    world.advance(1)
    ((_, body, _),) = world.sent
    assert body == {
        "arn": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/s",
        "at": "2023-11-14T22:20:00Z",
    }
    assert world.scheduler.list_schedules()["Schedules"] == []
    world.restart(off_s=3600)
    assert len(world.sent) == 1


def test_a_window(world: World) -> None:
    world.app.schedules._chance = lambda: 0.5
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10}
    world.scheduler.create_schedule(**given(expression="at(2023-11-14T22:20:00)", FlexibleTimeWindow=window))
    world.advance(360)
    world.restart(off_s=299)
    assert world.sent == []
    world.advance(1)
    assert len(world.sent) == 1


def test_without_an_input(world: World) -> None:
    schedule = given(expression="at(2023-11-14T22:15:00)")
    del schedule["Target"]["Input"]
    world.scheduler.create_schedule(**schedule)
    world.advance(60)
    ((_, body, _),) = world.sent
    body.pop("id")
    assert body == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": "2023-11-14T22:15:00Z",
        "region": REGION,
        "resources": [f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/s"],
        "detail": "{}",
    }


def test_a_stream_and_the_bus(world: World) -> None:
    world.run(world.broker.create_stream("s", scope=SCOPE))
    stream = {"Arn": STREAM, "KinesisParameters": {"PartitionKey": "k"}}
    bus = {"Arn": BUS, "EventBridgeParameters": {"DetailType": "T", "Source": "mine"}}
    world.scheduler.create_schedule(**given("a", Target=stream))
    world.scheduler.create_schedule(**given("b", Target=bus))
    world.events.put_rule(Name="r", EventPattern=json.dumps({"source": ["mine"], "detail-type": ["T"]}))
    world.events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": FUNCTION, "InputPath": "$.detail"}])
    world.advance(300)
    found = world.run(world.broker.read("s", "shardId-000000000000", 0, scope=SCOPE))
    assert {(record.partition_key, bytes(record.data)) for record in found.records()} == {("k", b'{"go": 1}')}
    assert {(arn, body["go"]) for arn, body, _ in world.sent} == {(FUNCTION, 1)}


@pytest.mark.parametrize(("missed", "times"), [(Missed.ONCE, 1), (Missed.ALL, 6), (Missed.SKIP, 0)])
def test_what_was_missed(missed: Missed, times: int) -> None:
    world = World(missed=missed)
    try:
        world.scheduler.create_schedule(**given(expression="rate(10 minutes)"))
        world.advance(0)
        world.sent.clear()
        world.restart(off_s=65 * 60)
        assert len(world.sent) == times
        world.advance(300)
        assert len(world.sent) == times + 1
    finally:
        world.close()


def test_the_least_interval() -> None:
    world = World(least_interval_ms=300_000)
    try:
        world.scheduler.create_schedule(**given())
        code, message = error_of(world.scheduler.create_schedule, **given("t", expression="rate(4 minutes)"))
        assert (code, message[-37:]) == ("ValidationException", "The least interval is 5 minutes here.")
    finally:
        world.close()


def minutes(expression: str, count: int = 4, **fields: Any) -> list[int]:
    """The first times, in minutes after NOW."""
    schedule = Schedule(
        name="s", group="g", account=ACCOUNT, region=REGION, expression=expression, origin_ms=NOW_MS,
        fired_ms=NOW_MS - 1, target=ScheduleTarget(arn=FUNCTION, role=ROLE), **fields,
    )  # fmt: skip
    found: list[int] = []
    while len(found) < count and (at_ms := next_ms(schedule)) is not None:
        found.append((at_ms - NOW_MS) // 60_000)
        schedule = msgspec.structs.replace(schedule, fired_ms=at_ms)
    return found


@pytest.mark.parametrize(("expression", "fields", "expected"), [
    ("rate(5 minutes)", {}, [0, 5, 10, 15]),
    ("rate(5 minutes)", {"start_ms": NOW_MS + 120_000}, [2, 7, 12, 17]),
    ("rate(5 minutes)", {"start_ms": NOW_MS - 120_000}, [3, 8, 13, 18]),
    ("rate(5 minutes)", {"end_ms": NOW_MS + 600_000}, [0, 5, 10]),
    ("rate(5 minutes)", {"end_ms": NOW_MS - 1}, []),
    ("cron(0/10 * * * ? *)", {}, [6, 16, 26, 36]),
    ("cron(0/10 * * * ? *)", {"start_ms": NOW_MS + 960_000, "end_ms": NOW_MS + 1_560_000}, [16, 26]),
    ("cron(0 0 * * ? *)", {"zone": "Asia/Kolkata"}, [1216, 2656, 4096, 5536]),
    ("at(2023-11-14T22:15:00)", {"start_ms": NOW_MS + 10**9, "end_ms": 1}, [1]),
    ("at(2023-11-14T22:13:00)", {}, []),
])  # fmt: skip
def test_times(expression: str, fields: dict[str, Any], expected: list[int]) -> None:
    assert minutes(expression, **fields) == expected


def test_a_firing_that_cannot_be_kept_comes_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any) -> None:
        raise StorageFull(path="/volume")

    world.scheduler.create_schedule(**given(expression="at(2023-11-14T22:15:00)"))
    with monkeypatch.context() as patched:
        patched.setattr(world.app.outbox, "put", full)
        world.advance(60)
    assert world.sent == []
    world.advance(10)
    assert len(world.sent) == 1


def test_two_changes_at_once_both_stay(world: World) -> None:
    """What is read to be changed is not changed by others meanwhile."""
    world.events.put_rule(Name="r", ScheduleExpression="rate(5 minutes)")

    async def put(number: int) -> None:
        body = {"Rule": "r", "Targets": [{"Id": str(number), "Arn": FUNCTION}]}
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": "AWSEvents.PutTargets",
            "authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20231114/{REGION}/events/aws4_request, "
            "SignedHeaders=host;x-amz-date, Signature=0a",
            "x-amz-date": "20231114T221320Z",
        }
        answer = await world.endpoint.handle(Request("POST", "/", headers, json.dumps(body).encode()))
        assert answer.status == 200

    async def all_at_once() -> None:
        await asyncio.gather(*(put(number) for number in range(5)))

    world.run(all_at_once())
    assert len(world.events.list_targets_by_rule(Rule="r")["Targets"]) == 5
