"""S3 on a broker in a thread of its own behind a real socket, on a clock that the test moves, and boto3 in front."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from runtime.api.s3.address import is_marked
from runtime.api.s3.api import S3Api
from runtime.api.s3.app import S3App
from runtime.api.s3.webhook import PATH, WebhookApi
from runtime.destinations.kinesis import to_stream
from runtime.destinations.router import Destinations
from runtime.errors import DestinationError
from runtime.objects.app import Objects
from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.service import Endpoint
from streamcore.api.aws.target import TargetProtocol
from streamcore.api.server import HttpServer
from streamcore.broker import Broker, open_broker
from streamcore.clock import ManualClock

ACCOUNT = "123456789012"
REGION = "eu-west-1"
NOW_MS = 1_700_000_000_000
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:thumbnail"


class World:
    """`s3` is the client. `delivered` has (target, body) of notifications; while `failing` is set, targets refuse."""

    def __init__(self, folder: Path | None = None, **settings: Any) -> None:
        self._folder = folder
        self._settings = settings
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        self._failure: BaseException | None = None
        self.delivered: list[tuple[str, bytes]] = []
        self.bridged: list[bytes] = []
        self.failing: DestinationError | None = None

    def __enter__(self) -> World:
        self._thread.start()
        assert self._ready.wait(20)
        if self._failure is not None:
            raise self._failure
        self.s3 = self.client()
        return self

    def __exit__(self, *_: object) -> None:
        self.s3.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    def client(self, service: str = "s3", account: str = ACCOUNT, region: str = REGION, **s3: Any) -> Any:
        config = Config(
            retries={"max_attempts": 0}, parameter_validation=False, s3=s3 or None, signature_version=s3.pop("v", None)
        )
        keys = {"aws_access_key_id": account, "aws_secret_access_key": "secret"}
        return boto3.client(service, region_name=region, endpoint_url=self.url, config=config, **keys)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Has the server's loop do something."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def advance(self, **span: float) -> None:
        """Moves time; returns when what came due has been done."""

        async def move() -> None:
            await self.objects.expiry.idle.wait()
            await self.objects.store.outbox.drained()  # it has looked at the time before
            self.clock.advance(**span)
            await self.objects.expiry.idle.wait()
            await self.objects.store.outbox.drained()

        self.run(move())

    def settle(self) -> None:
        """Returns when all notifications that can be delivered are."""
        self.run(self.objects.store.outbox.drained())

    def http(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[HTTPResponse, bytes]:
        """A bare request without a signature."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        connection = HTTPConnection(host, int(port), timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer, answer.read()
        finally:
            connection.close()

    def files(self) -> list[Path]:
        """The files of contents, in their places and on their way."""
        folder = self.objects.store.blobs.folder
        return [path for path in folder.rglob("*") if path.is_file() and "sqlite" not in path.name]

    async def _deliver(self, arn: str, body: bytes, attributes: dict[str, str]) -> None:
        if self.failing is not None:
            raise self.failing
        self.delivered.append((arn, body))

    async def _bridge(self, body: bytes) -> None:
        self.bridged.append(body)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self.clock = ManualClock(NOW_MS)
        try:
            async with open_broker(self._folder, clock=self.clock, port=0, **self._settings) as broker:
                await self._serve(broker)
        except BaseException as error:
            self._failure = error
            self._ready.set()
            raise

    async def _serve(self, broker: Broker) -> None:
        self.broker = broker
        self.objects = Objects(broker)
        destinations = Destinations()
        destinations.add("lambda", self._deliver)
        destinations.add("sqs", self._deliver)
        destinations.add("kinesis", to_stream(broker))
        destinations.add("s3", self.objects.deliver)
        self.objects.notify_through(destinations, exists=lambda arn: "missing" not in arn, to_event_bridge=self._bridge)
        await self.objects.start()
        aws = Endpoint([TargetProtocol(broker, [KINESIS])])
        api = S3Api(S3App(self.objects), aws, broker.settings)
        server = HttpServer(
            broker.settings, {PATH: WebhookApi(self.objects)}, api, streams=api.streams, claims=is_marked
        )
        self.url = await server.start()
        self._ready.set()
        await self._stop.wait()
        await server.stop()
        await self.objects.close()


def fails(call: Any, /, **arguments: Any) -> tuple[str, int]:
    """(code, status) of a call that must fail."""
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    raise AssertionError("it did not fail")


def sentence(call: Any, /, **arguments: Any) -> str:
    """The sentence of a call that must fail."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Message"])
    raise AssertionError("it did not fail")
