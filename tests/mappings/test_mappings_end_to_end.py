"""Mappings by boto3 over a socket, from a zip archive to the on-failure record, with real worker processes."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from click.testing import CliRunner

from streamcore.cli import main
from streamcore.composition import Composition
from streamcore.config import settings

ACCOUNT, REGION = "123456789012", "eu-west-1"
SOURCE = Path(__file__).with_name("end_to_end.py").read_text()
WAIT_S = 20.0


class Place:
    """A whole broker in a thread, and clients of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        options = settings(port=0, data=str(folder / "data"), transition_ms=0, workers=2, limits="off")
        self.composition: Composition = self.run(Composition.start(options))
        self.lambda_, self.kinesis, self.logs = (self._client(name) for name in ("lambda", "kinesis", "logs"))

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(WAIT_S)

    def close(self) -> None:
        self.lambda_.close()
        self.kinesis.close()
        self.logs.close()
        self.run(self.composition.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _client(self, service: str) -> Any:
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.composition.url, aws_access_key_id=ACCOUNT,
            aws_secret_access_key="secret", config=Config(retries={"max_attempts": 0}),
        )  # fmt: skip


class Scene:
    """One function, one stream, one stream for what is given up."""

    def __init__(self, place: Place, name: str) -> None:
        self.place, self.name = place, name
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("app.py", SOURCE)
        place.lambda_.create_function(
            FunctionName=name, Role=f"arn:aws:iam::{ACCOUNT}:role/r", Runtime="python3.11", Handler="app.handler",
            Code={"ZipFile": buffer.getvalue()}, Timeout=10,
        )  # fmt: skip
        for stream in (name, f"{name}-dead"):
            place.kinesis.create_stream(StreamName=stream, ShardCount=1)
        self.function_arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        self.stream_arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{name}"

    def map(self, **options: Any) -> str:
        made = self.place.lambda_.create_event_source_mapping(
            FunctionName=self.name, EventSourceArn=self.stream_arn, StartingPosition="TRIM_HORIZON",
            DestinationConfig={"OnFailure": {"Destination": f"{self.stream_arn}-dead"}}, **options,
        )  # fmt: skip
        return str(made["UUID"])

    def put(self, *data: str) -> list[Any]:
        """In one request, so that they are one batch."""
        entries = [{"PartitionKey": "k", "Data": datum.encode()} for datum in data]
        answer = self.place.kinesis.put_records(StreamName=self.name, Records=entries)
        return [entry["SequenceNumber"] for entry in answer["Records"]]

    def drain(self, uuid: str) -> None:
        mappings = self.place.composition.functions.event_source_mappings

        async def drained() -> None:
            while mappings._tasks:
                await asyncio.gather(*mappings._tasks)
            await mappings.running[uuid].drained()

        self.place.run(drained())

    def invocations(self) -> list[Any]:
        """What the function printed, from its log."""
        logs = self.place.logs
        try:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{self.name}")
            events = [event for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []
        lines = (event["message"] for event in sorted(events, key=lambda event: event["timestamp"]))
        return [json.loads(line.removeprefix("NOTE ")) for line in lines if line.startswith("NOTE ")]

    def batches(self) -> list[list[str]]:
        return [each["data"] for each in self.invocations()]

    def given_up(self) -> list[Any]:
        kinesis, name = self.place.kinesis, f"{self.name}-dead"
        token = kinesis.get_shard_iterator(
            StreamName=name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )
        records = kinesis.get_records(ShardIterator=token["ShardIterator"])["Records"]
        return [json.loads(record["Data"]) for record in records]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("mappings"))
    yield made
    made.close()


@pytest.fixture
def scene(place: Place, request: pytest.FixtureRequest) -> Iterator[Scene]:
    made = Scene(place, request.node.name.replace("_", "-")[:40])
    yield made
    for each in place.lambda_.list_event_source_mappings(FunctionName=made.name)["EventSourceMappings"]:
        place.lambda_.delete_event_source_mapping(UUID=each["UUID"])
    place.lambda_.delete_function(FunctionName=made.name)


