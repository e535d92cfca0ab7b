"""boto3 against EventBridge and its Scheduler without a socket, on a clock that is moved by hand; every error has to be
one that botocore's model knows."""

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

from runtime.api.events import EVENTS
from runtime.api.scheduler import SCHEDULER
from runtime.destinations.kinesis import to_stream
from runtime.destinations.router import Destinations
from runtime.errors import DestinationError
from runtime.events.service import Events
from streamcore.api.aws.rest import RestJsonProtocol
from streamcore.api.aws.service import Endpoint
from streamcore.api.aws.target import TargetProtocol
from streamcore.api.http import Request, Response
from streamcore.broker import start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.store.memory import MemoryStore

ACCOUNT = "123456789012"
REGION = "eu-west-1"
NOW_MS = 1_700_000_040_000  # a whole minute: 2023-11-14T22:14:00Z
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
STREAM = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
#: Errors that AWS gives on every action and lists on few.
COMMON_ERRORS = {"ValidationException", "SerializationException", "InternalFailure", "UnknownOperationException"}


@cache
def model(service: str) -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model(service, "service-2")
    return found


class World:
    """A broker in memory; what is sent to functions is in `sent`. Can be restarted as after kill -9."""

    def __init__(self, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock(NOW_MS)
        self.store = MemoryStore()
        self.options = options
        self.sent: list[tuple[str, Any, dict[str, str]]] = []
        self.failures: list[DestinationError] = []
        self.run(self._start())
        self.events, self.scheduler = self._client("events"), self._client("scheduler")

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _start(self) -> None:
        self.broker = await start_broker(settings(transition_ms=0), data=None, clock=self.clock, store=self.store)
        destinations = Destinations()
        destinations.add("lambda", self._deliver)
        destinations.add("kinesis", to_stream(self.broker))
        self.app = Events(self.broker, destinations, **self.options)
        await self.app.start()
        target = TargetProtocol(self.broker, [EVENTS.bind(self.app)])
        self.endpoint = Endpoint([RestJsonProtocol(self.broker, [SCHEDULER.on(self.app)]), target])

    async def _deliver(self, arn: str, body: bytes, attributes: dict[str, str]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append((arn, json.loads(body), attributes))

    def restart(self, *, off_s: float = 0.0) -> None:
        async def again() -> None:
            await self.app.close()
            await self.broker.close()
            self.clock.advance(off_s)
            self.store = self.store.reopened()
            await self._start()

        self.run(again())
        self.settle()

    def close(self) -> None:
        async def end() -> None:
            await self.app.close()
            await self.broker.close()

        self.run(end())
        self.loop.close()

    def settle(self) -> None:
        """What was begun has ended."""

        async def turns() -> None:
            for _ in range(50):
                await asyncio.sleep(0)

        self.run(turns())

    def advance(self, seconds: float) -> None:
        async def go() -> None:
            self.clock.advance(seconds)

        self.settle()
        self.run(go())
        self.settle()

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
    """The referee: an error's code is the model's, and in REST its status and the spelling of its text, too."""
    service, _, action = answer.operation.partition(".")
    if not answer.error:
        return
    declared = {error["shape"] for error in model(service)["operations"][action].get("errors", [])}
    assert answer.error in declared | COMMON_ERRORS, (action, answer.error)
    shape = model(service)["shapes"].get(answer.error)
    if service == "scheduler" and shape is not None:
        assert answer.status == shape["error"]["httpStatusCode"]
        assert json.loads(answer.body).keys() == shape["members"].keys()


def error_of(call: Any, **given: Any) -> tuple[str, str]:
    """(code, message) of the error."""
    try:
        call(**given)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError("it succeeded")
