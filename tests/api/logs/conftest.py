from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from logs_harness import GROUP, NOW_MS, Logs

from runtime.sqlite import Database
from streamcore.broker import open_broker
from streamcore.clock import ManualClock


@pytest.fixture
async def logs() -> AsyncIterator[Logs]:
    """A group with a stream `s`."""
    clock = ManualClock(NOW_MS)
    async with open_broker(None, clock=clock) as broker:
        database = Database(None, 64 * 1024 * 1024)
        await database.open()
        logs = Logs(broker, clock, database)
        await logs.store.start()
        await logs.ok("CreateLogGroup", logGroupName=GROUP)
        await logs.ok("CreateLogStream", logGroupName=GROUP, logStreamName="s")
        yield logs
        await logs.store.close()
        await database.close()
