"""The actions of enhanced fan-out, in both encodings."""

from __future__ import annotations

from typing import Any

import pytest
from aws_harness import ACCOUNT, ARN, NOW_S, REGION, Time, Wire, authorization, check_declared, split_stream
from botocore.eventstream import EventStreamBuffer

from streamcore.api.http import Request, Response, StreamingResponse
from streamcore.model.stream import Scope

SCOPE = Scope(ACCOUNT, REGION)
STREAM = f"{ARN}orders"
CONSUMER = f"{STREAM}/consumer/app:{NOW_S}"


async def register(wire: Wire, name: str = "app") -> None:
    await wire.broker.register_consumer("orders", name, scope=SCOPE)


async def test_register_describe_list_deregister(wire: Wire) -> None:
    consumer = {
        "ConsumerName": "app",
        "ConsumerARN": CONSUMER,
        "ConsumerStatus": "CREATING",
        "ConsumerCreationTimestamp": float(NOW_S),
    }
    answer = await wire.ok("RegisterStreamConsumer", StreamARN=STREAM, ConsumerName="app", Tags={"a": "1"})
    assert answer["Consumer"] | {"ConsumerCreationTimestamp": float(NOW_S)} == consumer
    await wire.broker.tag_consumer(CONSUMER, add={"b": "2"})
    assert wire.broker.describe_consumer(CONSUMER).tags == {"a": "1", "b": "2"}
    described = {**consumer, "ConsumerStatus": "ACTIVE"}
    for where in (
        {"ConsumerARN": CONSUMER},
        {"StreamARN": STREAM, "ConsumerName": "app"},
        {"StreamARN": STREAM, "ConsumerName": "app", "ConsumerARN": CONSUMER},
    ):
        answer = await wire.ok("DescribeStreamConsumer", **where)
        assert answer["ConsumerDescription"] == {**described, "StreamARN": STREAM}
    assert (await wire.ok("ListStreamConsumers", StreamARN=STREAM))["Consumers"] == [described]
    summary = await wire.ok("DescribeStreamSummary", StreamName="orders")
    assert summary["StreamDescriptionSummary"]["ConsumerCount"] == 1
    assert await wire.ok("DeregisterStreamConsumer", ConsumerARN=CONSUMER) is None


async def test_states(slow_wire: Wire) -> None:
    await slow_wire.ok("CreateStream", StreamName="orders", ShardCount=1)
    code, message = await slow_wire.fails("RegisterStreamConsumer", StreamARN=STREAM, ConsumerName="app")
    assert (code, message) == (
        "ResourceInUseException",
        f"Stream orders under account {ACCOUNT} not ACTIVE, instead in state CREATING",
    )


@pytest.mark.parametrize(
    ("action", "given", "code"),
    [
        ("RegisterStreamConsumer", {"StreamARN": STREAM, "ConsumerName": "app"}, "ResourceInUseException"),
        ("RegisterStreamConsumer", {"StreamARN": f"{ARN}no", "ConsumerName": "x"}, "ResourceNotFoundException"),
        ("RegisterStreamConsumer", {"StreamARN": STREAM, "ConsumerName": "a b"}, "ValidationException"),
        (
            "RegisterStreamConsumer",
            {"StreamARN": STREAM, "ConsumerName": "x", "Tags": {str(n): "" for n in range(51)}},
            "InvalidArgumentException",
        ),
        ("DescribeStreamConsumer", {}, "InvalidArgumentException"),
        ("DescribeStreamConsumer", {"ConsumerName": "app"}, "InvalidArgumentException"),
        ("DescribeStreamConsumer", {"StreamARN": STREAM, "ConsumerName": "x"}, "ResourceNotFoundException"),
        ("DescribeStreamConsumer", {"ConsumerARN": f"{STREAM}/consumer/app:1"}, "ResourceNotFoundException"),
        ("DescribeStreamConsumer", {"ConsumerARN": CONSUMER, "ConsumerName": "x"}, "InvalidArgumentException"),
        ("DescribeStreamConsumer", {"ConsumerARN": CONSUMER, "StreamARN": f"{ARN}x"}, "InvalidArgumentException"),
        ("DeregisterStreamConsumer", {"StreamARN": STREAM, "ConsumerName": "x"}, "ResourceNotFoundException"),
        ("ListStreamConsumers", {"StreamARN": f"{ARN}no"}, "ResourceNotFoundException"),
        ("ListStreamConsumers", {"StreamARN": STREAM, "NextToken": "x"}, "InvalidArgumentException"),
        (
            "ListStreamConsumers",
            {"StreamARN": STREAM, "StreamCreationTimestamp": Time(1)},
            "ResourceNotFoundException",
        ),
    ],
)
async def test_refusals(wire: Wire, action: str, given: dict[str, Any], code: str) -> None:
    await register(wire)
    found, _ = await wire.fails(action, **given)
    assert found == code


