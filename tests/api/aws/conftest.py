from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aws_harness import ACCOUNT, CBOR, JSON, NOW_S, REGION, Wire

from streamcore.broker import open_broker
from streamcore.clock import ManualClock
from streamcore.model.stream import Scope

SCOPE = Scope(ACCOUNT, REGION)


@pytest.fixture(params=[JSON, CBOR], ids=["json", "cbor"])
async def wire(request: pytest.FixtureRequest) -> AsyncIterator[Wire]:
    """A broker with a stream `orders` of three shards; transitions are immediate, limits are off."""
    clock = ManualClock(NOW_S * 1000)
    async with open_broker(None, clock=clock, transition_ms=0, limits="off") as broker:
        await broker.create_stream("orders", shards=3, scope=SCOPE)
        yield Wire(broker, clock, request.param)


@pytest.fixture(params=[JSON, CBOR], ids=["json", "cbor"])
async def slow_wire(request: pytest.FixtureRequest) -> AsyncIterator[Wire]:
    """A broker whose streams need a minute to become ACTIVE or to go; its limits are enforced."""
    clock = ManualClock(NOW_S * 1000)
    async with open_broker(None, clock=clock, transition_ms=60_000) as broker:
        yield Wire(broker, clock, request.param)
