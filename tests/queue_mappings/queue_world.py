"""Mappings from queues over a broker in memory; the function is a Python callable, and time is moved by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from runtime.app import _queue_form
from runtime.mappings.queue_mapping import QueueMapping
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Invoked, Outcome, Status
from runtime.model.mapping import QUEUE_BATCH_SIZE, MappingConfig, StartingPosition
from runtime.model.queue_message import Attribute, Content
from runtime.model.queue_settings import QueueRecord
from runtime.queues.queue import Queue
from runtime.queues.sending import Outgoing
from runtime.queues.service import Queues
from runtime.queues.source import sources
from streamcore import Broker
from streamcore.broker import start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.store.memory import MemoryStore

ACCOUNT, REGION = "123456789012", "eu-west-1"
NOW_MS = 1_700_000_000_000
SPEC = FunctionSpec(name="f", handler="app.handler")
Answer = bytes | Exception | None


class Function:
    """Notes its batches and answers as it is told; `gate` holds it back, `raises` refuses invocations."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.answer: Callable[[list[str]], Answer] = lambda bodies: None
        self.raises: list[Exception] = []
        self.gate: asyncio.Event | None = None
        self.running = self.most = self.places = 0
        self.refusals = 0

    async def __call__(self, event: bytes) -> Invoked:
        if self.raises:
            raise self.raises.pop(0)
        decoded = json.loads(event)
        self.events.append(decoded)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if self.gate is not None:
                await self.gate.wait()
        finally:
            self.running -= 1
        answer = self.answer([record["body"] for record in decoded["Records"]])
        failed = isinstance(answer, Exception)
        payload = b'{"errorMessage":"no"}' if isinstance(answer, Exception) else answer or b"null"
        status = Status.FUNCTION_ERROR if failed else Status.SUCCESS
        return Invoked(Outcome(status=status, payload=payload, log=b"", request_id="r", duration_ms=1.0), "1", SPEC)

    @property
    def batches(self) -> list[list[str]]:
        return [[record["body"] for record in event["Records"]] for event in self.events]

    @property
    def handled(self) -> list[str]:
        return [body for batch in self.batches for body in batch]


class World:
    """A broker that can be restarted, its queues, and one mapping."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW_MS)
        self.store = MemoryStore()
        self.function = Function()
        self.broker: Broker
        self.queues: Queues
        self.mapping: QueueMapping | None = None

    async def start(self) -> None:
        self.broker = await start_broker(
            settings(limits="off", transition_ms=0), data=None, clock=self.clock, store=self.store
        )
        self.queues = Queues(self.broker)
        await self.queues.start()

    async def restart(self, *, in_order: bool) -> None:
        """In order, or as after kill -9."""
        if in_order:
            await self.stop()
            await self.queues.close()
        elif self.mapping is not None:
            tasks = [*self.mapping._batches, self.mapping._gatherer]
            for task in tasks:
                assert task is not None
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)  # type: ignore[arg-type]  none is None, see above
            self.mapping = None
        await self.broker.close()
        self.store = self.store.reopened()
        await self.start()

    async def queue(self, name: str = "q", **attributes: Any) -> Queue:
        texts = {key: str(value) for key, value in attributes.items()}
        if name.endswith(".fifo"):
            texts |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        record = QueueRecord(
            id=f"{len(self.queues.all()) + 1:032x}", name=name, account=ACCOUNT, region=REGION, attributes=texts,
            created_ms=NOW_MS, modified_ms=NOW_MS,
        )  # fmt: skip
        return await self.queues.create(record)

    def found(self, name: str = "q") -> Queue:
        return self.queues.find(ACCOUNT, REGION, name)

    async def send(
        self, *bodies: str, to: str = "q", group: str = "", attributes: dict[str, Attribute] | None = None
    ) -> list[Any]:
        outgoing = [
            Outgoing(content=Content(body, attributes or {}), sender=ACCOUNT, group=group, trace="") for body in bodies
        ]
        return await self.queues.send(self.found(to), outgoing)

    async def map(self, name: str = "q", *, workers: int = 1, **options: Any) -> QueueMapping:
        config = MappingConfig(
            uuid="m", stream=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}", function_name="f",
            starting_position=StartingPosition.TRIM_HORIZON, **({"batch_size": QUEUE_BATCH_SIZE} | options),
        )  # fmt: skip
        self.mapping = QueueMapping(self.clock, config, sources(self.queues), _queue_form, self.function, workers)
        await self.mapping.start()
        await self.settle()
        return self.mapping

    def counts(self, name: str = "q") -> tuple[int, int, int]:
        """Visible, in flight, delayed."""
        return self.queues.counts(self.found(name))

    async def settle(self) -> None:
        """Lets everything run that can run without time passing."""
        for _ in range(300):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        await self.settle()
        self.clock.advance(seconds)
        await self.settle()

    async def stop(self) -> None:
        mapping, self.mapping = self.mapping, None
        if mapping is not None:
            await mapping.stop()

    async def close(self) -> None:
        await self.stop()
        await self.queues.close()
        await self.broker.close()
