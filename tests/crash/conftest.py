from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from broker_process import BrokerProcess

Starter = Callable[..., Awaitable[BrokerProcess]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Starter]:
    """Starts brokers on one folder; whatever still runs at the end is killed."""
    started: list[BrokerProcess] = []

    async def start(*options: str) -> BrokerProcess:
        broker = await BrokerProcess(tmp_path / "data").start(*options)
        started.append(broker)
        return broker

    yield start
    for broker in started:
        await broker.kill()
