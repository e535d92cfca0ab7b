"""kill -9 while a function handles: everything at least once, in order, and no position ahead of its handler."""

from __future__ import annotations

import random
import signal
from itertools import pairwise
from pathlib import Path

import pytest
from broker_process import BrokerProcess
from test_crash_kill import Writer, retry_pending, write_until_killed

from streamcore import open_broker
from streamcore.client import Client
from streamcore.model.sequence import parse_sequence

SERVER = str(Path(__file__).parent / "function_server.py")


def noted(notes: Path) -> dict[str, list[tuple[int, str]]]:
    """Shard → (index, data) of what the handler saw, in its order; a line that the kill cut off was not handled."""
    rows: dict[str, list[tuple[int, str]]] = {}
    for line in notes.read_text().splitlines(keepends=True) if notes.exists() else []:
        if line.endswith("\n"):
            shard, number, data = line.split()
            rows.setdefault(shard, []).append((parse_sequence(number).running_index, data))
    return rows


async def check_positions(data: Path, notes: Path) -> None:
    """Whatever lies before a position was handled."""
    seen = noted(notes)
    async with open_broker(data) as broker:
        for uuid in await broker.documents("mapping"):
            for shard, position in (await broker.checkpoints("s", f"mapping:{uuid}")).items():
                handled = {index for index, _ in seen.get(shard, [])}
                assert set(range(1, position)) <= handled, f"{shard} is at {position}"


def check_order(notes: Path) -> None:
    """What comes again comes from the position on: first sights are in order."""
    for rows in noted(notes).values():
        first_sights = list(dict.fromkeys(index for index, _ in rows))
        assert all(a < b for a, b in pairwise(first_sights))


async def kill_in_a_loop(tmp_path: Path, rounds: int, seed: int) -> None:
    data, notes = tmp_path / "data", tmp_path / "notes"
    chance = random.Random(seed)
    writers = [Writer(f"w{i}", is_producer=True) for i in range(3)]
    command = [SERVER, str(data), str(notes)]
    for _ in range(rounds):
        broker = await BrokerProcess(data, command).start()
        try:
            await retry_pending(broker, writers)
            await write_until_killed(broker, writers, chance.randrange(1, 60))
        finally:
            await broker.kill()
        await check_positions(data, notes)
    broker = await BrokerProcess(data, command).start()
    try:
        await retry_pending(broker, writers)
        broker.process.send_signal(signal.SIGUSR1)
        assert await broker.line() == "drained"
    finally:
        await broker.kill()
    acknowledged = {row[2].decode() for writer in writers for row in writer.acknowledged}
    assert acknowledged <= {data for rows in noted(notes).values() for _, data in rows}
    check_order(notes)


async def test_kill_9_while_a_function_handles(tmp_path: Path) -> None:
    await kill_in_a_loop(tmp_path, 3, 1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_kill_9_while_a_function_handles_two_hundred_times(tmp_path: Path) -> None:
    await kill_in_a_loop(tmp_path, 200, 2)


async def test_the_broker_is_found_again(tmp_path: Path) -> None:
    """The server of this test is what it says: one stream, one mapping, however often it starts."""
    for _ in range(2):
        broker = await BrokerProcess(
            tmp_path / "data", [SERVER, str(tmp_path / "data"), str(tmp_path / "notes")]
        ).start()
        async with Client(broker.url) as client:
            assert [stream["name"] for stream in await client.list_streams()] == ["s"]
        await broker.kill()
    async with open_broker(tmp_path / "data") as opened:
        assert len(await opened.documents("mapping")) == 1
