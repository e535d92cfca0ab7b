"""Event source mappings by boto3: answers, refusals and states as AWS tells them; what runs is a stand-in."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from lambda_harness import ACCOUNT, NOW_MS, REGION, ZIP, World, archive, arn

from runtime.mappings.failures import OBJECT_KEY
from runtime.model.invocation import Outcome, Status
from runtime.model.names import FunctionRef
from streamcore.model.stream import Scope

SCOPE = Scope(ACCOUNT, REGION)
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
INVALID = "InvalidParameterValueException"
MISSING = ("ResourceNotFoundException", "The resource you requested does not exist.")
NOBODY = "00000000-0000-0000-0000-000000000000"
NEW = datetime.fromtimestamp(NOW_MS / 1000, UTC)


@pytest.fixture
def there(world: World) -> World:
    """A world with a function `f` and a stream `s`."""
    world.create()
    world.run(world.broker.create_stream("s", scope=SCOPE))
    return world


def create(world: World, **given: Any) -> Any:
    given = {"FunctionName": "f", "EventSourceArn": STREAM, "StartingPosition": "TRIM_HORIZON"} | given
    return world.client.create_event_source_mapping(**given)


def get(world: World, uuid: str) -> Any:
    told = world.client.get_event_source_mapping(UUID=uuid)
    told.pop("ResponseMetadata")
    return told


def until(world: World, condition: Callable[[], bool]) -> None:
    """Lets the broker run until something is so; time does not pass."""

    async def wait() -> None:
        while not condition():  # noqa: ASYNC110  there is no event for "whatever a test asks"; no time passes here
            await asyncio.sleep(0)

    world.run(asyncio.wait_for(wait(), 10))


def settle(world: World) -> None:
    """Changes that were begun are done."""

    async def ended() -> None:
        while tasks := world.functions.event_source_mappings._tasks:
            await asyncio.gather(*tasks)

    world.run(ended())


def put(world: World, *data: str, stream: str = STREAM) -> None:
    world.run(world.broker.put_records(stream, ["k"] * len(data), [each.encode() for each in data]))


def batches(world: World, start: int = 0) -> list[list[str]]:
    """What the function was invoked with."""
    events = [json.loads(event) for _, event, _ in world.answers.runs[start:]]
    return [[b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]] for event in events]


def drain(world: World, uuid: str) -> None:
    world.run(asyncio.wait_for(world.functions.mappings[uuid].drained(), 10))


def records_of(world: World, stream: str) -> list[bytes]:
    async def read() -> list[bytes]:
        result = await world.broker.read(stream, "shardId-000000000000", 0)
        return [data for chunk in result.chunks for data in chunk.datas]

    found: list[bytes] = world.run(read())
    return found


# ---------------------------------------------------------------- answers


def test_a_mapping_as_aws_tells_it(there: World) -> None:
    told = create(there)
    told.pop("ResponseMetadata")
    uuid = told["UUID"]
    assert told == {
        "UUID": uuid,
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 0,
        "ParallelizationFactor": 1,
        "EventSourceArn": STREAM,
        "FunctionArn": arn("f"),
        "LastModified": told["LastModified"],
        "LastProcessingResult": "No records processed",
        "State": "Creating",
        "StateTransitionReason": "User action",
        "DestinationConfig": {"OnFailure": {}},
        "MaximumRecordAgeInSeconds": -1,
        "BisectBatchOnFunctionError": False,
        "MaximumRetryAttempts": -1,
        "TumblingWindowInSeconds": 0,
        "FunctionResponseTypes": [],
        "EventSourceMappingArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:event-source-mapping:{uuid}",
    }
    assert told["LastModified"] == NEW
    settle(there)
    assert get(there, uuid) == told | {"State": "Enabled"}


ALL_OPTIONS = {
    "BatchSize": 10_000,
    "MaximumBatchingWindowInSeconds": 300,
    "ParallelizationFactor": 10,
    "MaximumRecordAgeInSeconds": 604_800,
    "MaximumRetryAttempts": 10_000,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "DestinationConfig": {"OnFailure": {"Destination": STREAM}},
    "FilterCriteria": {"Filters": [{"Pattern": '{"data":{"n":[1]}}'}, {"Pattern": '{"partitionKey":["k"]}'}]},
    "KMSKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/k",
    "MetricsConfig": {"Metrics": ["EventCount"]},
}


def test_every_option_is_kept_also_through_a_restart(there: World) -> None:
    given = ALL_OPTIONS | {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": NOW_MS / 1000 - 3}
    uuid = create(there, **given, Enabled=False, Tags={"team": "x"})["UUID"]
    settle(there)
    told = get(there, uuid)
    assert {name: told[name] for name in ALL_OPTIONS} == ALL_OPTIONS
    assert told["StartingPositionTimestamp"].timestamp() == NOW_MS / 1000 - 3
    assert told["State"] == "Disabled"
    there.restart()
    assert get(there, uuid) == told
    assert there.client.list_tags(Resource=told["EventSourceMappingArn"])["Tags"] == {"team": "x"}


def test_every_option_is_changed_and_taken_back(there: World) -> None:
    first = create(there)
    settle(there)
    uuid = first["UUID"]
    told = there.client.update_event_source_mapping(UUID=uuid, **ALL_OPTIONS)
    assert told["State"] == "Updating"
    settle(there)
    told = get(there, uuid)
    assert {name: told[name] for name in ALL_OPTIONS} == ALL_OPTIONS
    defaults = {name: first[name] for name in ALL_OPTIONS if name in first}
    nothing = {"FilterCriteria": {}, "KMSKeyArn": "", "MetricsConfig": {}, "DestinationConfig": {"OnFailure": {}}}
    there.client.update_event_source_mapping(UUID=uuid, **(defaults | nothing))
    settle(there)
    first.pop("ResponseMetadata")
    assert get(there, uuid) == first | {"State": "Enabled", "MetricsConfig": {"Metrics": []}}


# ---------------------------------------------------------------- refusals

REFUSED = {
    "no-source": ({"EventSourceArn": None}, "Unrecognized event source."),
    "another-source": (
        {"EventSourceArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:t"},
        f"Unrecognized event source, must be kinesis or sqs. Unsupported source: arn:aws:sns:{REGION}:{ACCOUNT}:t",
    ),
    "no-stream": ({"EventSourceArn": f"{STREAM}x"}, f"Stream not found: {STREAM}x"),
    "no-consumer": ({"EventSourceArn": f"{STREAM}/consumer/c:1"}, f"Consumer not found: {STREAM}/consumer/c:1"),
    "no-function": ({"FunctionName": "nobody"}, "Function does not exist"),
    "no-alias": ({"FunctionName": "f:nobody"}, "Function does not exist"),
    "no-version": ({"FunctionName": "f:7"}, "Function does not exist"),
    "another-account": ({"FunctionName": arn("f").replace(ACCOUNT, "1" * 12)}, "Function does not exist"),
    "no-position": (
        {"StartingPosition": None},
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
        "Member must not be null.",
    ),
    "no-timestamp": (
        {"StartingPosition": "AT_TIMESTAMP"},
        "StartingPositionTimestamp must be given with the starting position AT_TIMESTAMP.",
    ),
    "future": (
        {"StartingPosition": "AT_TIMESTAMP", "StartingPositionTimestamp": NOW_MS / 1000 + 1},
        "StartingPositionTimestamp cannot be in the future, nor before 1970.",
    ),
    "timestamp-with-another": (
        {"StartingPositionTimestamp": 1},
        "StartingPositionTimestamp is only for the starting position AT_TIMESTAMP.",
    ),
    "age-0": (
        {"MaximumRecordAgeInSeconds": 0},
        "MaximumRecordAgeInSeconds must be -1 or from 60 to 604800; got 0.",
    ),
    "age-59": (
        {"MaximumRecordAgeInSeconds": 59},
        "MaximumRecordAgeInSeconds must be -1 or from 60 to 604800; got 59.",
    ),
    "on-success": (
        {"DestinationConfig": {"OnSuccess": {"Destination": STREAM}}},
        "Unsupported DestinationConfig parameter for given event source mapping type.",
    ),
    "no-such-destination": (
        {"DestinationConfig": {"OnFailure": {"Destination": f"arn:aws:ec2:{REGION}:{ACCOUNT}:d"}}},
        f"The destination arn:aws:ec2:{REGION}:{ACCOUNT}:d is not available here; there are: kinesis, lambda, sqs.",
    ),
    "kafka-destination": (
        {"DestinationConfig": {"OnFailure": {"Destination": "kafka://topic"}}},
        "The destination kafka://topic is not available here; there are: kinesis, lambda, sqs.",
    ),
    "no-json": ({"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, "Invalid filter pattern definition."),
    "no-pattern": ({"FilterCriteria": {"Filters": [{}]}}, "Invalid filter pattern definition."),
    "no-operator": (
        {"FilterCriteria": {"Filters": [{"Pattern": '{"data":[{"sounds-like":"x"}]}'}]}},
        "Invalid filter pattern definition.",
    ),
    "filters": (
        {"FilterCriteria": {"Filters": [{"Pattern": '{"data":["x"]}'}] * 11}},
        "FilterCriteria can have at most 10 filters; got 11.",
    ),
    "window-and-factor": (
        {"TumblingWindowInSeconds": 1, "ParallelizationFactor": 2},
        "TumblingWindowInSeconds cannot be used with a ParallelizationFactor above 1.",
    ),
    "tags": ({"Tags": {str(i): "" for i in range(51)}}, "Number of tags exceeds resource tag limit."),
}
FOREIGN = {
    "ScalingConfig": {"MaximumConcurrency": 2},
    "LoggingConfig": {"SystemLogLevel": "DEBUG"},
    "Topics": ["t"],
    "Queues": ["q"],
    "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": "x"}],
    "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["a:1"]}},
    "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "g"},
    "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "g"},
    "DocumentDBEventSourceConfig": {"DatabaseName": "d"},
    "ProvisionedPollerConfig": {"MinimumPollers": 1},
    "MetricsConfig": {"Metrics": ["KafkaMetrics"]},
}
OUT_OF_RANGE = {
    "BatchSize": (0, 10_001),
    "MaximumBatchingWindowInSeconds": (-1, 301),
    "ParallelizationFactor": (0, 11),
    "MaximumRecordAgeInSeconds": (-2, 604_801),
    "MaximumRetryAttempts": (-2, 10_001),
    "TumblingWindowInSeconds": (-1, 901),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals(there: World, case: str) -> None:
    given, message = REFUSED[case]
    base = {"FunctionName": "f", "EventSourceArn": STREAM, "StartingPosition": "LATEST"} | given
    asked = {name: value for name, value in base.items() if value is not None}
    assert there.fails("create_event_source_mapping", **asked) == (INVALID, message)
    assert there.client.list_event_source_mappings()["EventSourceMappings"] == []


@pytest.mark.parametrize("member", FOREIGN)
def test_options_of_other_sources(there: World, member: str) -> None:
    message = f"Unsupported {member} parameter for given event source mapping type."
    given = {"FunctionName": "f", "EventSourceArn": STREAM, "StartingPosition": "LATEST", member: FOREIGN[member]}
    assert there.fails("create_event_source_mapping", **given) == (INVALID, message)
    if member in ("Topics", "Queues", "SelfManagedEventSource"):
        return
    uuid = create(there)["UUID"]
    settle(there)
    assert there.fails("update_event_source_mapping", UUID=uuid, **{member: FOREIGN[member]}) == (INVALID, message)


@pytest.mark.parametrize("member", OUT_OF_RANGE)
@pytest.mark.parametrize("end", [0, 1])
def test_values_out_of_range(there: World, member: str, end: int) -> None:
    given = {"FunctionName": "f", "EventSourceArn": STREAM, "StartingPosition": "LATEST"}
    value = OUT_OF_RANGE[member][end]
    code, message = there.fails("create_event_source_mapping", **given, **{member: value})
    path = member[0].lower() + member[1:]
    assert code == "ValidationException"
    assert f"Value '{value}' at '{path}' failed to satisfy constraint: Member must have value" in message


def test_an_unknown_position(there: World) -> None:
    given = {"FunctionName": "f", "EventSourceArn": STREAM, "StartingPosition": "NOWHERE"}
    assert there.fails("create_event_source_mapping", **given) == (
        "ValidationException",
        "1 validation error detected: Value 'NOWHERE' at 'startingPosition' failed to satisfy constraint: "
        "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
    )


def test_the_same_again_is_a_conflict(there: World) -> None:
    uuid = create(there)["UUID"]
    conflict = (
        "ResourceConflictException",
        f'The event source arn (" {STREAM} ") and function (" f ") provided mapping already exists. '
        f"Please update or delete the existing mapping with UUID {uuid}",
    )
    given = {"EventSourceArn": STREAM, "StartingPosition": "LATEST"}
    for name in ("f", arn("f"), f"{ACCOUNT}:function:f"):
        assert there.fails("create_event_source_mapping", FunctionName=name, **given) == conflict
    there.create("g")
    other = create(there, FunctionName="g")["UUID"]
    settle(there)
    assert there.fails("update_event_source_mapping", UUID=other, FunctionName="f") == conflict


@pytest.mark.parametrize("action", ["get", "update", "delete"])
def test_an_unknown_uuid(there: World, action: str) -> None:
    assert there.fails(f"{action}_event_source_mapping", UUID=NOBODY) == MISSING


def test_a_mapping_of_another_region_is_unknown(there: World) -> None:
    uuid = create(there)["UUID"]
    record = there.functions.event_source_mappings.records[uuid]
    assert there.functions.event_source_mappings.of_scope(Scope(ACCOUNT, "us-east-1")) == {}
    assert there.functions.event_source_mappings.get(uuid, SCOPE) is record


# ---------------------------------------------------------------- states


@pytest.fixture
def slow() -> Any:
    """A world in which changes take a second, with `f` and `s`."""
    made = World(transition_ms=1000)
    made.client.create_function(
        FunctionName="f", Role=f"arn:aws:iam::{ACCOUNT}:role/r", Runtime="python3.12", Handler="app.handler",
        Code={"ZipFile": ZIP},
    )  # fmt: skip
    made.run(made.broker.create_stream("s", scope=SCOPE, wait=False))
    pass_time(made)
    yield made
    made.close()


def pass_time(world: World) -> None:
    """A second, with what it brings about."""

    async def rest() -> None:
        for _ in range(100):
            await asyncio.sleep(0)

    world.run(rest())
    world.clock.advance(1)
    world.run(rest())


IN_USE = "ResourceInUseException"
CANNOT = "Cannot {} the event source mapping because it is in use."


def test_states_take_their_time(slow: World) -> None:
    uuid = create(slow)["UUID"]

    def state() -> str:
        return str(get(slow, uuid)["State"])

    def update(**given: Any) -> str:
        return str(slow.client.update_event_source_mapping(UUID=uuid, **given)["State"])

    assert slow.fails("update_event_source_mapping", UUID=uuid, BatchSize=1) == (IN_USE, CANNOT.format("update"))
    pass_time(slow)
    assert state() == "Enabled"
    for given, first, then in (
        ({"BatchSize": 7}, "Updating", "Enabled"),
        ({"Enabled": False}, "Disabling", "Disabled"),
        ({"BatchSize": 8}, "Updating", "Disabled"),
        ({"Enabled": True}, "Enabling", "Enabled"),
    ):
        assert update(**given) == first
        assert state() == first
        assert slow.fails("update_event_source_mapping", UUID=uuid, BatchSize=1) == (IN_USE, CANNOT.format("update"))
        pass_time(slow)
        assert state() == then
    update(BatchSize=9)
    assert slow.fails("delete_event_source_mapping", UUID=uuid) == (IN_USE, CANNOT.format("delete"))
    pass_time(slow)
    assert slow.client.delete_event_source_mapping(UUID=uuid)["State"] == "Deleting"
    assert slow.fails("delete_event_source_mapping", UUID=uuid) == (IN_USE, CANNOT.format("delete"))
    pass_time(slow)
    assert slow.fails("get_event_source_mapping", UUID=uuid) == MISSING
    assert slow.run(slow.broker.documents("mapping")) == {}
    assert slow.run(slow.broker.checkpoints(STREAM, f"mapping:{uuid}")) == {}


@pytest.mark.parametrize(
    ("change", "then"),
    [(None, "Enabled"), ({"Enabled": False}, "Disabled"), ({"BatchSize": 5}, "Enabled"), ("delete", None)],
)
def test_a_restart_ends_what_was_begun(slow: World, change: Any, then: str | None) -> None:
    uuid = create(slow)["UUID"]
    if change is not None:
        pass_time(slow)
        if change == "delete":
            slow.client.delete_event_source_mapping(UUID=uuid)
        else:
            slow.client.update_event_source_mapping(UUID=uuid, **change)
    slow.restart()
    pass_time(slow)
    if then is None:
        assert slow.fails("get_event_source_mapping", UUID=uuid) == MISSING
    else:
        assert get(slow, uuid)["State"] == then


# ---------------------------------------------------------------- lists and tags


def test_lists(there: World) -> None:
    there.create("g")
    there.client.publish_version(FunctionName="g")
    there.client.create_alias(FunctionName="g", Name="live", FunctionVersion="1")
    there.run(there.broker.create_stream("t", scope=SCOPE))
    other = STREAM[:-1] + "t"
    made = {
        (name, source): create(there, FunctionName=name, EventSourceArn=source)["UUID"]
        for name in ("f", "g", "g:live", "g:1")
        for source in (STREAM, other)
    }

    def listed(**given: Any) -> set[str]:
        return {each["UUID"] for each in there.client.list_event_source_mappings(**given)["EventSourceMappings"]}

    assert listed() == set(made.values())
    assert listed(FunctionName="f") == {made["f", STREAM], made["f", other]}
    assert listed(FunctionName="g:live", EventSourceArn=other) == {made["g:live", other]}
    assert listed(FunctionName=arn("g")) == {made["g", STREAM], made["g", other]}
    assert listed(EventSourceArn=STREAM) == {uuid for (_, source), uuid in made.items() if source == STREAM}
    assert listed(FunctionName="nobody") == set()
    pages = list(there.client.get_paginator("list_event_source_mappings").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["EventSourceMappings"]) for page in pages] == [3, 3, 2]
    assert {each["UUID"] for page in pages for each in page["EventSourceMappings"]} == set(made.values())


def test_a_page_has_at_most_a_hundred(there: World) -> None:
    for number in range(101):
        there.run(there.broker.create_stream(f"s{number}", scope=SCOPE))
        create(there, EventSourceArn=f"{STREAM}{number}", Enabled=False)
    first = there.client.list_event_source_mappings(MaxItems=10_000)
    assert len(first["EventSourceMappings"]) == 100
    assert len(there.client.list_event_source_mappings(Marker=first["NextMarker"])["EventSourceMappings"]) == 1


def test_tags(there: World) -> None:
    resource = create(there, Tags={"a": "1"})["EventSourceMappingArn"]
    there.client.tag_resource(Resource=resource, Tags={"b": "2"})
    there.client.untag_resource(Resource=resource, TagKeys=["a"])
    assert there.client.list_tags(Resource=resource)["Tags"] == {"b": "2"}
    code, _ = there.fails("tag_resource", Resource=resource, Tags={str(i): "" for i in range(51)})
    assert code == INVALID
    assert there.fails("list_tags", Resource=resource[:-36] + NOBODY) == MISSING


# ---------------------------------------------------------------- at work


def test_records_reach_the_function(there: World) -> None:
    uuid = create(there, BatchSize=2)["UUID"]
    settle(there)
    put(there, "1", "2", "3")
    drain(there, uuid)
    assert batches(there) == [["1", "2"], ["3"]]
    assert get(there, uuid)["LastProcessingResult"] == "OK"


def test_latest_is_fixed_when_the_mapping_is_made(slow: World) -> None:
    put(slow, "before")
    uuid = create(slow, StartingPosition="LATEST")["UUID"]
    put(slow, "between")
    pass_time(slow)
    drain(slow, uuid)
    assert batches(slow) == [["between"]]


def test_a_disabled_mapping_keeps_its_position(there: World) -> None:
    uuid = create(there)["UUID"]
    settle(there)
    put(there, "1")
    drain(there, uuid)
    there.client.update_event_source_mapping(UUID=uuid, Enabled=False)
    settle(there)
    put(there, "2")
    settle(there)
    assert batches(there) == [["1"]]
    there.client.update_event_source_mapping(UUID=uuid, Enabled=True)
    settle(there)
    drain(there, uuid)
    assert batches(there) == [["1"], ["2"]]


def test_a_consumer_is_a_source(there: World) -> None:
    consumer = there.run(there.broker.register_consumer(STREAM, "c"))
    told = create(there, EventSourceArn=consumer.arn)
    assert told["EventSourceArn"] == consumer.arn
    create(there)  # the stream itself is another source
    settle(there)
    put(there, "1")
    drain(there, told["UUID"])
    event = json.loads(there.answers.runs[0][1])
    assert event["Records"][0]["eventSourceARN"] == STREAM


def test_a_consumer_has_to_be_active(slow: World) -> None:
    consumer = slow.run(slow.broker.register_consumer(STREAM, "c", wait=False))
    given = {"FunctionName": "f", "EventSourceArn": consumer.arn, "StartingPosition": "LATEST"}
    message = f"Consumer {consumer.arn} is not ACTIVE, instead in state CREATING."
    assert slow.fails("create_event_source_mapping", **given) == (INVALID, message)
    pass_time(slow)


def test_a_deleted_function_is_a_problem_until_it_is_back(there: World) -> None:
    uuid = create(there)["UUID"]
    settle(there)
    put(there, "1")
    drain(there, uuid)
    there.client.delete_function(FunctionName="f")
    settle(there)
    put(there, "2")
    settle(there)
    told = get(there, uuid)
    assert (told["State"], told["LastProcessingResult"]) == ("Enabled", "PROBLEM: Function does not exist")
    assert there.functions.mappings == {}
    there.create()
    until(there, lambda: uuid in there.functions.mappings)
    drain(there, uuid)
    assert batches(there) == [["1"], ["2"]]
    assert get(there, uuid)["LastProcessingResult"] == "OK"


def test_a_deleted_alias_too(there: World) -> None:
    there.client.publish_version(FunctionName="f")
    there.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    uuid = create(there, FunctionName="f:live")["UUID"]
    settle(there)
    there.client.delete_alias(FunctionName="f", Name="live")
    settle(there)
    assert uuid not in there.functions.mappings
    there.client.create_alias(FunctionName="f", Name="live", FunctionVersion="$LATEST")
    settle(there)
    assert uuid in there.functions.mappings


def test_a_throttled_function_uses_up_no_retry(there: World) -> None:
    there.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    uuid = create(there, MaximumRetryAttempts=0)["UUID"]
    settle(there)
    put(there, "1")
    for _ in range(5):
        pass_time(there)
    assert batches(there) == []
    there.client.delete_function_concurrency(FunctionName="f")
    pass_time(there)
    until_idle = 60
    there.clock.advance(until_idle)
    drain(there, uuid)
    assert batches(there) == [["1"]]
    assert there.functions.mappings[uuid].stats["shardId-000000000000"].discarded == 0


def test_a_mapping_begins_when_a_pending_function_is_active() -> None:
    world = World(transition_ms=1000)
    try:
        world.client.create_function(
            FunctionName="f", Role=f"arn:aws:iam::{ACCOUNT}:role/r", Runtime="python3.12", Handler="app.handler",
            Code={"ZipFile": ZIP},
        )  # fmt: skip
        world.run(world.broker.create_stream("s", scope=SCOPE, wait=False))
        uuid = create(world)["UUID"]
        put_later = world.functions.event_source_mappings
        assert put_later.running == {}
        pass_time(world)
        pass_time(world)
        put(world, "1")
        drain(world, uuid)
        assert batches(world) == [["1"]]
    finally:
        world.close()


# ---------------------------------------------------------------- given up


def test_the_version_that_ran_is_told_to_a_stream(there: World) -> None:
    there.client.publish_version(FunctionName="f")
    there.client.update_function_code(FunctionName="f", ZipFile=archive({"app.py": "x = 1"}))
    there.settle()
    there.client.publish_version(FunctionName="f")
    there.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    there.run(there.broker.create_stream("dead", scope=SCOPE))
    dead = STREAM[:-1] + "dead"
    destination = {"OnFailure": {"Destination": dead}}
    there.answers.status = Status.FUNCTION_ERROR
    uuid = create(there, FunctionName="f:live", MaximumRetryAttempts=0, DestinationConfig=destination)["UUID"]
    settle(there)
    put(there, "1", "2")
    drain(there, uuid)
    (body,) = records_of(there, dead)
    told = json.loads(body)
    request_id = told["requestContext"].pop("requestId")
    info = told["KinesisBatchInfo"]
    assert len(info.pop("startSequenceNumber")) == len(info.pop("endSequenceNumber")) == 56
    assert request_id is not None
    assert told == {
        "requestContext": {
            "functionArn": arn("f", "live"),
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 1,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "1", "functionError": "Unhandled"},
        "version": "1.0",
        "timestamp": "2023-11-14T22:13:20.000Z",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "approximateArrivalOfFirstRecord": "2023-11-14T22:13:20.000Z",
            "approximateArrivalOfLastRecord": "2023-11-14T22:13:20.000Z",
            "batchSize": 2,
            "streamArn": STREAM,
        },
    }
    assert get(there, uuid)["LastProcessingResult"] == "PROBLEM: Function call failed"


def test_a_bucket_gets_the_event_and_the_name_of_its_object(there: World) -> None:
    got: list[tuple[str, bytes, dict[str, str]]] = []

    async def deliver(target: str, body: bytes, attributes: dict[str, str]) -> None:
        got.append((target, body, attributes))

    there.functions.destinations.add("s3", deliver)
    there.answers.status = Status.FUNCTION_ERROR
    destination = {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}
    uuid = create(there, MaximumRetryAttempts=0, DestinationConfig=destination)["UUID"]
    settle(there)
    put(there, "1")
    drain(there, uuid)
    ((target, body, attributes),) = got
    assert target == "arn:aws:s3:::bucket"
    assert json.loads(body)["payload"] == json.loads(there.answers.runs[0][1])
    start = f"aws/lambda/{uuid}/shardId-000000000000/2023/11/14/2023-11-14T22.13.20-"
    assert attributes[OBJECT_KEY].startswith(start)
    assert len(attributes[OBJECT_KEY]) == len(start) + 36


class Queue:
    """An asynchronous queue that notes what it takes."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []

    async def enqueue(self, ref: FunctionRef, event: bytes, **_: Any) -> None:
        self.taken.append((ref.arn, event))


