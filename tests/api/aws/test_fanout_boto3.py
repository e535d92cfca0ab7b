"""boto3's `subscribe_to_shard` over a real socket (HTTP/1.1, chunked) against the whole broker on the loop it runs on
in production."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvloop
from aws_harness import ACCOUNT, REGION
from botocore.config import Config
from botocore.exceptions import EventStreamError

from streamcore.composition import Composition
from streamcore.config import settings

SHARD = "shardId-000000000000"


class Served:
    """A broker in a thread of its own."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()))

    async def _run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self.composition = await Composition.start(settings(port=0, data=str(self._data), transition_ms=0))
        self._ready.set()
        await self._stop.wait()
        await self.composition.stop()

    def __enter__(self) -> Served:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if not self._thread.is_alive():
            return
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    def subscriptions(self) -> int:
        return len(self.composition.broker.fanout)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served


@pytest.fixture
def kinesis(served: Served) -> Iterator[Any]:
    client = boto3.client(
        "kinesis",
        region_name=REGION,
        endpoint_url=served.composition.url,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 0}, read_timeout=20),
    )
    client.create_stream(StreamName="orders", ShardCount=1)
    client.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 0, "MaxAttempts": 50})
    yield client
    client.close()


def register(kinesis: Any, name: str = "app") -> str:
    stream = kinesis.describe_stream_summary(StreamName="orders")["StreamDescriptionSummary"]["StreamARN"]
    arn: str = kinesis.register_stream_consumer(StreamARN=stream, ConsumerName=name)["Consumer"]["ConsumerARN"]
    while kinesis.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]["ConsumerStatus"] != "ACTIVE":
        pass
    return arn


def subscribe(kinesis: Any, arn: str, **start: Any) -> Any:
    answer = kinesis.subscribe_to_shard(ConsumerARN=arn, ShardId=SHARD, StartingPosition=start or {"Type": "LATEST"})
    return answer["EventStream"]


def test_records_are_pushed(kinesis: Any, served: Served) -> None:
    arn = register(kinesis)
    assert kinesis.list_stream_consumers(StreamARN=arn.partition("/consumer")[0])["Consumers"][0]["ConsumerARN"] == arn
    stream = subscribe(kinesis, arn)
    events = iter(stream)
    assert next(events)["SubscribeToShardEvent"]["Records"] == []
    for number in range(3):
        put = kinesis.put_record(StreamName="orders", PartitionKey="k", Data=b"record %d" % number)
        event = next(events)["SubscribeToShardEvent"]
        [record] = event["Records"]
        assert (record["Data"], record["PartitionKey"]) == (b"record %d" % number, "k")
        assert record["SequenceNumber"] == put["SequenceNumber"] == event["ContinuationSequenceNumber"]
        assert event["MillisBehindLatest"] == 0
    with pytest.raises(kinesis.exceptions.ResourceInUseException):
        subscribe(kinesis, arn)
    stream.close()
    while served.subscriptions():
        pass
    again = subscribe(kinesis, arn, Type="AFTER_SEQUENCE_NUMBER", SequenceNumber=event["ContinuationSequenceNumber"])
    assert next(iter(again))["SubscribeToShardEvent"]["Records"] == []
    again.close()


def test_a_consumer_that_is_removed_ends_the_stream_with_an_exception(kinesis: Any) -> None:
    arn = register(kinesis)
    stream = subscribe(kinesis, arn)
    events = iter(stream)
    next(events)
    kinesis.deregister_stream_consumer(ConsumerARN=arn)
    with pytest.raises(EventStreamError, match="ResourceNotFoundException"):
        next(events)
    stream.close()


def test_stopping_the_broker_ends_the_stream_in_good_order(kinesis: Any, served: Served) -> None:
    stream = subscribe(kinesis, register(kinesis))
    events = iter(stream)
    next(events)
    stopping = threading.Thread(target=served.stop)
    stopping.start()
    assert list(events) == []
    stopping.join(20)
    stream.close()


def test_errors_before_the_stream(kinesis: Any) -> None:
    arn = register(kinesis)
    with pytest.raises(kinesis.exceptions.InvalidArgumentException):
        subscribe(kinesis, arn, Type="AT_SEQUENCE_NUMBER")
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException):
        subscribe(kinesis, arn.replace("app", "nobody"))
