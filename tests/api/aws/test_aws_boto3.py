"""boto3 itself against the endpoint, without a socket: requests are taken from botocore just before they are sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from aws_harness import ACCOUNT, ARN, NOW_S, REGION
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError

from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.service import Endpoint, Request, Response
from streamcore.api.aws.target import TargetProtocol
from streamcore.broker import open_broker
from streamcore.clock import ManualClock


class Body:
    """What botocore reads an answer from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


@pytest.fixture
def kinesis() -> Iterator[Any]:
    loop = asyncio.new_event_loop()
    context = open_broker(None, clock=ManualClock(NOW_S * 1000), transition_ms=0)
    endpoint = Endpoint([TargetProtocol(loop.run_until_complete(context.__aenter__()), [KINESIS])])

    def answer(request: Any, **_: Any) -> AWSResponse:
        url = urlsplit(request.url)
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        asked = Request(request.method, url.path, headers, request.body or b"", url.query)
        got = loop.run_until_complete(endpoint.handle(asked))
        assert isinstance(got, Response)
        return AWSResponse(request.url, got.status, got.headers, Body(got.body))

    client = boto3.client(
        "kinesis",
        region_name=REGION,
        endpoint_url="http://streamcore.invalid",
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 0}),
    )
    client.meta.events.register("before-send.kinesis.*", answer)
    yield client
    client.close()
    loop.run_until_complete(context.__aexit__(None, None, None))
    loop.close()


def test_a_round_trip(kinesis: Any) -> None:
    kinesis.create_stream(StreamName="orders", ShardCount=2)
    description = kinesis.describe_stream(StreamName="orders")["StreamDescription"]
    assert description["StreamARN"] == f"{ARN}orders"
    assert description["StreamCreationTimestamp"].astimezone(UTC) == datetime.fromtimestamp(NOW_S, UTC)
    assert kinesis.describe_stream_summary(StreamARN=f"{ARN}orders")["StreamDescriptionSummary"]["OpenShardCount"] == 2
    assert kinesis.list_streams()["StreamNames"] == ["orders"]

    put = kinesis.put_record(StreamName="orders", Data=b"\x00one", PartitionKey="a")
    entries = [{"Data": b"two", "PartitionKey": "a"}, {"Data": b"", "PartitionKey": "a", "ExplicitHashKey": "0"}]
    answer = kinesis.put_records(StreamName="orders", Records=entries)
    assert (answer["FailedRecordCount"], len(answer["Records"])) == (0, 2)

    shards = kinesis.list_shards(StreamName="orders", ShardFilter={"Type": "AT_TIMESTAMP", "Timestamp": NOW_S})[
        "Shards"
    ]
    token = kinesis.get_shard_iterator(
        StreamName="orders", ShardId=shards[0]["ShardId"], ShardIteratorType="AT_TIMESTAMP", Timestamp=NOW_S
    )["ShardIterator"]
    got = kinesis.get_records(ShardIterator=token)
    assert [record["Data"] for record in got["Records"]] == [b"\x00one", b"two", b""]
    assert got["Records"][0]["SequenceNumber"] == put["SequenceNumber"]
    assert got["Records"][0]["ApproximateArrivalTimestamp"].timestamp() == NOW_S
    assert (got["MillisBehindLatest"], "ChildShards" in got) == (0, False)
    kinesis.delete_stream(StreamName="orders")
    kinesis.get_waiter("stream_not_exists").wait(StreamName="orders", WaiterConfig={"Delay": 0, "MaxAttempts": 5})


def test_errors_are_its_exceptions(kinesis: Any) -> None:
    with pytest.raises(kinesis.exceptions.ResourceNotFoundException) as caught:
        kinesis.describe_stream(StreamName="missing")
    assert caught.value.response["Error"]["Message"] == f"Stream missing under account {ACCOUNT} not found."
    with pytest.raises(ClientError) as invalid:
        kinesis.describe_stream(StreamName="a b")
    assert invalid.value.response["Error"]["Code"] == "ValidationException"
    with pytest.raises(kinesis.exceptions.InvalidArgumentException):
        kinesis.get_records(ShardIterator="nonsense")


def test_pages(kinesis: Any) -> None:
    for number in range(7):
        kinesis.create_stream(StreamName=f"s{number}", ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName=f"s{number}", WaiterConfig={"Delay": 0, "MaxAttempts": 5})
    pages = kinesis.get_paginator("list_streams").paginate(PaginationConfig={"PageSize": 3})
    assert [len(page["StreamNames"]) for page in pages] == [3, 3, 1]
