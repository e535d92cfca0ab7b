"""A mapping over a broker in memory, with a function that is a Python callable: no processes, no time of its own."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest

from runtime.app import _kinesis_form
from runtime.mappings.mapping import Mapping
from runtime.mappings.poller import Discarded, Form
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Invoked, Outcome, Status
from runtime.model.mapping import MappingConfig, StartingPosition
from streamcore import Broker
from streamcore.broker import start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.model.stream import ShardInfo
from streamcore.store.memory import MemoryStore

SPEC = FunctionSpec(name="f", handler="app.handler")
Answer = bytes | Exception | None


def outcome(answer: Answer) -> Outcome:
    """Success with this payload, or the failure of a function that raised."""
    failed = isinstance(answer, Exception)
    return Outcome(
        status=Status.FUNCTION_ERROR if failed else Status.SUCCESS,
        payload=b'{"errorMessage":"no"}' if failed else (answer or b"null"),  # type: ignore[arg-type]  see failed
        log=b"",
        request_id="r",
        duration_ms=1.0,
    )


class Recorder:
    """A function that notes its batches and answers as it is told; `gate` holds it back."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.events: list[dict[str, Any]] = []
        self.decide: Callable[[list[str]], Answer] = lambda data: None
        self.raises: list[Exception] = []
        self.gate: asyncio.Event | None = None
        self.entered = asyncio.Event()

    async def __call__(self, event: bytes) -> Invoked:
        if self.raises:
            raise self.raises.pop(0)
        decoded = json.loads(event)
        data = [kinesis_data(record) for record in decoded["Records"]]
        self.events.append(decoded)
        self.batches.append(data)
        self.entered.set()
        if self.gate is not None:
            await self.gate.wait()
        return Invoked(outcome(self.decide(data)), "$LATEST", SPEC)

    @property
    def handled(self) -> list[str]:
        return [datum for batch in self.batches for datum in batch]


def kinesis_data(record: dict[str, Any]) -> str:
    return base64.b64decode(record["kinesis"]["data"]).decode()


class World:
    """A broker that can be restarted, its clock, and the mappings of a test."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.store = MemoryStore()
        self.function = Recorder()
        self.broker: Broker
        self.mappings: list[Mapping] = []
        self.given_up: list[Discarded] = []

    async def start(self) -> None:
        self.broker = await start_broker(
            settings(limits="off", transition_ms=0), data=None, clock=self.clock, store=self.store
        )

    async def restart(self) -> None:
        """As after kill -9: nobody says goodbye."""
        for mapping in self.mappings:
            for task in mapping._tasks.values():
                task.cancel()
        self.mappings.clear()
        await self.broker.close()
        self.store = self.store.reopened()
        await self.start()

    async def put(self, *data: str, key: str = "k", stream: str = "s") -> None:
        await self.broker.put_records(stream, [key] * len(data), [datum.encode() for datum in data])

    async def map(self, stream: str = "s", **options: Any) -> Mapping:
        arn = self.broker.describe_stream(stream).arn
        options = {"starting_position": StartingPosition.TRIM_HORIZON, "uuid": "m"} | options
        config = MappingConfig(stream=arn, function_name="f", **options)
        mapping = Mapping(self.broker, config, form_of(config), self.function, None, self.give_up)
        self.mappings.append(mapping)
        await mapping.start()
        return mapping

    async def give_up(self, config: MappingConfig, what: Discarded) -> None:
        self.given_up.append(what)

    async def checkpoint(self, stream: str = "s", shard: str = "shardId-000000000000") -> int:
        return (await self.broker.checkpoints(stream, "mapping:m"))[shard]

    async def settle(self) -> None:
        """Lets everything run that can run without time passing."""
        for _ in range(200):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        await self.settle()
        self.clock.advance(seconds)
        await self.settle()

    async def close(self) -> None:
        for mapping in self.mappings:
            await mapping.stop()
        await self.broker.close()


def form_of(config: MappingConfig) -> Callable[[ShardInfo, int], Form]:
    return partial(_kinesis_form, config)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    await made.start()
    await made.broker.create_stream("s")
    yield made
    await made.close()
