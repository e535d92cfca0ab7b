"""`@function` and `Functions` with real worker processes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import functions_under_test as handlers
import pytest

from runtime import Functions, function
from runtime.errors import InvalidFunctionError, InvalidMappingError, InvalidParameterError
from runtime.metrics import FunctionsSource
from runtime.model.invocation import Status
from runtime.registry import spec_of
from streamcore import open_broker
from streamcore.errors import StreamNotFound
from streamcore.metrics import render


class Heard:
    """Collects outcomes."""

    def __init__(self) -> None:
        self.payloads: list[Any] = []
        self.statuses: list[Status] = []

    def __call__(self, shard_id: str, records: int, outcome: Any) -> None:
        self.statuses.append(outcome.status)
        self.payloads.append(json.loads(outcome.payload))


async def test_records_reach_a_handler_in_a_worker(tmp_path: Path) -> None:
    heard = Heard()
    async with open_broker(tmp_path) as broker, Functions(broker, workers=1) as functions:
        await broker.create_stream("s")
        mapping = await functions.map("s", handlers.echo, on_outcome=heard)
        await broker.put_records("s", ["k", "k"], [b"1", b"2"])
        await mapping.drained()
    assert [datum for payload in heard.payloads for datum in payload] == ["1", "2"]


async def test_an_async_handler_with_its_environment(tmp_path: Path) -> None:
    heard = Heard()
    async with open_broker(tmp_path) as broker, Functions(broker, workers=1) as functions:
        await broker.create_stream("s")
        await broker.put_record("s", "k", b"1")
        await (await functions.map("s", handlers.async_echo, on_outcome=heard)).drained()
    assert heard.payloads == [["hello", "async-echo", "1"]]


async def test_a_restart_goes_on_once_the_function_is_registered(tmp_path: Path) -> None:
    async with open_broker(tmp_path) as broker, Functions(broker, workers=1) as functions:
        await broker.create_stream("s")
        await broker.put_record("s", "k", b"1")
        first = await functions.map("s", handlers.echo)
        await first.drained()
        await first.stop()
        await broker.put_record("s", "k", b"2")
    async with open_broker(tmp_path) as broker, Functions(broker, workers=1) as functions:
        assert functions.mappings == {}
        await functions.register(handlers.echo)
        (mapping,) = functions.mappings.values()
        assert mapping.config == first.config
        await mapping.drained()
        (stats,) = mapping.stats.values()
        assert stats.records == 1


async def test_mapping_again_goes_on_with_the_new_settings(tmp_path: Path) -> None:
    async with open_broker(tmp_path) as broker, Functions(broker, workers=1) as functions:
        await broker.create_stream("s")
        await broker.put_record("s", "k", b"1")
        first = await functions.map("s", handlers.echo)
        await first.drained()
        again = await functions.map("s", handlers.echo, batch_size=7)
        assert (again.config.uuid, again.config.batch_size) == (first.config.uuid, 7)
        await again.drained()
        assert list(functions.mappings.values()) == [again]
        assert again.last_processing_result == "No records processed"
        await functions.unmap(again)
        assert await broker.documents("mapping") == {}
        assert await broker.checkpoints("s", f"mapping:{again.config.uuid}") == {}


async def test_a_worker_that_dies_gets_its_batch_again(tmp_path: Path) -> None:
    heard = Heard()
    async with open_broker(tmp_path / "data") as broker, Functions(broker, workers=1) as functions:
        await broker.create_stream("s")
        await broker.put_record("s", "k", str(tmp_path / "marker").encode())
        await (await functions.map("s", handlers.dies_once, on_outcome=heard)).drained()
    assert heard.statuses == [Status.EXITED, Status.SUCCESS]
    assert heard.payloads[1] == ["survived"]


async def test_what_a_function_prints_is_heard(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    async with open_broker(None) as broker, Functions(broker, workers=1) as functions:
        await functions.register(handlers.chatty)
        await functions.invoke("chatty", b'{"Records":[]}')
    assert ("streamcore.function.chatty", 20, "I was here") in caplog.record_tuples


async def test_samples_of_functions_and_mappings() -> None:
    async with open_broker(None) as broker, Functions(broker, workers=1) as functions:
        await broker.create_stream("s")
        await broker.put_record("s", "k", b"1")
        await (await functions.map("s", handlers.echo)).drained()
        text = render(list(FunctionsSource(functions).collect())).decode()
    assert 'streamcore_function_invocations_total{function="echo:$LATEST"} 1.0' in text
    assert 'streamcore_function_workers{function="echo:$LATEST",state="idle"} 1.0' in text
    assert 'streamcore_function_duration_seconds_count{function="echo:$LATEST"} 1.0' in text
    (uuid,) = functions.mappings
    labels = f'{{function="echo",mapping="{uuid}",shard="shardId-000000000000",stream="s"}}'
    assert f"streamcore_mapping_records_total{labels} 1.0" in text
    assert f"streamcore_mapping_iterator_age_seconds{labels}" in text


async def test_wrong_uses_are_told() -> None:
    async with open_broker(None) as broker, Functions(broker, workers=1) as functions:
        with pytest.raises(StreamNotFound):
            await functions.map("nowhere", handlers.echo)
        await broker.create_stream("s")
        with pytest.raises(InvalidMappingError, match="batch_size must be from 1 to 10000; got 0"):
            await functions.map("s", handlers.echo, batch_size=0)
        with pytest.raises(InvalidParameterError, match="must be a registered function"):
            await functions.invoke("nobody", b"{}")
        with pytest.raises(InvalidFunctionError, match="must be marked with @function"):
            await functions.map("s", lambda event, context: None)


def test_what_cannot_be_a_function() -> None:
    with pytest.raises(InvalidFunctionError, match="at the top of a module"):
        function(lambda event, context: None)
    with pytest.raises(InvalidFunctionError, match="memory_mb must be from 128"):
        function(memory_mb=64)(handlers.data_of)
    with pytest.raises(InvalidFunctionError, match="timeout_ms must be from 1"):
        function(timeout_s=901)(handlers.data_of)


def test_a_spec_names_the_handler_for_a_worker() -> None:
    spec = spec_of(handlers.async_echo)
    assert spec.handler == "functions_under_test:async_echo"
    assert spec.paths == (str(Path(__file__).parent),)
    assert (spec.name, spec.timeout_ms, spec.memory_mb) == ("async-echo", 5000, 128)
    assert handlers.async_echo.__name__ == "async_echo"
