"""Mappings from queues by boto3 over a socket, from a zip archive to the dead letter, with real worker processes; and
the tools beside AWS's API."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from click.testing import CliRunner

from runtime.errors import QueueError
from streamcore.cli import main
from streamcore.composition import Composition
from streamcore.config import settings

ACCOUNT, REGION = "123456789012", "eu-west-1"
SOURCE = Path(__file__).with_name("queue_function.py").read_text()
WAIT_S = 20.0


class Place:
    """A whole broker in a thread, and clients of it."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        options = settings(port=0, data=str(folder / "data"), transition_ms=0, workers=2, limits="off")
        self.composition: Composition = self.run(Composition.start(options))
        self.lambda_, self.sqs, self.logs = (self._client(name) for name in ("lambda", "sqs", "logs"))

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(WAIT_S)

    def close(self) -> None:
        for client in (self.lambda_, self.sqs, self.logs):
            client.close()
        self.run(self.composition.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _client(self, service: str) -> Any:
        return boto3.client(
            service, region_name=REGION, endpoint_url=self.composition.url, aws_access_key_id=ACCOUNT,
            aws_secret_access_key="secret", config=Config(retries={"max_attempts": 0}, read_timeout=30),
        )  # fmt: skip


class Scene:
    """A function, a queue of messages for it, a queue for dead letters."""

    def __init__(self, place: Place, name: str) -> None:
        self.place, self.name = place, name
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("app.py", SOURCE)
        place.lambda_.create_function(
            FunctionName=name, Role=f"arn:aws:iam::{ACCOUNT}:role/r", Runtime="python3.11", Handler="app.handler",
            Code={"ZipFile": buffer.getvalue()}, Timeout=10,
        )  # fmt: skip
        self.arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
        self.dead = place.sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]

    def queue(self, suffix: str = "", **attributes: str) -> str:
        url: str = self.place.sqs.create_queue(QueueName=self.name + suffix, Attributes=attributes)["QueueUrl"]
        return url

    def map(self, suffix: str = "", **options: Any) -> str:
        made = self.place.lambda_.create_event_source_mapping(
            FunctionName=self.name, EventSourceArn=self.arn + suffix, **options
        )
        self.place.run(self.place.composition.functions.event_source_mappings._finish(made["UUID"]))
        return str(made["UUID"])

    def empty(self, suffix: str = "") -> None:
        """Returns when nothing is in the queue any more."""
        queues = self.place.composition.queues
        queue = queues.find(ACCOUNT, REGION, self.name + suffix)

        async def emptied() -> None:
            gone, remove = asyncio.Event(), queue.state.remove

            def removed(number: int) -> Any:
                message = remove(number)
                gone.set()
                return message

            queue.state.remove = removed  # type: ignore[method-assign]  watched
            while queue.state.messages:
                gone.clear()
                await gone.wait()

        self.place.run(emptied())

    def notes(self) -> list[list[tuple[str, str]]]:
        """What the function printed: of each batch the bodies, and how often each was received."""
        pages = self.place.logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{self.name}")
        lines = [event["message"] for page in pages for event in page["events"]]
        found = [json.loads(line.removeprefix("NOTE ")) for line in lines if line.startswith("NOTE ")]
        return [[(body, count) for body, count in batch] for batch in found]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    made = Place(tmp_path_factory.mktemp("queue-mappings"))
    yield made
    made.close()


@pytest.fixture
def scene(place: Place, request: pytest.FixtureRequest) -> Iterator[Scene]:
    made = Scene(place, request.node.name.replace("_", "-")[:40])
    yield made
    for each in place.lambda_.list_event_source_mappings(FunctionName=made.name)["EventSourceMappings"]:
        place.lambda_.delete_event_source_mapping(UUID=each["UUID"])
    place.lambda_.delete_function(FunctionName=made.name)


