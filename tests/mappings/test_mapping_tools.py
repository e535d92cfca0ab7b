"""The tools beside AWS's API: describe, pause, resume, skip, dry run, replay; by the native API, in memory."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from typing import Any

import functions_under_test as handlers
import msgspec
import pytest

from runtime import Functions
from runtime.api.mappings import MappingsApi
from runtime.errors import ThrottledError
from runtime.mappings.mapping import Mapping
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome, Status
from streamcore.api.http import Request
from streamcore.broker import Broker, start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.model.sequence import INDEX_SHIFT
from streamcore.store.memory import MemoryStore

NOW_MS = 1_700_000_000_000
SHARD = "shardId-000000000000"


class Bench:
    """A broker in memory, a mapping from `s` to the handler `echo`; `async-echo` is another function."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOW_MS)
        self.seen: list[tuple[str, list[str]]] = []
        self.answer: Callable[[str, list[str]], object] = lambda name, data: data
        self.gate: asyncio.Event | None = None
        self.broker: Broker
        self.mapping: Mapping

    async def start(self, shards: int = 1, **options: Any) -> None:
        made = settings(transition_ms=0, limits="off")
        self.broker = await start_broker(made, data=None, clock=self.clock, store=MemoryStore())
        self.functions = Functions(self.broker)
        self.functions.invoker._run = self._run
        await self.functions.start()
        await self.functions.register(handlers.async_echo)
        await self.broker.create_stream("s", shards=shards)
        self.mapping = await self.functions.map("s", handlers.echo, **options)
        self.uuid = self.mapping.config.uuid
        self.api = MappingsApi(self.broker, self.functions)

    async def _run(self, spec: FunctionSpec, event: bytes, **_: Any) -> Outcome:
        data = [b64decode(record["kinesis"]["data"]).decode() for record in json.loads(event)["Records"]]
        self.seen.append((spec.name, data))
        if self.gate is not None:
            await self.gate.wait()
        answer = self.answer(spec.name, data)
        if isinstance(answer, ThrottledError):
            raise answer
        status = Status.FUNCTION_ERROR if isinstance(answer, Exception) else Status.SUCCESS
        payload = json.dumps({"errorMessage": str(answer)} if isinstance(answer, Exception) else answer).encode()
        return Outcome(status=status, payload=payload, log=b"", request_id="r", duration_ms=1.0)

    async def put(self, *data: str, key: str = "k") -> list[str]:
        result = await self.broker.put_records("s", [key] * len(data), [datum.encode() for datum in data])
        (run,) = result.runs
        return [str(run.first_sequence + (i << INDEX_SHIFT)) for i in range(len(data))]

    async def ask(self, method: str, tool: str = "", **body: Any) -> tuple[int, Any]:
        path = f"/v1/mappings/{self.uuid}" + (f"/{tool}" if tool else "")
        answer = await self.api.handle(Request(method, path, {}, msgspec.msgpack.encode(body)))
        return answer.status, msgspec.msgpack.decode(answer.body)

    async def use(self, tool: str, **body: Any) -> Any:
        status, answer = await self.ask("POST", tool, **body)
        assert status == 200, answer
        return answer

    async def drain(self) -> None:
        await asyncio.wait_for(self.functions.mappings[self.uuid].drained(), 10)

    async def settle(self) -> None:
        for _ in range(200):
            await asyncio.sleep(0)

    async def close(self) -> None:
        await self.functions.close()
        await self.broker.close()

    def batches(self, name: str = "echo") -> list[list[str]]:
        return [data for seen, data in self.seen if seen == name]


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    await made.start(batch_size=2)
    yield made
    await made.close()