async def test_pages_of_consumers(wire: Wire) -> None:
    names = [f"c{number}" for number in range(7)]
    for name in names:
        await register(wire, name)
    listed: list[str] = []
    given: dict[str, Any] = {}
    for size in (3, 3, 1):
        page = await wire.ok("ListStreamConsumers", StreamARN=STREAM, MaxResults=3, **given)
        assert len(page["Consumers"]) == size
        listed += [each["ConsumerName"] for each in page["Consumers"]]
        given = {"NextToken": page.get("NextToken")}
    assert (listed, given) == (names, {"NextToken": None})
    first = await wire.ok("ListStreamConsumers", StreamARN=STREAM, MaxResults=1)
    wire.clock.advance(300.001)
    assert (await wire.fails("ListStreamConsumers", StreamARN=STREAM, NextToken=first["NextToken"]))[0] == (
        "ExpiredNextTokenException"
    )


async def test_a_stream_with_consumers_is_deleted_only_with_them(wire: Wire) -> None:
    await register(wire)
    for enforce in ({}, {"EnforceConsumerDeletion": False}):
        assert (await wire.fails("DeleteStream", StreamName="orders", **enforce))[0] == "ResourceInUseException"
    await wire.ok("DeleteStream", StreamName="orders", EnforceConsumerDeletion=True)


# ---------------------------------------------------------------- SubscribeToShard


async def subscribe(wire: Wire, shard: str = "shardId-000000000000", **start: Any) -> StreamingResponse | Response:
    headers = {
        "content-type": wire.content_type,
        "x-amz-target": "Kinesis_20131202.SubscribeToShard",
        "authorization": authorization(),
        "x-amz-date": "20231114T221320Z",
    }
    given = {"ConsumerARN": CONSUMER, "ShardId": shard, "StartingPosition": start or {"Type": "LATEST"}}
    return await wire.endpoint.handle(Request("POST", "/", headers, wire.encode(given)))


async def frames(wire: Wire, answer: StreamingResponse | Response, count: int) -> list[tuple[str, Any]]:
    """(event or exception type, payload) of the next frames."""
    assert isinstance(answer, StreamingResponse)
    buffer = EventStreamBuffer()
    for _ in range(count):
        buffer.add_data(await anext(answer.events))
    found = [event.to_response_dict() for event in buffer]
    return [
        (each["headers"].get(":event-type") or each["headers"][":exception-type"], wire.decode(each["body"]))
        for each in found
    ]