def at(told: str) -> datetime:
    return datetime.fromisoformat(told.replace("Z", "+00:00"))


@pytest.mark.parametrize(("retries", "invokes"), [(0, 1), (1, 2), (3, 4)])
def test_retries_and_what_is_told_of_them(place: Place, retries: int, invokes: int) -> None:
    scene = Scene(place, f"retries-{retries}")
    uuid = scene.map(MaximumRetryAttempts=retries)
    numbers = scene.put("ok", "raise")
    scene.drain(uuid)
    scene.put("after")
    scene.drain(uuid)
    assert scene.batches() == [["ok", "raise"]] * invokes + [["after"]]
    (told,) = scene.given_up()
    request_id, when = told["requestContext"].pop("requestId"), told.pop("timestamp")
    info = told["KinesisBatchInfo"]
    arrivals = info.pop("approximateArrivalOfFirstRecord"), info.pop("approximateArrivalOfLastRecord")
    assert told == {
        "requestContext": {
            "functionArn": scene.function_arn,
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": invokes,
        },
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "version": "1.0",
        "KinesisBatchInfo": {
            "shardId": "shardId-000000000000",
            "startSequenceNumber": numbers[0],
            "endSequenceNumber": numbers[1],
            "batchSize": 2,
            "streamArn": scene.stream_arn,
        },
    }
    assert len(request_id) == 36
    assert at(arrivals[0]) <= at(arrivals[1]) <= at(when)


def test_bisect(scene: Scene) -> None:
    uuid = scene.map(MaximumRetryAttempts=0, BisectBatchOnFunctionError=True)
    numbers = scene.put("a", "raise", "b", "c")
    scene.drain(uuid)
    assert scene.batches() == [["a", "raise", "b", "c"], ["a", "raise"], ["a"], ["raise"], ["b", "c"]]
    (told,) = scene.given_up()
    assert told["KinesisBatchInfo"]["startSequenceNumber"] == told["KinesisBatchInfo"]["endSequenceNumber"]
    assert told["KinesisBatchInfo"]["startSequenceNumber"] == numbers[1]
    assert told["KinesisBatchInfo"]["batchSize"] == 1


def test_partial_failures(scene: Scene) -> None:
    uuid = scene.map(MaximumRetryAttempts=1, FunctionResponseTypes=["ReportBatchItemFailures"])
    numbers = scene.put("a", "bad", "c")
    scene.drain(uuid)
    assert scene.batches() == [["a", "bad", "c"], ["bad", "c"]]
    (told,) = scene.given_up()
    assert told["responseContext"]["functionError"] is None
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["KinesisBatchInfo"]["startSequenceNumber"] == numbers[1]


def test_filters(scene: Scene) -> None:
    patterns = ['{"data":{"n":[{"numeric":[">",1]}]}}', '{"partitionKey":["other"]}']
    uuid = scene.map(FilterCriteria={"Filters": [{"Pattern": pattern} for pattern in patterns]})
    scene.put('{"n":1}', '{"n":2}', "no json", '{"n":3}')
    scene.drain(uuid)
    assert scene.batches() == [['{"n":2}', '{"n":3}']]


def test_a_worker_that_ends_is_a_failure(scene: Scene) -> None:
    uuid = scene.map(MaximumRetryAttempts=1)
    scene.put("exit")
    scene.drain(uuid)
    assert scene.batches() == [["exit"], ["exit"]]
    (told,) = scene.given_up()
    assert told["responseContext"]["functionError"] == "Unhandled"


