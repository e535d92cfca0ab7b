"""The plugin's fixtures, used as its users do."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from runtime import function
from runtime.app import Functions
from runtime.model.invocation import Outcome
from streamcore.broker import Broker
from streamcore.clock import ManualClock

pytest_plugins = ["pytester"]


@function(name="count")
def count(event: dict[str, Any], context: Any) -> int:
    return len(event["Records"])


async def test_functions_and_time(
    streamcore_broker: Broker, streamcore_functions: Functions, streamcore_clock: ManualClock
) -> None:
    heard: list[Outcome] = []
    await streamcore_broker.create_stream("orders")
    mapping = await streamcore_functions.map(
        "orders", count, maximum_batching_window_s=300, on_outcome=lambda shard, records, outcome: heard.append(outcome)
    )
    await streamcore_broker.put_records("orders", ["a", "b"], [b"1", b"2"])
    drained = asyncio.ensure_future(mapping.drained())
    while not drained.done():
        streamcore_clock.advance(minutes=1)
        await asyncio.sleep(0)
    assert [outcome.payload for outcome in heard] == [b"2"]


@pytest.fixture
def kinesis(streamcore_url: str) -> Iterator[Any]:
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    client = boto3.client("kinesis", endpoint_url=streamcore_url, region_name="us-east-1", **keys)
    yield client
    client.close()


def test_a_real_client(kinesis: Any) -> None:
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 0, "MaxAttempts": 50})
    assert kinesis.put_record(StreamName="orders", PartitionKey="k", Data=b"1")["ShardId"] == "shardId-000000000000"


def test_installed_is_switched_on(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("async def test_it(streamcore_broker):\n    assert not streamcore_broker.list_streams()\n")
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