def test_a_function_is_a_destination(there: World) -> None:
    queue = Queue()
    there.functions.invoker.queue = queue
    there.create("rescue")
    there.answers.status = Status.FUNCTION_ERROR
    destination = {"OnFailure": {"Destination": arn("rescue")}}
    uuid = create(there, MaximumRetryAttempts=0, DestinationConfig=destination)["UUID"]
    settle(there)
    put(there, "1")
    drain(there, uuid)
    ((target, event),) = queue.taken
    assert target == arn("rescue")
    assert json.loads(event)["KinesisBatchInfo"]["batchSize"] == 1


def test_a_destination_that_is_not_there_holds_nothing_up(there: World) -> None:
    there.answers.status = Status.FUNCTION_ERROR
    destination = {"OnFailure": {"Destination": arn("nobody")}}
    uuid = create(there, MaximumRetryAttempts=0, DestinationConfig=destination)["UUID"]
    settle(there)
    put(there, "1")
    drain(there, uuid)
    assert there.functions.mappings[uuid].stats["shardId-000000000000"].discarded == 1


# ---------------------------------------------------------------- nobody starves


def test_a_poisoned_shard_and_a_held_function_starve_nobody(there: World) -> None:
    """Four mappings: `held` never answers, `shut` may not run at all, `bad` fails for one key; `f` gets everything."""
    for name in ("held", "shut", "bad"):
        there.create(name)
    there.client.put_function_concurrency(FunctionName="shut", ReservedConcurrentExecutions=0)
    there.run(there.broker.create_stream("many", shards=4, scope=SCOPE))
    many = STREAM[:-1] + "many"
    seen: dict[str, list[str]] = {"held": [], "bad": [], "f": []}

    async def run(spec: Any, event: bytes, **_: Any) -> Outcome:
        data = [b64decode(r["kinesis"]["data"]).decode() for r in json.loads(event)["Records"]]
        seen[spec.name] += data
        if spec.name == "held":
            await held.wait()
        failed = spec.name == "bad" and "poison" in data
        status = Status.FUNCTION_ERROR if failed else Status.SUCCESS
        return Outcome(status=status, payload=b"null", log=b"", request_id="r", duration_ms=1.0)

    held = asyncio.Event()
    there.functions.invoker._run = run
    for name in ("held", "shut", "bad", "f"):
        create(there, FunctionName=name, EventSourceArn=many, BatchSize=1)
    settle(there)
    keys = [str(number) for number in range(64)]
    wanted = {"poison", *keys}
    there.run(there.broker.put_records(many, ["p", *keys], [b"poison", *(key.encode() for key in keys)]))
    until(there, lambda: set(seen["f"]) == wanted)
    there.run(there.broker.put_record(many, "p", b"later"))
    there.clock.advance(1)
    until(there, lambda: "later" in seen["f"])
    assert len(seen["held"]) == 4  # one batch of each shard is with it, and stays there
    others = set(seen["bad"]) - {"poison"}
    assert others  # the other shards went on
    assert "later" not in others
    held.set()
