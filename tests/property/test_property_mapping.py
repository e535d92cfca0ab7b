"""Any sequence of puts, splits, merges, failures, lanes and kills: each record is handled at least once, none out of
order within its key, no position ahead of what was handled."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Coroutine
from functools import partial
from typing import Any

from hypothesis import settings as limits
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from runtime.app import _kinesis_form
from runtime.mappings.mapping import Mapping
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Invoked, Outcome, Status
from runtime.model.mapping import MappingConfig, StartingPosition
from streamcore.broker import start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.errors import StreamcoreError
from streamcore.model.reshard import middle
from streamcore.store.memory import MemoryStore

KEYS = "abcdef"
SPEC = FunctionSpec(name="f", handler="app.handler")
KILLED = -1


class MappingMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock()
        self.store = MemoryStore()
        self.put_count = dict.fromkeys(KEYS, 0)
        self.handled: dict[str, list[int]] = {key: [] for key in KEYS}
        self.failures = 0
        self.factor = 1
        self.bisect = False

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @initialize(factor=st.sampled_from([1, 2, 10]), bisect=st.booleans())
    def begin(self, factor: int, bisect: bool) -> None:
        self.factor, self.bisect = factor, bisect
        self.run(self._open(create=True))

    async def _open(self, *, create: bool = False) -> None:
        options = settings(limits="off", transition_ms=0)
        self.broker = await start_broker(options, data=None, clock=self.clock, store=self.store)
        if create:
            await self.broker.create_stream("s", shards=2)
        config = MappingConfig(
            uuid="m", stream=self.broker.describe_stream("s").arn, function_name="f", batch_size=4,
            starting_position=StartingPosition.TRIM_HORIZON, parallelization_factor=self.factor,
            bisect_batch_on_function_error=self.bisect,
        )  # fmt: skip
        self.mapping = Mapping(self.broker, config, partial(_kinesis_form, config), self._invoke)
        await self.mapping.start()
        await self._settle()

    async def _settle(self) -> None:
        for _ in range(60):
            await asyncio.sleep(0)

    async def _invoke(self, event: bytes) -> Invoked:
        await asyncio.sleep(0)
        status = Status.SUCCESS
        if self.failures:
            self.failures -= 1
            status = Status.FUNCTION_ERROR
        else:
            for record in json.loads(event)["Records"]:
                data = base64.b64decode(record["kinesis"]["data"]).decode()
                self.handled[data[0]].append(int(data[1:]))
        outcome = Outcome(status=status, payload=b"null", log=b"", request_id="r", duration_ms=1.0)
        return Invoked(outcome, "$LATEST", SPEC)

    @rule(keys=st.text(KEYS, min_size=1, max_size=8), failures=st.sampled_from([0, 0, 1, 3]))
    def put(self, keys: str, failures: int) -> None:
        self.failures += failures
        datas = []
        for key in keys:
            datas.append(f"{key}{self.put_count[key]}".encode())
            self.put_count[key] += 1
        self.run(self.broker.put_records("s", list(keys), datas))
        self.run(self._settle())

    @rule(choice=st.integers(0, 7), keys=st.text(KEYS, max_size=4))
    def split(self, choice: int, keys: str) -> None:
        shards = self.broker.describe_stream("s").open_shards
        shard = shards[choice % len(shards)]
        self.run(self._try(self.broker.split_shard("s", shard.shard_id, str(middle(shard)))))
        self.put(keys or KEYS, 0)

    @rule(choice=st.integers(0, 7))
    def merge(self, choice: int) -> None:
        shards = sorted(self.broker.describe_stream("s").open_shards, key=lambda shard: int(shard.first_hash_key))
        if len(shards) > 1:
            at = choice % (len(shards) - 1)
            self.run(self._try(self.broker.merge_shards("s", shards[at].shard_id, shards[at + 1].shard_id)))

    async def _try(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except StreamcoreError:
            pass
        await self._settle()

    @rule(seconds=st.sampled_from([0.1, 1.0, 30.0]))
    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.run(self._settle())

    @rule(turns=st.integers(0, 30))
    def kill(self, turns: int) -> None:
        self.run(self._kill(turns))

    async def _kill(self, turns: int) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in self.mapping._tasks.values():
            task.cancel()
        await asyncio.gather(*self.mapping._tasks.values(), return_exceptions=True)
        await self.broker.close()
        self.store = self.store.reopened()
        for key in KEYS:
            self.handled[key].append(KILLED)
        await self._open()

    @invariant()
    def in_order(self) -> None:
        for key, numbers in self.handled.items():
            most, previous = -1, -1
            for number in numbers:
                if number == KILLED:
                    previous = None  # what came before may come again, from any place on
                    continue
                assert number <= most + 1, (key, numbers)
                assert previous is None or number == previous + 1, (key, numbers)
                most, previous = max(most, number), number

    def teardown(self) -> None:
        if hasattr(self, "broker"):
            self.failures = 0
            self.run(self._finish())
            for key, count in self.put_count.items():
                assert set(self.handled[key]) - {KILLED} == set(range(count)), key
        self.loop.close()

    async def _finish(self) -> None:
        for _ in range(40):
            await self._settle()
            self.clock.advance(60)
        await asyncio.wait_for(self.mapping.drained(), 5)
        await self.mapping.stop()
        await self.broker.close()


MappingMachine.TestCase.settings = limits(max_examples=60, stateful_step_count=20, deadline=None)
TestMapping = MappingMachine.TestCase
