"""Fixtures for the worker tests: functions from source, pools that leave nothing behind."""

import asyncio
import textwrap
from collections.abc import Callable

import pytest
from workers_support import Gate, ManualClock, Printed, children, descriptors

from runtime.model.function import FunctionSpec
from runtime.workers.pool import WorkerPool


@pytest.fixture
def printed():
    return Printed()


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
def gate(tmp_path):
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.close()


@pytest.fixture
def function(tmp_path) -> Callable[..., FunctionSpec]:
    """Writes a module and returns the spec of the function in it; each name gets a folder of its own."""

    def build(source, name="f", handler="handler:handler", **settings):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "handler.py").write_text(textwrap.dedent(source))
        settings.setdefault("timeout_ms", 20_000)
        return FunctionSpec(name=name, handler=handler, paths=(str(folder),), **settings)

    return build


@pytest.fixture
async def make_pool(printed):
    """Starts pools, and closes them with the test; whatever a test did, nothing may be left behind."""
    before = set(descriptors())
    pools = []

    async def make(max_workers=2, **settings):
        pool = WorkerPool(max_workers, **({"sink": printed} | settings))
        await pool.start()
        pools.append(pool)
        return pool

    yield make
    for pool in pools:
        await pool.close()
    assert children() == set()
    assert set(descriptors()) == before
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.fixture
async def pool(make_pool):
    return await make_pool()