async def test_a_mapping_is_described(bench: Bench) -> None:
    await bench.put("1", "2", "3")
    await bench.drain()
    status, told = await bench.ask("GET")
    assert status == 200
    assert told["state"] == "Enabled"
    assert told["last_result"] == "OK"
    assert told["at_work"]
    assert told["config"]["batch_size"] == 2
    (shard,) = told["shards"]
    assert (shard["position"], shard["behind"], shard["records"], shard["batches"]) == (4, 0, 3, 2)
    answer = await bench.api.handle(Request("GET", "/v1/mappings", {}))
    (listed,) = msgspec.msgpack.decode(answer.body)["mappings"]
    assert listed["uuid"] == bench.uuid


async def test_a_retry_that_waits_is_described(bench: Bench) -> None:
    bench.answer = lambda name, data: ValueError("no")
    await bench.put("1")
    await bench.settle()
    _, told = await bench.ask("GET")
    (retry,) = told["shards"][0]["retrying"]
    assert retry["parts"] == [{"first": 1, "end": 2, "invokes": 1}]
    assert told["shards"][0]["behind"] == 1


async def test_pause_keeps_the_position(bench: Bench) -> None:
    await bench.put("1")
    await bench.drain()
    for _ in range(2):
        assert (await bench.use("pause"))["state"] == "Disabled"
    await bench.put("2")
    await bench.settle()
    assert bench.batches() == [["1"]]
    _, told = await bench.ask("GET")
    assert (told["at_work"], told["shards"][0]["behind"]) == (False, 1)
    assert (await bench.use("resume"))["state"] == "Enabled"
    await bench.drain()
    assert bench.batches() == [["1"], ["2"]]


@pytest.mark.parametrize(
    ("place", "handled"),
    [
        ("latest", ["new"]),
        ("trim_horizon", ["1", "2", "3", "new"]),
        ("at_sequence:{2}", ["3", "new"]),
        ("after_sequence:{0}", ["2", "3", "new"]),
        (f"at_timestamp:{NOW_MS + 1000}", ["3", "new"]),
    ],
)
async def test_skip_moves_a_mapping(bench: Bench, place: str, handled: list[str]) -> None:
    await bench.use("pause")
    numbers = await bench.put("1", "2")
    bench.clock.advance(1)
    numbers += await bench.put("3")
    await bench.use("skip", to=place.format(*numbers))
    await bench.put("new")
    await bench.use("resume")
    await bench.drain()
    assert [datum for data in bench.batches() for datum in data] == handled


async def test_a_mapping_that_stops_during_a_failing_batch_does_not_wait_for_its_retries(bench: Bench) -> None:
    """The batch ends; what is left of it, and how often it was tried, is kept."""
    bench.answer = lambda name, data: ValueError("no")
    gate = bench.gate = asyncio.Event()
    await bench.put("1")
    await bench.settle()
    pausing = asyncio.ensure_future(bench.use("pause"))
    await bench.settle()
    assert not pausing.done()
    gate.set()
    assert (await asyncio.wait_for(pausing, 2))["state"] == "Disabled"
    _, told = await bench.ask("GET")
    assert told["shards"][0]["retrying"][0]["parts"] == [{"first": 1, "end": 2, "invokes": 1}]
    bench.answer = lambda name, data: data
    await bench.use("resume")
    bench.clock.advance(60)
    await bench.drain()
    assert bench.batches() == [["1"], ["1"]]


async def test_a_throttled_mapping_stops_at_once_too(bench: Bench) -> None:
    throttled = ThrottledError("ConcurrentInvocationLimitExceeded")
    bench.answer = lambda name, data: throttled
    gate = bench.gate = asyncio.Event()
    await bench.put("1")
    await bench.settle()
    pausing = asyncio.ensure_future(bench.use("pause"))
    await bench.settle()
    gate.set()
    assert (await asyncio.wait_for(pausing, 2))["state"] == "Disabled"
    bench.answer = lambda name, data: data
    await bench.use("resume")
    bench.clock.advance(60)
    await bench.drain()
    assert bench.functions.mappings[bench.uuid].stats[SHARD].records == 1


