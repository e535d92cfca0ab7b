"""A broker in a thread of its own behind a real socket, on a clock that the test moves, and boto3 in front of it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import boto3
import uvloop
from botocore.config import Config

from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.service import Endpoint
from streamcore.api.aws.target import TargetProtocol
from streamcore.api.server import HttpServer
from streamcore.broker import Broker, open_broker
from streamcore.clock import ManualClock

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ARN = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/"
NOW_S = 1_700_000_000


class World:
    """`kinesis` is the client; `advance` moves the broker's time."""

    def __init__(self, **settings: Any) -> None:
        self._settings = settings
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()))

    def __enter__(self) -> World:
        self._thread.start()
        assert self._ready.wait(20)
        self.kinesis = self.client()
        return self

    def __exit__(self, *_: object) -> None:
        self.kinesis.close()
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    def client(self) -> Any:
        config = Config(retries={"max_attempts": 0}, parameter_validation=False)
        keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "secret"}
        return boto3.client("kinesis", region_name=REGION, endpoint_url=self._url, config=config, **keys)

    def advance(self, seconds: float) -> None:
        """Returns when all that was due in that time has been done."""

        async def move() -> None:
            self._clock.advance(seconds)
            while self._broker._background:
                _, waiting = await asyncio.wait(list(self._broker._background), timeout=0.05)
                if waiting and not self._clock_moved(waiting):
                    return

        asyncio.run_coroutine_threadsafe(move(), self._loop).result(20)

    @staticmethod
    def _clock_moved(waiting: set[asyncio.Task[None]]) -> bool:
        """Whether what is left has ended after all; else it waits for a later time."""
        return any(task.done() for task in waiting)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self._clock = ManualClock(NOW_S * 1000)
        async with open_broker(None, clock=self._clock, port=0, **self._settings) as broker:
            self._broker: Broker = broker
            server = HttpServer(broker.settings, {}, Endpoint([TargetProtocol(broker, [KINESIS])]))
            self._url = await server.start()
            self._ready.set()
            await self._stop.wait()
            await server.stop()
