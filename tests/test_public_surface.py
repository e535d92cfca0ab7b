"""What programs may rely on: growing it is a decision, and so is shrinking it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

import streamcore
from streamcore.store.base import Store
from streamcore.store.lmdb import LmdbStore
from streamcore.store.memory import MemoryStore


def test_the_names() -> None:
    assert sorted(streamcore.__all__) == [
        "Broker",
        "Durability",
        "IteratorType",
        "LimitMode",
        "ProducerBatch",
        "PutResult",
        "PutRun",
        "ReadResult",
        "Record",
        "Scope",
        "Settings",
        "ShardInfo",
        "StreamInfo",
        "StreamMode",
        "StreamStatus",
        "StreamcoreError",
        "errors",
        "open_broker",
    ]
    assert all(hasattr(streamcore, name) for name in streamcore.__all__)


def methods(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def test_the_store_stays_a_small_port() -> None:
    port = methods(Store)
    assert port == {
        "close", "commit", "drop", "extents", "held", "prepare", "read", "scan", "seek", "trim", "unready_reason",
        "usage",
    }  # fmt: skip
    assert len(port) <= 12
    assert methods(LmdbStore) == port
    assert methods(MemoryStore) == port | {"reopened"}


def test_what_fulfils_the_port_takes_its_arguments() -> None:
    for name in methods(Store):
        expected = inspect.signature(getattr(Store, name)).parameters.keys()
        for kind in (LmdbStore, MemoryStore):
            assert inspect.signature(getattr(kind, name)).parameters.keys() == expected, (kind, name)


def test_a_broker_in_memory_needs_neither_http_nor_lmdb() -> None:
    script = (
        "import asyncio, sys, streamcore\n"
        "async def main():\n"
        "    async with streamcore.open_broker() as broker: await broker.create_stream('s')\n"
        "asyncio.run(main())\n"
        "unwanted = {'aiohttp', 'lmdb', 'prometheus_client', 'click', 'runtime'}\n"
        "print(sorted(unwanted & sys.modules.keys()))\n"
    )
    root = Path(streamcore.__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "[]\n"