async def test_skip_drops_a_retry_that_waits(bench: Bench) -> None:
    bench.answer = lambda name, data: ValueError("no") if "poison" in data else data
    await bench.put("poison")
    await bench.settle()
    assert (await bench.use("skip", to="latest", shard=SHARD))["positions"] == {SHARD: 2}
    await bench.put("next")
    await bench.drain()
    assert bench.batches() == [["poison"], ["next"]]
    assert await bench.broker.documents("mapping-progress") == {}


async def test_a_dry_run_invokes_nothing(bench: Bench) -> None:
    await bench.use("pause")
    numbers = await bench.put('{"n":1}', '{"n":2}', '{"n":3}', "x")
    (shard,) = (await bench.use("dry-run"))["shards"]
    assert [(batch["records"], batch["first"], batch["last"]) for batch in shard["batches"]] == [
        (2, numbers[0], numbers[1]),
        (2, numbers[2], numbers[3]),
    ]
    tried = await bench.use("dry-run", filters=['{"data":{"n":[{"numeric":[">=",2]}]}}'], limit=3)
    (shard,) = tried["shards"]
    assert (shard["read"], shard["taken"], shard["next"]) == (3, 2, 4)
    (batch,) = shard["batches"]
    assert (batch["first"], batch["last"]) == (numbers[1], numbers[2])
    assert bench.seen == []


async def test_a_replay_leaves_the_mapping_alone(bench: Bench) -> None:
    await bench.put("1", "2", "3")
    await bench.drain()
    before = await bench.broker.checkpoints("s", f"mapping:{bench.uuid}")
    bench.seen.clear()
    report = await bench.use("replay", start="trim_horizon", function="async-echo")
    assert bench.seen == [("async-echo", ["1", "2"]), ("async-echo", ["3"])]
    assert (report["read"], report["records"], report["batches"], report["errors"]) == (3, 3, 2, 0)
    assert report["next"] == {}
    assert await bench.broker.checkpoints("s", f"mapping:{bench.uuid}") == before


async def test_a_replay_from_and_to(bench: Bench) -> None:
    numbers = await bench.put("1", "2", "3", "4")
    await bench.drain()
    bench.seen.clear()
    await bench.use("replay", start=f"at_sequence:{numbers[1]}", end=f"at_sequence:{numbers[3]}")
    assert bench.batches() == [["2", "3"]]


async def test_a_comparison_shows_what_differs(bench: Bench) -> None:
    await bench.put("1", "2", "3", "4", "5")
    await bench.drain()

    def answer(name: str, data: list[str]) -> object:
        if data == ["3", "4"]:
            return name
        return ValueError("both") if data == ["5"] else {"sum": data}

    bench.answer = answer
    report = await bench.use("replay", start="trim_horizon", function="async-echo", compare=True)
    assert (report["batches"], report["errors"], report["different"]) == (3, 1, 1)
    (difference,) = report["differences"]
    assert (difference["own"], difference["other"]) == ('"echo"', '"async-echo"')


async def test_a_long_replay_goes_on_call_by_call(bench: Bench) -> None:
    await bench.put(*map(str, range(7)))
    await bench.drain()
    bench.seen.clear()
    report = await bench.use("replay", start="trim_horizon", limit=4)
    await bench.put("later")
    await bench.drain()
    bench.seen.clear()
    assert report["next"] == {SHARD: 5}
    report = await bench.use(
        "replay", start="trim_horizon", limit=4, next=report["next"], until=report["until"]
    )  # fmt: skip
    assert bench.batches() == [["4", "5"], ["6"]]
    assert report["next"] == {}


async def test_a_throttled_replay_stops_and_says_so(bench: Bench) -> None:
    await bench.put("1", "2", "3")
    await bench.drain()
    throttled = ThrottledError("ConcurrentInvocationLimitExceeded")
    bench.answer = lambda name, data: throttled if "3" in data else data
    report = await bench.use("replay", start="trim_horizon")
    assert (report["records"], report["next"], report["stopped"]) == (2, {SHARD: 3}, "Rate Exceeded.")


