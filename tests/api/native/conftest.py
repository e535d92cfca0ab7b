from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from streamcore.api.native import NativeApi
from streamcore.api.server import HttpServer
from streamcore.broker import Broker, open_broker
from streamcore.config import settings

Serve = Callable[..., Awaitable[tuple[HttpServer, int]]]


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with open_broker(transition_ms=0, limits="off") as broker:
        await broker.create_stream("s")
        yield broker


@pytest.fixture
def api(broker: Broker) -> NativeApi:
    return NativeApi(broker)


@pytest.fixture
async def serve(api: NativeApi) -> AsyncIterator[Serve]:
    """Puts the API behind HTTP with these settings; returns the server and its port."""
    servers: list[HttpServer] = []

    async def serve(**options: Any) -> tuple[HttpServer, int]:
        server = HttpServer(settings(**{"port": 0, "drain_s": 0.5, **options}), {"/v1/": api}, api)
        servers.append(server)
        url = await server.start()
        return server, int(url.rpartition(":")[2])

    yield serve
    for server in servers:
        await server.stop()