def test_messages_reach_the_function(scene: Scene) -> None:
    url, sqs = scene.queue(), scene.place.sqs
    scene.map()
    entries = [{"Id": str(i), "MessageBody": f"m{i}"} for i in range(10)]
    for _ in range(3):
        sqs.send_message_batch(QueueUrl=url, Entries=entries)
    scene.empty()
    assert sorted(body for batch in scene.notes() for body, _ in batch) == sorted(f"m{i % 10}" for i in range(30))
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_what_fails_is_a_dead_letter_in_the_end(scene: Scene) -> None:
    dead = scene.place.sqs.get_queue_attributes(QueueUrl=scene.dead, AttributeNames=["QueueArn"])["Attributes"]
    policy = {"deadLetterTargetArn": dead["QueueArn"], "maxReceiveCount": 2}
    url = scene.queue(VisibilityTimeout="10", RedrivePolicy=json.dumps(policy))
    scene.map(FunctionResponseTypes=["ReportBatchItemFailures"])
    scene.place.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
    sqs = scene.place.sqs
    sqs.send_message_batch(
        QueueUrl=url, Entries=[{"Id": body, "MessageBody": body} for body in ("good", "bad", "better")]
    )
    [letter] = sqs.receive_message(
        QueueUrl=scene.dead, WaitTimeSeconds=20, MessageSystemAttributeNames=["All"]
    )["Messages"]  # fmt: skip
    assert letter["Body"] == "bad"
    assert letter["Attributes"]["DeadLetterQueueSourceArn"] == scene.arn
    assert scene.notes() == [[("good", "1"), ("bad", "1"), ("better", "1")], [("bad", "2")]]


def test_a_fifo_queue_in_the_order_of_its_groups(scene: Scene) -> None:
    url = scene.queue(".fifo", FifoQueue="true", ContentBasedDeduplication="true")
    scene.map(".fifo", BatchSize=2)
    for i in range(8):
        scene.place.sqs.send_message(QueueUrl=url, MessageBody=f"{i % 2}-{i}", MessageGroupId=str(i % 2))
    scene.empty(".fifo")
    bodies = [body for batch in scene.notes() for body, _ in batch]
    for group in "01":
        own = [body for body in bodies if body.startswith(group)]
        assert own == sorted(own)
        assert len(own) == 4


def test_the_command_line_and_the_metrics(scene: Scene) -> None:
    url = scene.queue()
    uuid = scene.map()
    endpoint = scene.place.composition.url

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["mapping", "--endpoint", endpoint, *arguments])
        return result.exit_code, result.output

    scene.place.sqs.send_message(QueueUrl=url, MessageBody="a")
    scene.empty()
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{scene.name}"
    assert f"{uuid}  Enabled   {scene.arn} -> {function}" in run("list")[1]
    told = run("describe", uuid)[1]
    assert "messages in the queue: 0 visible, 0 in flight, 0 delayed" in told
    assert "records:                        1" in told
    with urllib.request.urlopen(f"{endpoint}/metrics", timeout=10) as answer:
        lines = answer.read().decode()
    labels = f'{{function="{scene.name}",mapping="{uuid}",shard="",stream="{scene.name}"}}'
    assert f"streamcore_mapping_records_total{labels} 1.0" in lines
    assert f"streamcore_mapping_iterator_age_seconds{labels}" not in lines
    assert run("pause", uuid) == (0, f"{uuid} is Disabled\n")
    scene.place.sqs.send_message(QueueUrl=url, MessageBody="b")
    assert "messages in the queue: 1 visible" in run("describe", uuid)[1]
    for tool in (("skip", "--to", "latest"), ("dry-run",), ("replay", "--from", "latest")):
        code, output = run(tool[0], uuid, *tool[1:])
        assert code == 1
        assert "This mapping is from a queue, which has no positions: it can be paused and resumed" in output
    assert run("resume", uuid) == (0, f"{uuid} is Enabled\n")
    scene.empty()
    scene.place.sqs.delete_queue(QueueUrl=url)
    with pytest.raises(QueueError):
        scene.place.composition.queues.find(ACCOUNT, REGION, scene.name)
    assert "messages in the queue" not in run("describe", uuid)[1]