@pytest.mark.parametrize(
    ("method", "tool", "body", "status", "error"),
    [
        ("POST", "skip", {"to": "nowhere"}, 400, "InvalidParameterValueException"),
        ("POST", "skip", {"to": "at_timestamp:x"}, 400, "InvalidParameterValueException"),
        ("POST", "skip", {"to": "at_sequence:"}, 400, "InvalidParameterValueException"),
        ("POST", "skip", {"to": f"at_timestamp:{NOW_MS + 1}"}, 400, "invalid_argument"),
        ("POST", "skip", {"to": "latest", "shard": "shardId-000000000009"}, 404, "shard_not_found"),
        ("POST", "skip", {}, 400, "malformed_body"),
        ("POST", "skip", {"to": "latest", "more": 1}, 400, "malformed_body"),
        ("POST", "dry-run", {"limit": 10_001}, 400, "malformed_body"),
        ("POST", "dry-run", {"filters": ["{"]}, 400, "InvalidParameterValueException"),
        ("POST", "replay", {"start": "trim_horizon", "function": "nobody"}, 404, "ResourceNotFoundException"),
        ("POST", "replay", {"start": "trim_horizon", "next": {}}, 400, "InvalidParameterValueException"),
        ("POST", "replay", {"start": "trim_horizon", "limit": 0}, 400, "malformed_body"),
        ("POST", "nonsense", {}, 404, "no_such_path"),
        ("GET", "replay", {}, 405, "no_such_method"),
        ("DELETE", "", {}, 405, "no_such_method"),
    ],
)
async def test_refusals(bench: Bench, method: str, tool: str, body: Any, status: int, error: str) -> None:
    got, answer = await bench.ask(method, tool, **body)
    assert (got, answer["error"]) == (status, error)


async def test_an_unknown_mapping(bench: Bench) -> None:
    bench.uuid = "00000000-0000-0000-0000-000000000000"
    for method, tool in (("GET", ""), ("POST", "pause")):
        status, answer = await bench.ask(method, tool)
        assert (status, answer["message"]) == (404, "The resource you requested does not exist.")


async def test_a_sequence_number_wants_its_shard() -> None:
    made = Bench()
    await made.start(shards=2)
    try:
        status, answer = await made.ask("POST", "skip", to="at_sequence:1")
        assert (status, answer["message"]) == (400, "A sequence number belongs to one shard: say which.")
    finally:
        await made.close()


async def test_windows_are_not_replayed() -> None:
    made = Bench()
    await made.start(tumbling_window_s=1)
    try:
        status, answer = await made.ask("POST", "replay", start="trim_horizon")
        assert status == 400
        assert "tumbling window" in answer["message"]
    finally:
        await made.close()


async def test_a_hundred_idle_mappings_set_no_timer() -> None:
    """Nobody polls: over ten hours nothing of the mappings is scheduled, and no task of theirs is woken."""
    made = Bench()
    await made.start()
    try:
        for number in range(99):
            await made.broker.create_stream(f"s{number}")
            await made.functions.map(f"s{number}", handlers.echo)
        await made.settle()
        before = {id(timer) for _, _, timer in made.clock._timers if timer.callback is not None}
        made.clock.advance(hours=10)
        await made.settle()
        after = [timer.callback for _, _, timer in made.clock._timers if timer.callback is not None]
        of_mappings = [callback for callback in after if "runtime" in getattr(callback, "__module__", "")]
        assert of_mappings == []
        assert len(after) <= max(1, len(before))  # the trimmer's appointment
        assert len([task for task in asyncio.all_tasks() if task.get_name().startswith("poller-")]) == 100
        assert made.seen == []
    finally:
        await made.close()
