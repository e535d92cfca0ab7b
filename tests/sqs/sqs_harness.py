"""boto3 against SQS without a socket, on a clock that is moved by hand; every error has to be one that is known."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from runtime.api.sqs import sqs_query_service, sqs_service
from runtime.api.sqs.shapes import QUERY_CODES
from runtime.queues.service import Queues
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
URL = f"http://streamcore.invalid/{ACCOUNT}/"
ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
AUTHORIZATION = (
    f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/20231114/{REGION}/sqs/aws4_request, SignedHeaders=host, Signature=0a1b"
)
#: Errors that the model has no shapes for; SDKs tell them by their former names.
UNMODELED = {"InvalidParameterValueException", "MissingRequiredParameterException"}


@cache
def model() -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model("sqs", "service-2")
    return found


class World:
    """A broker in memory that can be restarted, in order or as after kill -9."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock(NOW_MS)
        self.store = MemoryStore()
        self.run(self._start())
        self.sqs = self._client()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _start(self) -> None:
        self.broker = await start_broker(settings(transition_ms=0), data=None, clock=self.clock, store=self.store)
        self.queues = Queues(self.broker)
        await self.queues.start()
        self.endpoint = Endpoint(
            [
                QueryProtocol(self.broker, [sqs_query_service(self.queues)]),
                TargetProtocol(self.broker, [sqs_service(self.queues)]),
            ]
        )

    def restart(self, *, in_order: bool = True, off_s: float = 0.0) -> None:
        async def again() -> None:
            if in_order:
                await self.queues.close()
            await self.broker.close()
            self.clock.advance(off_s)
            self.store = self.store.reopened()
            await self._start()

        self.run(again())

    def close(self) -> None:
        async def end() -> None:
            await self.queues.close()
            await self.broker.close()

        self.run(end())
        self.loop.close()

    def advance(self, seconds: float) -> None:
        """Time passes, and what came due is done."""

        async def go() -> None:
            self.clock.advance(seconds)
            for _ in range(20):
                await asyncio.sleep(0)

        self.run(go())

    def queue(self, name: str = "q", **attributes: Any) -> str:
        """Its URL."""
        texts = {key: str(value) for key, value in attributes.items()}
        if name.endswith(".fifo"):
            texts["FifoQueue"] = "true"
        url: str = self.sqs.create_queue(QueueName=name, Attributes=texts)["QueueUrl"]
        return url

    def receive(self, url: str, count: int = 10, **given: Any) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=count, MessageSystemAttributeNames=["All"], **given
        )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found

    def bodies(self, url: str, count: int = 10, **given: Any) -> list[str]:
        return [message["Body"] for message in self.receive(url, count, **given)]

    def counts(self, url: str) -> tuple[int, int, int]:
        """Visible, in flight, delayed."""
        names = ("", "NotVisible", "Delayed")
        told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        visible, flying, delayed = (int(told[f"ApproximateNumberOfMessages{name}"]) for name in names)
        return visible, flying, delayed

    def form(self, path: str, **parameters: str) -> tuple[int, str]:
        """A request in the query protocol: (status, XML)."""
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "host": "streamcore.invalid",
            "authorization": AUTHORIZATION,
            "x-amz-date": "20231114T221400Z",
        }
        body = urlencode({"Version": "2012-11-05", **parameters}).encode()
        got = self.run(self.endpoint.handle(Request("POST", path, headers, body)))
        return got.status, got.body.decode()

    def _client(self) -> Any:
        client = boto3.client(
            "sqs",
            region_name=REGION,
            endpoint_url="http://streamcore.invalid",
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}, parameter_validation=False),
        )
        client.meta.events.register("before-send.sqs.*", self._answer)
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
    """The referee: an error's code is one of the service's shapes, and SDKs are told its former name."""
    if answer.error:
        assert answer.error in UNMODELED or model()["shapes"][answer.error]["exception"], answer.error
        former = QUERY_CODES[answer.error]
        assert answer.headers["x-amzn-query-error"] == f"{former};Sender"


def error_of(call: Any, **given: Any) -> tuple[str, str]:
    """(code, message) of the error."""
    try:
        call(**given)
    except ClientError as error:
        return error.response["Error"]["Code"].rpartition(".")[2], error.response["Error"]["Message"]
    raise AssertionError("it succeeded")
