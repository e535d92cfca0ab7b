"""What a function's role must allow beside its code: where its outcomes go, and what feeds it."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

import pytest
from identity_support import ACCOUNT, REGION, House, allow, document, refused
from test_functions_under_enforce import eventually, make_function, make_role

from runtime.mappings.rights import ASK_EVERY_MS, Right
from streamcore.clock import ManualClock

CODE = "def handler(event, context):\n    return 1\n"
FAILING = "def handler(event, context):\n    raise ValueError('no')\n"
POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"


def queue_of(house: House, name: str) -> tuple[str, str]:
    """URL and ARN."""
    url: str = house.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def grant(house: House, role: str, *statements: dict[str, Any]) -> None:
    if not statements:
        house.client("iam").delete_role_policy(RoleName=role, PolicyName="sends")
        return
    house.client("iam").put_role_policy(RoleName=role, PolicyName="sends", PolicyDocument=document(*statements))


def received(house: House, url: str) -> list[dict[str, Any]]:
    found = house.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    return [json.loads(each["Body"]) for each in found.get("Messages", [])]


def test_a_dead_letter_queue_needs_a_role_that_may_send(house: House) -> None:
    _, queue = queue_of(house, "letters")
    make_function(house, "letters", make_role(house, "letters"), CODE)
    functions = house.client("lambda")
    update = {"FunctionName": "letters", "DeadLetterConfig": {"TargetArn": queue}}
    code, status, text = refused(lambda: functions.update_function_configuration(**update))
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert text == "The provided execution role does not have permissions to call SendMessage on SQS"
    grant(house, "letters", allow("sqs:SendMessage", queue))
    assert functions.update_function_configuration(**update)["DeadLetterConfig"] == {"TargetArn": queue}
    functions.get_waiter("function_updated_v2").wait(FunctionName="letters", WaiterConfig={"Delay": 1})
    other = make_role(house, "other-letters")
    update = {"FunctionName": "letters", "Role": other}
    assert refused(lambda: functions.update_function_configuration(**update))[0] == "InvalidParameterValueException"


def test_outcomes_go_where_the_role_may_send(house: House) -> None:
    url, queue = queue_of(house, "outcomes")
    make_function(house, "outcomes", make_role(house, "outcomes"), CODE)
    functions = house.client("lambda")
    config = {"FunctionName": "outcomes", "DestinationConfig": {"OnSuccess": {"Destination": queue}}}
    code, _, text = refused(lambda: functions.put_function_event_invoke_config(**config))
    assert code == "InvalidParameterValueException"
    assert text == f"The function's execution role does not have permissions to call SendMessage on {queue}"
    grant(house, "outcomes", allow("sqs:SendMessage", queue))
    functions.put_function_event_invoke_config(**config)
    functions.invoke(FunctionName="outcomes", InvocationType="Event", Payload=b'"first"')
    heard: list[dict[str, Any]] = []
    eventually(lambda: bool(heard.extend(received(house, url)) or heard))
    assert [each["requestPayload"] for each in heard] == ["first"]
    grant(house, "outcomes")
    functions.invoke(FunctionName="outcomes", InvocationType="Event", Payload=b'"second"')

    def failures() -> int:
        stats = house.composition.functions.asynchronous.queue.stats()
        return sum(each.destination_failures for arn, each in stats.items() if arn.endswith(":outcomes"))

    eventually(lambda: failures() == 1)
    assert house.client("sqs").receive_message(QueueUrl=url).get("Messages", []) == []


def make_stream(house: House, name: str) -> str:
    kinesis = house.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    arn: str = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    return arn


def test_a_mapping_tells_of_failures_where_the_role_may_send(house: House) -> None:
    url, queue = queue_of(house, "given-up")
    stream = make_stream(house, "given-up")
    make_function(house, "given-up", make_role(house, "given-up"), FAILING)
    house.client("iam").attach_role_policy(RoleName="given-up", PolicyArn=POLICY)
    functions = house.client("lambda")
    mapping = {
        "EventSourceArn": stream, "FunctionName": "given-up", "StartingPosition": "TRIM_HORIZON",
        "MaximumRetryAttempts": 0,
    }  # fmt: skip
    with_destination = mapping | {"DestinationConfig": {"OnFailure": {"Destination": queue}}}
    _, _, text = refused(lambda: functions.create_event_source_mapping(**with_destination))
    assert text == f"The function's execution role does not have permissions to call SendMessage on {queue}"
    uuid = functions.create_event_source_mapping(**mapping)["UUID"]
    eventually(lambda: functions.get_event_source_mapping(UUID=uuid)["State"] == "Enabled")
    update = {"UUID": uuid, "DestinationConfig": with_destination["DestinationConfig"]}
    assert refused(lambda: functions.update_event_source_mapping(**update))[0] == "InvalidParameterValueException"
    grant(house, "given-up", allow("sqs:SendMessage", queue))
    functions.update_event_source_mapping(**update)
    eventually(lambda: functions.get_event_source_mapping(UUID=uuid)["State"] == "Enabled")
    house.client("kinesis").put_record(StreamName="given-up", PartitionKey="k", Data=b"1")
    heard: list[dict[str, Any]] = []
    eventually(lambda: bool(heard.extend(received(house, url)) or heard))
    assert heard[0]["requestContext"]["condition"] == "RetryAttemptsExhausted"


def test_a_mapping_to_another_function_asks_that_ones_role(house: House) -> None:
    stream = make_stream(house, "moved")
    for name in ("reads", "reads-not"):
        make_function(house, name, make_role(house, name), CODE)
    house.client("iam").attach_role_policy(RoleName="reads", PolicyArn=POLICY)
    functions = house.client("lambda")
    mapping = {"EventSourceArn": stream, "FunctionName": "reads", "StartingPosition": "LATEST"}
    uuid = functions.create_event_source_mapping(**mapping)["UUID"]
    eventually(lambda: functions.get_event_source_mapping(UUID=uuid)["State"] == "Enabled")
    _, _, text = refused(lambda: functions.update_event_source_mapping(UUID=uuid, FunctionName="reads-not"))
    assert text.startswith(f"Cannot access stream {stream}.")


def test_a_mapping_stops_when_the_role_loses_its_right(house: House) -> None:
    stream = make_stream(house, "lost")
    make_function(house, "lost", make_role(house, "lost"), CODE)
    iam, kinesis, functions = house.client("iam"), house.client("kinesis"), house.client("lambda")
    iam.attach_role_policy(RoleName="lost", PolicyArn=POLICY)
    mapping = {"EventSourceArn": stream, "FunctionName": "lost", "StartingPosition": "TRIM_HORIZON"}
    uuid = functions.create_event_source_mapping(**mapping)["UUID"]

    def result() -> str:
        told: str = functions.get_event_source_mapping(UUID=uuid)["LastProcessingResult"]
        return told

    with mock.patch("runtime.mappings.rights.ASK_EVERY_MS", 20):
        kinesis.put_record(StreamName="lost", PartitionKey="k", Data=b"1")
        eventually(lambda: result() == "OK")
        iam.detach_role_policy(RoleName="lost", PolicyArn=POLICY)
        (poller,) = house.composition.functions.mappings[uuid].stats.values()
        kinesis.put_record(StreamName="lost", PartitionKey="k", Data=b"2")
        eventually(lambda: result().startswith("PROBLEM: Access denied"))
        handled = poller.records
        kinesis.put_record(StreamName="lost", PartitionKey="k", Data=b"3")
        iam.attach_role_policy(RoleName="lost", PolicyArn=POLICY)
        eventually(lambda: result() == "OK")
        eventually(lambda: poller.records == 3)
    assert handled < 3


@pytest.mark.parametrize(("action", "is_let"), [("DeleteMessage", False), ("*", True)])
def test_what_a_mapping_from_a_queue_needs(house: House, action: str, is_let: bool) -> None:
    from runtime.mappings.permissions import may_read
    from runtime.mappings.permissions import refused as sentence

    queue, name = f"arn:aws:sqs:{REGION}:{ACCOUNT}:fed", f"fed-{is_let}"
    role = make_role(house, name, allow(["sqs:ReceiveMessage", f"sqs:{action}"], queue))
    guard = house.composition.guard
    assert house.call(lambda: may_read(guard, role, queue)) is is_let
    text = "The provided execution role does not have permissions to call GetQueueAttributes on SQS"
    assert house.call(lambda: sentence(guard, role, queue)) == (None if is_let else text)


async def test_a_right_is_asked_for_once_a_minute() -> None:
    clock, asked, lost = ManualClock(0), [], []
    answers = [True, False, True]

    def ask() -> bool:
        asked.append(clock.now_ms())
        return answers.pop(0)

    right = Right(clock, ask, lambda: lost.append(clock.now_ms()))
    for seconds in (0, 1, 58):
        clock.advance(seconds)
        assert right.holds()
    assert asked == [0]
    clock.advance(1)
    assert not right.holds()
    assert (asked, lost) == ([0, ASK_EVERY_MS], [ASK_EVERY_MS])
    clock.advance(60)
    await right.granted()
    assert asked[-1] == 2 * ASK_EVERY_MS