async def test_events(wire: Wire) -> None:
    await register(wire)
    run = await wire.broker.put_record("orders", "key", b"\x00data", explicit_hash_key="0", scope=SCOPE)
    answer = await subscribe(wire, Type="TRIM_HORIZON")
    first, event = await frames(wire, answer, 2)
    assert first == ("initial-response", {})
    assert event == (
        "SubscribeToShardEvent",
        {
            "Records": [
                {
                    "ApproximateArrivalTimestamp": float(NOW_S),
                    "Data": "AGRhdGE=",
                    "PartitionKey": "key",
                    "SequenceNumber": str(run.first_sequence),
                }
            ],
            "ContinuationSequenceNumber": str(run.first_sequence),
            "MillisBehindLatest": 0,
        },
    )
    await split_stream(wire.broker, STREAM)
    [(_, last)] = await frames(wire, answer, 1)
    assert (last["Records"], [child["ParentShards"] for child in last["ChildShards"]]) == (
        [],
        [["shardId-000000000000"]] * 2,
    )
    assert "ContinuationSequenceNumber" not in last
    with pytest.raises(StopAsyncIteration):
        await anext(answer.events)  # type: ignore[union-attr]


async def test_an_exception_in_the_stream(wire: Wire) -> None:
    await register(wire)
    old = await subscribe(wire)
    await frames(wire, old, 2)
    refused = await subscribe(wire)
    assert isinstance(refused, Response)
    assert (refused.status, refused.error) == (400, "ResourceInUseException")
    wire.clock.advance(5)
    new = await subscribe(wire)
    [taken] = await frames(wire, old, 1)
    assert taken[0] == "ResourceInUseException"
    assert taken[1]["message"] == (
        f"Another active subscription exists for this consumer: {ACCOUNT}:orders:shardId-000000000000:app"
    )
    await wire.ok("DeregisterStreamConsumer", ConsumerARN=CONSUMER)
    gone = await frames(wire, new, 2)
    assert gone[1][0] == "ResourceNotFoundException"


async def test_closing_frees_what_was_never_read(wire: Wire) -> None:
    await register(wire)
    answer = await subscribe(wire)
    assert len(wire.broker.fanout) == 1
    await answer.events.aclose()  # type: ignore[union-attr]
    assert len(wire.broker.fanout) == 0


@pytest.mark.parametrize(
    ("shard", "start", "code"),
    [
        ("shardId-000000000000", {"Type": "AT_SEQUENCE_NUMBER"}, "InvalidArgumentException"),
        ("shardId-000000000000", {"Type": "LATEST", "SequenceNumber": "0"}, "InvalidArgumentException"),
        ("shardId-000000000000", {"Type": "AT_TIMESTAMP"}, "InvalidArgumentException"),
        ("shardId-000000000000", {"Type": "LATEST", "Timestamp": Time(NOW_S)}, "InvalidArgumentException"),
        ("shardId-000000000000", {"Type": "AT_TIMESTAMP", "Timestamp": Time(NOW_S + 9)}, "InvalidArgumentException"),
        ("shardId-000000000000", {"Type": "SOMEWHERE"}, "ValidationException"),
        ("shardId-000000000007", {"Type": "LATEST"}, "ResourceNotFoundException"),
        ("nonsense", {"Type": "LATEST"}, "ResourceNotFoundException"),
    ],
)
async def test_subscriptions_that_are_refused(wire: Wire, shard: str, start: dict[str, Any], code: str) -> None:
    await register(wire)
    answer = await subscribe(wire, shard, **start)
    assert isinstance(answer, Response)
    assert (answer.status, answer.error) == (400, code)
    check_declared("SubscribeToShard", code)


async def test_dry_run_leaves_a_subscription_alone(wire: Wire) -> None:
    await register(wire)
    held = await subscribe(wire)
    await frames(wire, held, 2)
    wire.clock.advance(10)
    code, _ = await wire.fails(
        "SubscribeToShard",
        ConsumerARN=CONSUMER,
        ShardId="0",
        StartingPosition={"Type": "LATEST"},
        DryRun=True,
    )
    assert code == "DryRunOperationException"
    assert [kind for kind, _ in await frames(wire, held, 1)] == ["SubscribeToShardEvent"]
    await held.events.aclose()  # type: ignore[union-attr]
