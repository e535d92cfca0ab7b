"""The log store: what is kept, in which order, for how long, and within which bounds."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from pathlib import Path

import pytest
from logs_support import GROUP, NOW_MS, SCOPE, Rig, opened

from runtime import sqlite
from runtime.logs.errors import LogsExist, LogsNotFound
from runtime.logs.values import DAY_MS, GroupKey, LogGroup, Position, Span
from runtime.sqlite import Database, DatabaseFailed

MIB = 1024 * 1024


async def test_an_append_makes_group_and_stream() -> None:
    async with opened() as rig:
        assert rig.store.append(GROUP, "s", [(NOW_MS, "one\n"), (NOW_MS, "two\n")])
        group = await rig.store.group(GROUP)
        assert (group.created_ms, group.stored_bytes) == (NOW_MS, 2 * (4 + 26))
        [stream] = await rig.store.streams(GROUP, prefix="", after=None, limit=10, by_time=False, descending=False)
        assert (stream.name, stream.first_event_ms, stream.last_event_ms) == ("s", NOW_MS, NOW_MS)
        assert [event.message for event in await rig.all()] == ["one\n", "two\n"]


async def test_what_there_is_already_and_what_is_not() -> None:
    async with opened() as rig:
        group = LogGroup(key=GROUP, created_ms=NOW_MS)
        await rig.store.create_group(group)
        with pytest.raises(LogsExist):
            await rig.store.create_group(group)
        await rig.store.create_stream(GROUP, "s")
        with pytest.raises(LogsExist):
            await rig.store.create_stream(GROUP, "s")
        other = GroupKey(SCOPE, "other")
        for action in (
            rig.store.group(other),
            rig.store.create_stream(other, "s"),
            rig.store.put(GROUP, "x", [(1, "m")]),
        ):
            with pytest.raises(LogsNotFound):
                await action
        # A job that fails takes nothing of its neighbours along.
        assert rig.store.append(GROUP, "s", [(NOW_MS, "kept")])
        assert [event.message for event in await rig.all()] == ["kept"]


async def test_order_is_by_time_then_by_arrival() -> None:
    async with opened() as rig:
        rig.store.append(GROUP, "a", [(NOW_MS + 5, "late"), (NOW_MS, "first")])
        rig.store.append(GROUP, "b", [(NOW_MS, "second"), (NOW_MS + 5, "later")])
        assert [event.message for event in await rig.all()] == ["first", "second", "late", "later"]
        newest = await rig.store.read(GROUP, "b", Span(), 1, newest=True)
        assert [event.message for event in newest] == ["later"]
        page = await rig.store.search(GROUP, Span(), lambda event: "e" in event.message, 2, newest=True)
        assert [event.message for event in page.events] == ["later", "late"]
        assert page.at == page.events[-1].position
        rest = await rig.store.search(GROUP, Span(before=page.at), lambda _: True, 10, newest=True)
        assert ([event.message for event in rest.events], rest.at) == (["second", "first"], None)


async def test_a_deleted_group_is_gone_and_its_name_is_free(tmp_path: Path) -> None:
    async with opened(tmp_path / "logs") as rig:
        for number in range(5):
            rig.store.append(GROUP, "s", [(NOW_MS, f"{number}.{each}") for each in range(1000)])
        await rig.store.delete_group(GROUP)
        with pytest.raises(LogsNotFound):
            await rig.store.group(GROUP)
        rig.store.append(GROUP, "s", [(NOW_MS, "new")])
        assert [event.message for event in await rig.all()] == ["new"]
        await rig.settled()
        assert await rig.database.run(lambda c: c.execute("SELECT COUNT(*) FROM log_event").fetchone()) == (1,)
        await rig.store.delete_stream(GROUP, "s")
        assert await rig.all() == []


async def test_what_is_doomed_is_removed_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path / "logs") as rig:
        rig.store.append(GROUP, "s", [(NOW_MS, "x")] * 5000)
        await rig.database.run(lambda c: c.execute("DELETE FROM log_group"))
        await rig.database.run(lambda c: c.execute("INSERT INTO log_doomed (group_id) VALUES (1)"))
    async with opened(tmp_path / "logs") as rig:
        assert await rig.database.run(lambda c: c.execute("SELECT COUNT(*) FROM log_event").fetchone()) == (0,)


async def test_retention_hides_at_once_and_removes_within_a_minute() -> None:
    async with opened() as rig:
        rig.store.append(GROUP, "old", [(NOW_MS - 3 * DAY_MS, "old")])
        rig.store.append(GROUP, "s", [(NOW_MS - DAY_MS + 1000, "soon"), (NOW_MS, "new")])
        await rig.store.set_retention(GROUP, 1)
        assert [event.message for event in await rig.all()] == ["soon", "new"]
        await rig.settled()
        rig.clock.advance(2)
        assert [event.message for event in await rig.all()] == ["new"]  # out of sight to the millisecond
        rig.clock.advance(60)
        await rig.settled()
        count = await rig.database.run(lambda c: c.execute("SELECT COUNT(*) FROM log_event").fetchone())
        assert count == (1,)
        names = await rig.store.streams(GROUP, prefix="", after=None, limit=9, by_time=False, descending=False)
        assert [stream.name for stream in names] == ["s"]  # a stream goes with its last event
        assert (await rig.store.group(GROUP)).stored_bytes == 3 + 26


async def test_no_timer_without_something_to_expire() -> None:
    async with opened() as rig:
        rig.store.append(GROUP, "s", [(NOW_MS, "x")])
        await rig.all()
        assert rig.store._timer is None
        await rig.store.set_retention(GROUP, 1)
        await rig.settled()
        assert rig.store._timer is not None
        await rig.store.set_retention(GROUP, None)
        await rig.settled()
        assert rig.store._timer is None


async def test_disk_stays_within_its_bound(tmp_path: Path) -> None:
    """Eight times the bound is printed; the file and its write-ahead log stay small, the newest events are there."""
    bound = 8 * MIB
    async with opened(tmp_path / "logs", bound) as rig:
        line = "x" * 1000 + "\n"
        printed = 0
        while printed < 8 * bound:
            if not rig.store.append(GROUP, "s", [(NOW_MS, line)] * 500):
                await rig.database.run(lambda _: None)
                continue
            printed += 500 * len(line)
        rig.store.append(GROUP, "s", [(NOW_MS + 1, "the last")])
        newest = await rig.store.read(GROUP, "s", Span(), 1, newest=True)
        assert [event.message for event in newest] == ["the last"]
        size_bytes = sum(entry.stat().st_size for entry in os.scandir(tmp_path))
        assert size_bytes < bound + 2 * sqlite.BATCH_MAX_BYTES + MIB
        assert (await rig.store.group(GROUP)).stored_bytes > bound // 3


async def test_a_slow_disk_holds_nobody(tmp_path: Path) -> None:
    """While the thread stands still, appends return at once; what is too much is counted, and said in the stream."""
    async with opened(tmp_path / "logs") as rig:
        gate, entered = threading.Event(), threading.Event()

        def stall(_: sqlite3.Connection) -> None:
            entered.set()
            gate.wait(20)

        stalled = rig.database.run(stall)
        assert await asyncio.get_running_loop().run_in_executor(None, entered.wait, 20)
        block = [(NOW_MS, "x" * 100_000)] * 10
        taken = sum(rig.store.append(GROUP, "s", block) for _ in range(40))
        assert taken == 16 * MIB // (10 * 100_026)
        assert rig.store.dropped_events == (40 - taken) * 10
        gate.set()
        await stalled
        await rig.database.run(lambda _: None)
        assert rig.database.pending_bytes == 0
        assert rig.store.append(GROUP, "s", [(NOW_MS + 1, "again")])
        said, again = await rig.store.read(GROUP, "s", Span(), 2, newest=True)
        assert said.message.startswith(f"{(40 - taken) * 10} log events were dropped here")
        assert again.message == "again"


async def test_a_failing_disk_fails_who_asked_and_nobody_else(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with opened(tmp_path / "logs") as rig:
        rig.store.append(GROUP, "s", [(NOW_MS, "before")])
        await rig.all()
        # No page more than there are: what a full disk looks like to SQLite.
        await rig.database.run(lambda c: c.execute("PRAGMA max_page_count = 1").fetchone())
        huge = [(NOW_MS, "x" * 1_000_000)]
        with pytest.raises(DatabaseFailed, match="full"):
            await rig.store.put(GROUP, "s", huge)
        assert rig.store.append(GROUP, "s", huge)  # taken, and lost later
        assert [event.message for event in await rig.all()] == ["before"]
        assert rig.database.lost_jobs == 1
        assert "logs or metrics were lost" in caplog.text
        await rig.database.run(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchone())
        await rig.store.put(GROUP, "s", [(NOW_MS, "after")])
        assert [event.message for event in await rig.all()] == ["before", "after"]


async def test_what_was_answered_survives_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path / "logs") as rig:
        rig.store.append(GROUP, "s", [(NOW_MS, "one")])
        await rig.store.retag(GROUP, add={"team": "blue"})
        await rig.store.set_retention(GROUP, 30)
    async with opened(tmp_path / "logs") as rig:
        group = await rig.store.group(GROUP)
        assert (group.tags, group.retention_days) == ({"team": "blue"}, 30)
        assert [event.message for event in await rig.all()] == ["one"]
        assert rig.store._timer is not None


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "logs").write_bytes(b"nonsense" * 1000)
    database = Database(tmp_path / "logs", MIB)
    with pytest.raises(DatabaseFailed, match="not a database"):
        await database.open()
    await database.close()
    with pytest.raises(DatabaseFailed, match="closed"):
        database.run(lambda _: None)
    assert not database.post(lambda _: None, 1)


async def test_a_search_is_bounded_and_goes_on() -> None:
    async with opened() as rig:
        rig.store.append(GROUP, "s", [(NOW_MS + number, "x") for number in range(20_005)])
        page = await rig.store.search(GROUP, Span(), lambda _: False, 10, newest=False)
        assert page.events == []
        assert page.at == Position(NOW_MS + 19_999, 20_000)
        assert len(await rig.all()) == 20_005


async def test_large_pages_end_after_a_mebibyte() -> None:
    async with opened() as rig:
        rig.store.append(GROUP, "s", [(NOW_MS, "x" * 200_000)] * 10)
        assert len(await rig.store.read(GROUP, "s", Span(), 10_000, newest=False)) == 5
        assert len((await rig.store.search(GROUP, Span(), lambda _: True, 10_000, newest=False)).events) == 6


async def test_followers_are_woken_by_the_append() -> None:
    async with opened() as rig:
        follower = rig.store.followers.add(lambda key, event: key == GROUP and "want" in event.message)
        waiting = asyncio.get_running_loop().create_task(follower.wait(20))
        rig.store.append(GROUP, "s", [(NOW_MS, "unwanted? no: want"), (NOW_MS, "other")])
        await waiting
        events, sampled = follower.take()
        assert ([event.message for _, event in events], sampled) == (["unwanted? no: want"], False)
        assert follower.take() == ([], False)
        await rig.store.put(GROUP, "s", [(NOW_MS, "want")] * 600)
        events, sampled = follower.take()
        assert (len(events), sampled) == (500, True)
        rig.store.followers.remove(follower)
        assert not rig.store.followers
        follower.end()
        await follower.wait(20)
        assert follower.is_over


async def test_threads_end_with_the_database(tmp_path: Path) -> None:
    before = threading.active_count()
    rig = Rig(tmp_path / "logs", MIB * 8)
    await rig.database.open()
    await rig.store.start()
    await rig.settled()
    await rig.store.close()
    await rig.database.close()
    await rig.database.close()
    # The loop's executor may have got a thread for the waiting.
    assert not any(thread.name == "streamcore-sqlite" for thread in threading.enumerate())
    assert threading.active_count() <= before + 1
