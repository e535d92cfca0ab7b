"""boto3 against SNS without a socket, with queues beside it, on a clock that is moved by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from runtime.api.sns import sns_query_service
from runtime.api.sns.door import SubscriptionDoor
from runtime.api.sqs import sqs_service
from runtime.destinations.kinesis import to_stream
from runtime.destinations.router import Destinations
from runtime.queues.service import Queues
from runtime.topics.destination import to_topic
from runtime.topics.service import Topics
from streamcore.api.aws.query import QueryProtocol
from streamcore.api.aws.service import Endpoint
from streamcore.api.aws.target import TargetProtocol
from streamcore.api.http import Request, Response
from streamcore.broker import start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.store.memory import MemoryStore

ACCOUNT = "123456789012"
REGION = "eu-west-1"
NOW_MS = 1_700_000_040_000
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
ORIGIN = "http://broker.invalid"
#: Errors that the protocol has, whatever the service.
COMMON_ERRORS = {"ValidationError", "Throttled"}


@cache
def model() -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model("sns", "service-2")
    return found


class World:
    """`sent` is what functions got, `posted` what HTTP endpoints got; `statuses` are their next answers (200 else)."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock(NOW_MS)
        self.store = MemoryStore()
        self.sent: list[Any] = []
        self.posted: list[tuple[str, Any, dict[str, str]]] = []
        self.statuses: list[int | Exception] = []
        self.run(self._start())
        self.sns, self.sqs = self._client("sns"), self._client("sqs")

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _start(self) -> None:
        self.broker = await start_broker(settings(transition_ms=0), data=None, clock=self.clock, store=self.store)
        self.destinations = Destinations()
        self.destinations.add("lambda", self._invoke)
        self.destinations.add("kinesis", to_stream(self.broker))
        self.queues = Queues(self.broker)
        self.topics = Topics(self.broker, self.destinations, self.queues, self._post, lambda: ORIGIN)
        self.destinations.add("sns", to_topic(self.topics))
        await self.queues.start()
        await self.topics.start()
        self.door = SubscriptionDoor(self.topics)
        self.endpoint = Endpoint(
            [
                QueryProtocol(self.broker, [sns_query_service(self.topics)]),
                TargetProtocol(self.broker, [sqs_service(self.queues)]),
            ]
        )

    async def _invoke(self, arn: str, body: bytes, attributes: dict[str, str]) -> None:
        self.sent.append(json.loads(body))

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.posted.append((url, body.decode(), headers))
        answer = self.statuses.pop(0) if self.statuses else 200
        if isinstance(answer, Exception):
            raise answer
        return answer

    def restart(self, *, in_order: bool = True) -> None:
        async def again() -> None:
            if in_order:
                await self.topics.close()
                await self.queues.close()
            await self.broker.close()
            if not in_order:
                await self.topics.close()  # which can keep nothing any more
            self.store = self.store.reopened()
            await self._start()

        self.run(again())
        self.settle()

    def close(self) -> None:
        async def end() -> None:
            await self.topics.close()
            await self.queues.close()
            await self.broker.close()

        self.run(end())
        self.loop.close()

    def settle(self, seconds: float = 0) -> None:
        """Time passes; what was begun, and what came due, has ended."""

        async def turns() -> None:
            for _ in range(60):
                await asyncio.sleep(0)
            self.clock.advance(seconds)
            for _ in range(60):
                await asyncio.sleep(0)

        self.run(turns())

    def topic(self, name: str = "t", **attributes: str) -> str:
        """Its ARN."""
        if name.endswith(".fifo"):
            attributes["FifoTopic"] = "true"
        arn: str = self.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
        return arn

    def subscribed(self, topic: str, name: str = "q", **attributes: str) -> str:
        """The URL of a new queue that is subscribed to the topic."""
        fifo = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        url: str = self.sqs.create_queue(QueueName=name, Attributes=fifo)["QueueUrl"]
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=QUEUE + name, Attributes=attributes)
        return url

    def received(self, url: str) -> list[dict[str, Any]]:
        self.settle()
        answer = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]
        )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found

    def texts(self, url: str) -> list[str]:
        """Of notifications that are in a queue."""
        return [json.loads(each["Body"])["Message"] for each in self.received(url)]

    def visit(self, url: str) -> Response:
        """What a browser does with a URL of a notification."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}" == ORIGIN
        answer: Response = self.run(self.door.handle(Request("GET", parts.path, {}, b"", parts.query)))
        return answer

    def _client(self, service: str) -> Any:
        client = boto3.client(
            service,
            region_name=REGION,
            endpoint_url="http://streamcore.invalid",
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}, parameter_validation=False),
        )
        client.meta.events.register(f"before-send.{service}.*", self._answer)
        return client

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        url = urlsplit(request.url)
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        headers.setdefault("host", url.netloc)
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else bytes(body)
        got = self.run(self.endpoint.handle(Request(request.method, url.path, headers, body, url.query)))
        check(got)
        return AWSResponse(request.url, got.status, got.headers, _Body(got.body))


class _Body:
    """What botocore reads an answer from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body

    def read(self, *_: Any) -> bytes:
        body, self._body = self._body, b""
        return body


def check(answer: Response) -> None:
    """The referee: an error of SNS is one that the model has for the action, with its status."""
    service, _, action = answer.operation.partition(".")
    if not answer.error or service != "sns" or answer.error in COMMON_ERRORS:
        return
    declared = {
        model()["shapes"][error["shape"]]["error"]["code"]: model()["shapes"][error["shape"]]["error"]["httpStatusCode"]
        for error in model()["operations"][action]["errors"]
    }
    assert declared[answer.error] == answer.status


def error_of(call: Any, **given: Any) -> tuple[str, str]:
    """(code, message) of the error."""
    try:
        call(**given)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError("it succeeded")