def test_a_window_ends_with_an_invoke_of_its_own(scene: Scene) -> None:
    uuid = scene.map(TumblingWindowInSeconds=1)
    is_over = threading.Event()

    def heard(shard: str, records: int, outcome: object) -> None:
        if records == 0:
            is_over.set()

    scene.place.composition.functions.event_source_mappings._hearers[uuid] = heard
    scene.put("a", "b")
    scene.drain(uuid)
    scene.put("c")
    assert is_over.wait(WAIT_S)
    first = scene.invocations()
    ends = [each for each in first if each["final"]]
    assert ends[0]["data"] == []
    before = first[: first.index(ends[0])]
    assert ends[0]["state"] == {"count": sum(len(each["data"]) for each in before)}
    assert before[0]["state"] == {}


def test_an_alias_moves_and_the_mapping_with_it(scene: Scene) -> None:
    lambda_ = scene.place.lambda_
    lambda_.publish_version(FunctionName=scene.name)
    lambda_.create_alias(FunctionName=scene.name, Name="live", FunctionVersion="1")
    uuid = str(
        lambda_.create_event_source_mapping(
            FunctionName=f"{scene.name}:live", EventSourceArn=scene.stream_arn, StartingPosition="LATEST"
        )["UUID"]
    )
    scene.put("a")
    scene.drain(uuid)
    lambda_.update_alias(FunctionName=scene.name, Name="live", FunctionVersion="$LATEST")
    scene.put("b")
    scene.drain(uuid)
    assert [(each["data"], each["version"]) for each in scene.invocations()] == [(["a"], "1"), (["b"], "$LATEST")]
    lambda_.delete_event_source_mapping(UUID=uuid)


def test_the_command_line(scene: Scene) -> None:
    uuid = scene.map()
    scene.put("a", "raise")

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["mapping", "--endpoint", scene.place.composition.url, *arguments])
        assert result.exit_code == 0, result.output
        return result.output

    scene.place.run(scene.place.composition.functions.event_source_mappings._finish(uuid))
    assert f"{uuid}  Enabled   {scene.stream_arn} -> {scene.function_arn}" in run("list")
    assert run("pause", uuid) == f"{uuid} is Disabled\n"
    assert "1 of 2 records" in run("dry-run", uuid, "--from", "trim_horizon", "--filter", '{"data":["a"]}')
    assert run("skip", uuid, "--to", "latest") == "shardId-000000000000 goes on at 3\n"
    assert "at 3, 0 behind" in run("describe", uuid)
    assert run("resume", uuid) == f"{uuid} is Enabled\n"
    report = run("replay", uuid, "--from", "at_timestamp:-60", "--function", ":$LATEST", "--compare")
    assert report == "2 of 2 records in 1 batches, 1 failed, 0 differ\n"
    result = CliRunner().invoke(main, ["mapping", "--endpoint", scene.place.composition.url, "pause", "nothing"])
    assert result.exit_code == 1
    assert "The resource you requested does not exist." in result.output


def test_a_mapping_survives_a_split_a_merge_and_a_new_count(scene: Scene) -> None:
    """Every record, and each key's in order."""
    uuid = scene.map(BatchSize=10, ParallelizationFactor=3)
    kinesis, sent = scene.place.kinesis, 0
    changes: list[Callable[[], object]] = [
        lambda: None,
        lambda: kinesis.split_shard(StreamName=scene.name, ShardToSplit="shardId-000000000000", NewStartingHashKey="9"),
        lambda: kinesis.merge_shards(
            StreamName=scene.name, ShardToMerge="shardId-000000000001", AdjacentShardToMerge="shardId-000000000002"
        ),
        lambda: kinesis.update_shard_count(
            StreamName=scene.name, TargetShardCount=2, ScalingType="UNIFORM_SCALING"
        ),
    ]  # fmt: skip
    for change in changes:
        change()
        entries = [{"PartitionKey": str(i % 7), "Data": f"{i % 7}:{i}".encode()} for i in range(sent, sent + 70)]
        kinesis.put_records(StreamName=scene.name, Records=entries)
        sent += 70
    scene.drain(uuid)
    rows = [tuple(map(int, datum.split(":"))) for batch in scene.batches() for datum in batch]
    for key in range(7):
        assert list(dict.fromkeys(i for k, i in rows if k == key)) == list(range(key, sent, 7))
