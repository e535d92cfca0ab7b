"""Mappings from queues by boto3: answers, refusals and states as AWS tells them; what runs is a stand-in."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import pytest
from lambda_harness import ACCOUNT, NOW_MS, REGION, World, arn
from test_lambda_event_sources import NEW, NOBODY, get, settle, until

from runtime.model.invocation import Status
from runtime.model.queue_message import Content
from runtime.model.queue_settings import QueueRecord
from runtime.queues.queue import Queue
from runtime.queues.sending import Outgoing

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"
INVALID = "InvalidParameterValueException"


def make_queue(world: World, name: str = "q", **attributes: str) -> Queue:
    if name.endswith(".fifo"):
        attributes["FifoQueue"] = "true"
    record = QueueRecord(
        id=uuid4().hex, name=name, account=ACCOUNT, region=REGION, attributes=attributes,
        created_ms=NOW_MS, modified_ms=NOW_MS,
    )  # fmt: skip
    made: Queue = world.run(world.queues.create(record))
    return made


def send(world: World, *bodies: str, name: str = "q") -> None:
    queue = world.queues.find(ACCOUNT, REGION, name)
    world.run(world.queues.send(queue, [Outgoing(content=Content(body), sender=ACCOUNT) for body in bodies]))


def create(world: World, **given: Any) -> Any:
    return world.client.create_event_source_mapping(**({"FunctionName": "f", "EventSourceArn": QUEUE} | given))


def result(world: World, uuid: str) -> str:
    """As it is kept; what of it is told is another matter."""
    return world.functions.event_source_mappings.records[uuid].last_result


def handled(world: World) -> list[str]:
    events = [json.loads(event) for _, event, _ in world.answers.runs]
    return [record["body"] for event in events for record in event["Records"]]


@pytest.fixture
def there(world: World) -> World:
    """A function `f` and queues `q` and `q.fifo`."""
    world.create()
    make_queue(world)
    make_queue(world, "q.fifo")
    return world


def test_a_new_mapping_as_aws_tells_it(there: World) -> None:
    told = create(there)
    told.pop("ResponseMetadata")
    uuid = told["UUID"]
    assert told == {
        "UUID": uuid,
        "BatchSize": 10,
        "MaximumBatchingWindowInSeconds": 0,
        "EventSourceArn": QUEUE,
        "EventSourceMappingArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}",
        "FunctionArn": arn("f"),
        "FunctionResponseTypes": [],
        "LastModified": NEW,
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
    }
    settle(there)
    assert get(there, uuid) == told | {"State": "Enabled"}
    listed = there.client.list_event_source_mappings(EventSourceArn=QUEUE, FunctionName="f")["EventSourceMappings"]
    assert [each["UUID"] for each in listed] == [uuid]
    assert there.client.list_event_source_mappings(EventSourceArn=QUEUE + "x")["EventSourceMappings"] == []


OPTIONS: dict[str, Any] = {
    "BatchSize": 10_000,
    "MaximumBatchingWindowInSeconds": 300,
    "FilterCriteria": {"Filters": [{"Pattern": '{"body":{"kind":["new"]}}'}]},
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "ScalingConfig": {"MaximumConcurrency": 2},
    "KMSKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/k",
    "MetricsConfig": {"Metrics": ["EventCount"]},
}


def test_every_option_is_told_changed_and_taken_back(there: World) -> None:
    told = create(there, **OPTIONS, Tags={"team": "blue"})
    assert {name: told[name] for name in OPTIONS} == OPTIONS
    settle(there)
    there.restart()
    uuid = told["UUID"]
    assert {name: get(there, uuid)[name] for name in OPTIONS} == OPTIONS
    assert there.client.list_tags(Resource=told["EventSourceMappingArn"])["Tags"] == {"team": "blue"}
    back = {
        "BatchSize": 1, "MaximumBatchingWindowInSeconds": 0, "FilterCriteria": {}, "FunctionResponseTypes": [],
        "ScalingConfig": {}, "KMSKeyArn": "", "DestinationConfig": {},
    }  # fmt: skip
    told = there.client.update_event_source_mapping(UUID=uuid, **back)
    assert told["State"] == "Updating"
    assert not {"FilterCriteria", "ScalingConfig", "KMSKeyArn", "DestinationConfig"} & set(told)
    settle(there)
    assert (get(there, uuid)["BatchSize"], get(there, uuid)["State"]) == (1, "Enabled")


UNSUPPORTED = {
    "ParallelizationFactor": 1,
    "MaximumRecordAgeInSeconds": 60,
    "BisectBatchOnFunctionError": False,
    "MaximumRetryAttempts": 0,
    "TumblingWindowInSeconds": 0,
    "DestinationConfig": {"OnFailure": {"Destination": QUEUE}},
    "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": "x"}],
    "ProvisionedPollerConfig": {"MinimumPollers": 2},
    "Queues": ["q"],
}


@pytest.mark.parametrize("member", UNSUPPORTED)
def test_options_of_other_sources(there: World, member: str) -> None:
    refused = (INVALID, f"Unsupported {member} parameter for given event source mapping type.")
    given = {member: UNSUPPORTED[member]}
    assert there.fails("create_event_source_mapping", FunctionName="f", EventSourceArn=QUEUE, **given) == refused
    if member == "Queues":
        return
    uuid = create(there)["UUID"]
    settle(there)
    assert there.fails("update_event_source_mapping", UUID=uuid, **given) == refused


WINDOW = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "position": ({"StartingPosition": "LATEST"}, "StartingPosition is not valid for SQS event sources."),
    "timestamp": (
        {"StartingPositionTimestamp": 1},
        "StartingPositionTimestamp is not valid for SQS event sources.",
    ),
    "batch": ({"BatchSize": 11}, WINDOW),
    "batch-window-0": ({"BatchSize": 10_000, "MaximumBatchingWindowInSeconds": 0}, WINDOW),
    "fifo-batch": (
        {"EventSourceArn": f"{QUEUE}.fifo", "BatchSize": 11},
        "Batch size must not exceed 10 for FIFO queues",
    ),
    "fifo-window": (
        {"EventSourceArn": f"{QUEUE}.fifo", "MaximumBatchingWindowInSeconds": 1},
        "Batching window is not supported for FIFO queues",
    ),
    "no-queue": (
        {"EventSourceArn": f"{QUEUE}x"},
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
        "SQS Error Message: The specified queue does not exist.",
    ),
    "no-function": ({"FunctionName": "nobody"}, "Function does not exist"),
    "no-pattern": ({"FilterCriteria": {"Filters": [{"Pattern": "["}]}}, "Invalid filter pattern definition."),
    "visibility": (
        {"FunctionName": "slow"},
        "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(there: World, case: str) -> None:
    there.create("slow", Timeout=60)
    given, message = REFUSED[case]
    asked = {"FunctionName": "f", "EventSourceArn": QUEUE} | given
    assert there.fails("create_event_source_mapping", **asked) == (INVALID, message)
    assert there.client.list_event_source_mappings()["EventSourceMappings"] == []


@pytest.mark.parametrize("value", [1, 1001])
def test_a_concurrency_out_of_range(there: World, value: int) -> None:
    asked = {"FunctionName": "f", "EventSourceArn": QUEUE, "ScalingConfig": {"MaximumConcurrency": value}}
    code, message = there.fails("create_event_source_mapping", **asked)
    assert code == "ValidationException"
    assert f"Value '{value}' at 'scalingConfig.maximumConcurrency' failed to satisfy constraint" in message


def test_changes_that_cannot_be(there: World) -> None:
    there.create("slow", Timeout=60)
    uuid = create(there)["UUID"]
    settle(there)
    for given, message in (
        ({"BatchSize": 11}, WINDOW),
        ({"FunctionName": "slow"}, REFUSED["visibility"][1]),
    ):
        assert there.fails("update_event_source_mapping", UUID=uuid, **given) == (INVALID, message)
    assert there.fails("update_event_source_mapping", UUID=NOBODY)[0] == "ResourceNotFoundException"
    assert get(there, uuid)["State"] == "Enabled"


def test_the_same_again_is_a_conflict(there: World) -> None:
    uuid = create(there)["UUID"]
    assert there.fails("create_event_source_mapping", FunctionName=arn("f"), EventSourceArn=QUEUE) == (
        "ResourceConflictException",
        f'An event source mapping with SQS arn (" {QUEUE} ") and function (" f ") already exists. '
        f"Please update or delete the existing mapping with UUID {uuid}",
    )
    assert create(there, EventSourceArn=f"{QUEUE}.fifo")["State"] == "Creating"


# ---------------------------------------------------------------- at work


def test_it_is_disabled_enabled_and_deleted(there: World) -> None:
    uuid = create(there, Enabled=False)["UUID"]
    settle(there)
    send(there, "a")
    assert (get(there, uuid)["State"], handled(there)) == ("Disabled", [])
    assert there.client.update_event_source_mapping(UUID=uuid, Enabled=True)["State"] == "Enabling"
    settle(there)
    until(there, lambda: handled(there) == ["a"])
    assert there.client.update_event_source_mapping(UUID=uuid, Enabled=False)["State"] == "Disabling"
    settle(there)
    send(there, "b")
    assert there.client.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    settle(there)
    assert there.fails("get_event_source_mapping", UUID=uuid)[0] == "ResourceNotFoundException"
    queue = there.queues.find(ACCOUNT, REGION, "q")
    assert (handled(there), there.queues.counts(queue)) == (["a"], (1, 0, 0))


def test_it_survives_a_restart(there: World) -> None:
    uuid = create(there)["UUID"]
    settle(there)
    there.restart()
    send(there, "a")
    until(there, lambda: handled(there) == ["a"])
    assert get(there, uuid)["State"] == "Enabled"


def test_a_queue_that_is_deleted_and_made_again(there: World) -> None:
    uuid = create(there)["UUID"]
    settle(there)
    there.run(there.queues.delete(there.queues.find(ACCOUNT, REGION, "q")))
    until(there, lambda: result(there, uuid) == "PROBLEM: Queue does not exist")
    told = get(there, uuid)
    assert (told["State"], told["LastProcessingResult"]) == ("Enabled", "PROBLEM: Queue does not exist")
    assert there.functions.event_source_mappings.running == {}
    assert there.fails("update_event_source_mapping", UUID=uuid, BatchSize=1) == (INVALID, REFUSED["no-queue"][1])
    there.restart()
    assert get(there, uuid)["LastProcessingResult"] == "PROBLEM: Queue does not exist"
    make_queue(there)
    send(there, "a")
    until(there, lambda: handled(there) == ["a"])
    assert "LastProcessingResult" not in get(there, uuid)


def test_without_its_queue_it_can_be_disabled_and_deleted(there: World) -> None:
    uuid = create(there)["UUID"]
    settle(there)
    there.run(there.queues.delete(there.queues.find(ACCOUNT, REGION, "q")))
    settle(there)
    there.client.update_event_source_mapping(UUID=uuid, Enabled=False)
    settle(there)
    assert get(there, uuid)["State"] == "Disabled"
    there.client.delete_event_source_mapping(UUID=uuid)
    settle(there)
    assert there.functions.event_source_mappings.records == {}


def test_a_function_that_fails_is_told(there: World) -> None:
    uuid = create(there)["UUID"]
    settle(there)
    there.answers.status, there.answers.payload = Status.FUNCTION_ERROR, b"{}"
    send(there, "a")
    until(there, lambda: result(there, uuid) == "PROBLEM: Function call failed")
    assert get(there, uuid)["LastProcessingResult"] == "PROBLEM: Function call failed"
    there.answers.status = Status.SUCCESS
    send(there, "b")
    until(there, lambda: result(there, uuid) == "OK")
    assert "LastProcessingResult" not in get(there, uuid)


def test_a_function_that_goes_and_comes(there: World) -> None:
    create(there)
    settle(there)
    there.client.delete_function(FunctionName="f")
    settle(there)
    send(there, "a")
    assert there.queues.counts(there.queues.find(ACCOUNT, REGION, "q")) == (1, 0, 0)
    there.create()
    until(there, lambda: handled(there) == ["a"])


def test_a_reservation_is_kept_and_burns_no_receives(there: World) -> None:
    there.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    there.answers.gate = asyncio.Event()
    create(there, BatchSize=1)
    settle(there)
    send(there, *"abcdef")
    until(there, lambda: len(there.answers.runs) == 1)
    there.answers.gate.set()
    queue = there.queues.find(ACCOUNT, REGION, "q")
    until(there, lambda: there.queues.counts(queue) == (0, 0, 0))
    events = [json.loads(event) for _, event, _ in there.answers.runs]
    assert sorted(handled(there)) == list("abcdef")
    assert {event["Records"][0]["attributes"]["ApproximateReceiveCount"] for event in events} == {"1"}


# ---------------------------------------------------------------- destinations of a kind there is not

ELSEWHERE = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/d"
DESTINATIONS: dict[str, tuple[str, dict[str, Any], str]] = {
    "put-success": (
        "put_function_event_invoke_config",
        {"DestinationConfig": {"OnSuccess": {"Destination": ELSEWHERE}}},
        f"The destination ARN {ELSEWHERE} is invalid.",
    ),
    "update-failure": (
        "update_function_event_invoke_config",
        {"DestinationConfig": {"OnFailure": {"Destination": ELSEWHERE}}},
        f"The destination ARN {ELSEWHERE} is invalid.",
    ),
    "dead-letters": (
        "update_function_configuration",
        {"DeadLetterConfig": {"TargetArn": ELSEWHERE}},
        f"Invalid dead letter queue ARN: {ELSEWHERE}",
    ),
}


@pytest.mark.parametrize("case", DESTINATIONS)
def test_destinations_that_are_not_offered(there: World, case: str) -> None:
    action, given, message = DESTINATIONS[case]
    config = {"DestinationConfig": {"OnSuccess": {"Destination": QUEUE}}, "MaximumRetryAttempts": 1}
    there.client.put_function_event_invoke_config(FunctionName="f", **config)
    assert there.fails(action, FunctionName="f", **given) == (INVALID, message)
    kept = there.client.get_function_event_invoke_config(FunctionName="f")
    assert kept["DestinationConfig"]["OnSuccess"] == {"Destination": QUEUE}
    assert "DeadLetterConfig" not in there.client.get_function_configuration(FunctionName="f")


def test_a_function_with_dead_letters_elsewhere_is_not_made(there: World) -> None:
    code, _ = there.fails(
        "create_function", FunctionName="g", Role=f"arn:aws:iam::{ACCOUNT}:role/r", Runtime="python3.12",
        Handler="app.handler", Code={"ZipFile": b"x"}, DeadLetterConfig={"TargetArn": ELSEWHERE},
    )  # fmt: skip
    assert code == INVALID
    assert there.fails("get_function", FunctionName="g")[0] == "ResourceNotFoundException"
