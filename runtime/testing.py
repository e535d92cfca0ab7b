"""Fixtures for the tests of programs on streamcore. A pytest plugin of the distribution: installed is switched on.

    async def test_orders(streamcore_broker, streamcore_functions, streamcore_clock):
        await streamcore_broker.create_stream("orders")
        mapping = await streamcore_functions.map("orders", handler, maximum_record_age_s=60)
        await streamcore_broker.put_record("orders", "k", b"1")
        await mapping.drained()
        streamcore_clock.advance(hours=1)

    def test_with_boto3(streamcore_url):
        kinesis = boto3.client("kinesis", endpoint_url=streamcore_url, region_name="us-east-1", ...)

Nothing of streamcore is imported before a fixture is asked for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

if TYPE_CHECKING:
    from runtime.app import Functions
    from streamcore.broker import Broker
    from streamcore.clock import ManualClock

START_S = 30.0


@pytest.fixture
def streamcore_clock() -> ManualClock:
    """The time of `streamcore_broker`: it stands still until the test says `advance(seconds, minutes=…, hours=…)`.

    It drives batching windows, retries, record ages, retention, iterators and throttles. Handlers run in real time.
    """
    from streamcore.clock import ManualClock

    return ManualClock()


@pytest_asyncio.fixture
async def streamcore_broker(streamcore_clock: ManualClock) -> AsyncIterator[Broker]:
    """A broker in memory, on `streamcore_clock`; streams are ACTIVE at once."""
    from streamcore.broker import open_broker

    async with open_broker(None, clock=streamcore_clock, transition_ms=0) as broker:
        yield broker


@pytest_asyncio.fixture
async def streamcore_functions(streamcore_broker: Broker) -> AsyncIterator[Functions]:
    """Functions on `streamcore_broker`, in worker processes of their own."""
    from runtime.app import Functions

    async with Functions(streamcore_broker) as functions:
        yield functions


@pytest.fixture
def streamcore_url(tmp_path: Path) -> Iterator[str]:
    """The endpoint of a whole server, in a thread, with its data below `tmp_path` and real time; for boto3 and the
    like."""
    with _Server(tmp_path / "streamcore") as server:
        yield server.url


class _Server:
    def __init__(self, data: Path) -> None:
        self._data = data
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="streamcore", daemon=True)
        self.url = ""

    def __enter__(self) -> _Server:
        self._thread.start()
        if not self._ready.wait(START_S):
            raise TimeoutError("the server did not start")
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_S)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001  raised again in the test's own thread
            self._failure = error
            self._ready.set()

    async def _serve(self) -> None:
        from streamcore.composition import Composition
        from streamcore.config import settings

        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        composition = await Composition.start(settings(port=0, data=str(self._data), transition_ms=0))
        self.url = composition.url
        self._ready.set()
        await self._stop.wait()
        await composition.stop()
