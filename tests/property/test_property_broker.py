"""The broker against a model of plain lists: random lives with restarts, expiry, deletes and repeated batches."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from streamcore import config
from streamcore.broker import Broker, ProducerBatch, start_broker
from streamcore.clock import ManualClock
from streamcore.errors import (
    InvalidArgument,
    IteratorExpired,
    ProducerBatchTooOld,
    ResourceNotFound,
    StreamExists,
    StreamNotFound,
)
from streamcore.model.iterator import IteratorType
from streamcore.model.limits import ITERATOR_LIFETIME_MS, PRODUCER_WINDOW
from streamcore.model.put import PutResult
from streamcore.model.stream import shard_id
from streamcore.store.base import Store
from streamcore.store.memory import MemoryStore

RETENTION_MS = 86_400_000
NAMES = ("orders", "clicks", "x")


class Row(NamedTuple):
    """A record as the model keeps it."""

    sequence: str
    key: str
    data: bytes
    arrival_ms: int


class StreamModel:
    def __init__(self, stream_id: int, shards: int) -> None:
        self.stream_id = stream_id
        self.shards: list[list[Row]] = [[] for _ in range(shards)]
        self.batches: dict[str, list[tuple[int, PutResult]]] = {}
        self.checkpoints: dict[str, dict[str, int]] = {}

    def shard_of(self, key: str, explicit: str | None) -> int:
        value = int(explicit or int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16))
        return min(value // (2**128 // len(self.shards)), len(self.shards) - 1)


class Bookmark(NamedTuple):
    """A reader's place: what the broker gave it, and how many rows of the model's shard lie before it."""

    token: str
    issued_ms: int
    stream: StreamModel
    shard: int
    before: int


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
explicit_keys = st.one_of(
    st.none(), st.none(), st.sampled_from(["0", str(2**127), str(2**128 - 1)]), st.integers(0, 2**128 - 1).map(str)
)
entries = st.lists(st.tuples(texts, explicit_keys, st.sampled_from([0, 1, 60, 3000])), min_size=1, max_size=12)


class BrokerLife(RuleBasedStateMachine):
    """Each rule does one thing to the broker and to the model and compares what comes out."""

    kind = "memory"

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory(prefix="streamcore-property-")
        self.clock = ManualClock()
        self.store: Store | None = None
        self.broker: Broker
        self.streams: dict[str, StreamModel] = {}
        self.bookmarks: list[Bookmark] = []
        self.count = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def open(self) -> None:
        self.run(self._open())

    async def _open(self) -> None:
        if self.kind == "memory":
            self.store = self.store.reopened() if isinstance(self.store, MemoryStore) else MemoryStore()
        else:
            from streamcore.store.lmdb import LmdbStore

            self.store = LmdbStore(Path(self.folder.name), durability="os")
        options = config.settings(limits="off", transition_ms=0)
        self.broker = await start_broker(options, data=None, clock=self.clock, store=self.store)
        await self.broker.trimmer.settled()

    def teardown(self) -> None:
        self.run(self.broker.close())
        self.runner.close()
        self.folder.cleanup()

    # ------------------------------------------------------------ what happens

    @rule()
    def reopen(self) -> None:
        async def cycle() -> None:
            await self.broker.close()
            await self._open()

        self.run(cycle())

    @rule(seconds=st.sampled_from([0.001, 1, 200, 301, 3600, 40_000, 86_400]))
    def time_passes(self, seconds: float) -> None:
        async def advance() -> None:
            self.clock.advance(seconds)
            await self.broker.trimmer.settled()

        self.run(advance())

    @rule(name=st.sampled_from(NAMES), shards=st.integers(1, 3))
    def create(self, name: str, shards: int) -> None:
        try:
            info = self.run(self.broker.create_stream(name, shards=shards))
        except StreamExists:
            assert name in self.streams
            return
        assert name not in self.streams
        self.streams[name] = StreamModel(info.stream_id, shards)

    @rule(name=st.sampled_from(NAMES))
    def delete(self, name: str) -> None:
        try:
            self.run(self.broker.delete_stream(name))
        except StreamNotFound:
            assert name not in self.streams
            return
        del self.streams[name]

    @precondition(lambda self: self.streams)
    @rule(data=st.data(), entries=entries, producer=st.sampled_from([None, None, "p", "q"]))
    def put(self, data: st.DataObject, entries: list[tuple[str, str | None, int]], producer: str | None) -> None:
        name = data.draw(st.sampled_from(sorted(self.streams)))
        stream = self.streams[name]
        datas = [b"%d:" % (self.count + i) + bytes(size) for i, (_, _, size) in enumerate(entries)]
        self.count += len(entries)
        batch = None
        if producer is not None:
            batch = ProducerBatch(producer, len(stream.batches.get(producer, ())))
        result = self._put(name, entries, datas, batch)
        if batch is not None:
            stream.batches.setdefault(batch.producer_id, []).append((self.clock.now_ms(), result))
        self._take_in(stream, entries, datas, result)

    def _put(
        self, name: str, entries: list[tuple[str, str | None, int]], datas: list[bytes], batch: ProducerBatch | None
    ) -> PutResult:
        keys, explicit = [key for key, _, _ in entries], [explicit for _, explicit, _ in entries]
        hash_keys = explicit if any(explicit) else None
        result: PutResult = self.run(
            self.broker.put_records(name, keys, datas, explicit_hash_keys=hash_keys, producer=batch)
        )
        return result

    def _take_in(
        self, stream: StreamModel, entries: list[tuple[str, str | None, int]], datas: list[bytes], result: PutResult
    ) -> None:
        placed = {p: (run, i) for run in result.runs for i, p in enumerate(run.positions)}
        assert sorted(placed) == list(range(len(entries)))
        for position, (key, explicit, _) in enumerate(entries):
            run, i = placed[position]
            number = stream.shard_of(key, explicit)
            assert run.shard_id == shard_id(number)
            rows = stream.shards[number]
            sequence = run.sequences()[i]
            assert not rows or int(sequence) > int(rows[-1].sequence)
            rows.append(Row(sequence, key, datas[position], run.arrival_ms))

    @precondition(lambda self: any(stream.batches for stream in self.streams.values()))
    @rule(data=st.data(), entries=entries)
    def repeat_a_batch(self, data: st.DataObject, entries: list[tuple[str, str | None, int]]) -> None:
        name = data.draw(st.sampled_from(sorted(name for name, s in self.streams.items() if s.batches)))
        producer = data.draw(st.sampled_from(sorted(self.streams[name].batches)))
        batches = self.streams[name].batches[producer]
        number = data.draw(st.integers(0, len(batches) - 1))
        written_ms, first = batches[number]
        if written_ms <= self.clock.now_ms() - RETENTION_MS:
            return  # answers may go with the records
        try:
            again = self._put(name, entries, [b"again"] * len(entries), ProducerBatch(producer, number))
        except ProducerBatchTooOld:
            assert number <= len(batches) - 1 - PRODUCER_WINDOW
            return
        assert again == first

    @precondition(lambda self: self.streams)
    @rule(data=st.data(), consumer=st.sampled_from(["a", "ab"]), index=st.integers(0, 2**63 - 1))
    def checkpoint(self, data: st.DataObject, consumer: str, index: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.streams)))
        stream = self.streams[name]
        shard = shard_id(data.draw(st.integers(0, len(stream.shards) - 1)))
        self.run(self.broker.save_checkpoint(name, consumer, {shard: index}))
        stream.checkpoints.setdefault(consumer, {})[shard] = index

    # ------------------------------------------------------------ what is read

    def _visible(self, rows: list[Row]) -> list[Row]:
        horizon = self.clock.now_ms() - RETENTION_MS
        return [row for row in rows if row.arrival_ms > horizon]

    @precondition(lambda self: self.streams)
    @rule(data=st.data(), kind=st.sampled_from(list(IteratorType)))
    def position(self, data: st.DataObject, kind: IteratorType) -> None:
        name = data.draw(st.sampled_from(sorted(self.streams)))
        stream = self.streams[name]
        number = data.draw(st.integers(0, len(stream.shards) - 1))
        rows = stream.shards[number]
        arguments: dict[str, Any] = {}
        before = len(rows) if kind is IteratorType.LATEST else 0
        if kind in (IteratorType.AT_SEQUENCE_NUMBER, IteratorType.AFTER_SEQUENCE_NUMBER):
            if not rows:
                return
            at = data.draw(st.integers(0, len(rows) - 1))
            arguments["sequence_number"] = rows[at].sequence
            before = at if kind is IteratorType.AT_SEQUENCE_NUMBER else at + 1
        if kind is IteratorType.AT_TIMESTAMP:
            moments = [row.arrival_ms for row in rows] + [self.clock.now_ms(), 0]
            at_ms = data.draw(st.sampled_from(moments)) + data.draw(st.sampled_from([-1, 0, 1]))
            arguments["timestamp_ms"] = at_ms
            before = sum(row.arrival_ms < at_ms for row in rows)
            if at_ms > self.clock.now_ms():
                with pytest.raises(InvalidArgument):
                    self.run(self.broker.position(name, shard_id(number), kind, **arguments))
                return
        index = self.run(self.broker.position(name, shard_id(number), kind, **arguments))
        token = self.run(self.broker.issue_iterator(name, shard_id(number), index))
        result = self.run(self.broker.read(name, shard_id(number), index))
        assert self._rows(result) == self._visible(rows[before:])
        assert result.millis_behind == 0
        self.bookmarks.append(Bookmark(token, self.clock.now_ms(), stream, number, before))

    @precondition(lambda self: self.bookmarks)
    @rule(data=st.data(), limit=st.integers(1, 8))
    def read_on(self, data: st.DataObject, limit: int) -> None:
        place = data.draw(st.integers(0, len(self.bookmarks) - 1))
        mark = self.bookmarks.pop(place)
        try:
            found = self.run(self.broker.get_records(mark.token, limit))
        except IteratorExpired:
            assert self.clock.now_ms() - mark.issued_ms > ITERATOR_LIFETIME_MS
            return
        except ResourceNotFound:
            assert mark.stream not in self.streams.values()
            return
        assert self.clock.now_ms() - mark.issued_ms <= ITERATOR_LIFETIME_MS
        assert mark.stream in self.streams.values()
        rows = mark.stream.shards[mark.shard]
        expected = self._visible(rows[mark.before :])[:limit]
        assert self._rows(found.result) == expected
        after = rows.index(expected[-1]) + 1 if expected else len(rows)
        self.bookmarks.append(Bookmark(found.next_iterator, self.clock.now_ms(), mark.stream, mark.shard, after))

    @staticmethod
    def _rows(result: Any) -> list[Row]:
        return [Row(r.sequence_number, r.partition_key, r.data, r.arrival_ms) for r in result.records()]

    @invariant()
    def same_streams(self) -> None:
        if not hasattr(self, "broker"):
            return
        assert {i.name: (i.stream_id, len(i.shards), i.status) for i in self.broker.list_streams()} == {
            name: (model.stream_id, len(model.shards), "ACTIVE") for name, model in self.streams.items()
        }

    @rule()
    def compare_all(self) -> None:
        for name, stream in self.streams.items():
            for number, rows in enumerate(stream.shards):
                result = self.run(self.broker.read(name, shard_id(number), 0))
                assert self._rows(result) == self._visible(rows)
            for consumer, positions in stream.checkpoints.items():
                assert self.run(self.broker.checkpoints(name, consumer)) == positions
        kept = {key.stream_id for key in self.run(self.store.extents())}  # type: ignore[union-attr]
        assert kept <= {stream.stream_id for stream in self.streams.values()} | self.broker.catalog.dropped


class LmdbBrokerLife(BrokerLife):
    kind = "lmdb"


def short(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
    )


TestInMemory = BrokerLife.TestCase
TestInMemory.settings = short(60, 40)

TestOnDisk = LmdbBrokerLife.TestCase
TestOnDisk.settings = short(20, 30)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("life", [BrokerLife, LmdbBrokerLife])
def test_long_lives(life: type[BrokerLife]) -> None:
    class LongLife(life):  # type: ignore[valid-type, misc]
        pass

    case = LongLife.TestCase
    case.settings = short(1500, 80)
    case("runTest").runTest()
