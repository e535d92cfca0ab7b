"""Idempotent producers: the answers of each producer's last batches, written in the same transaction as the records.

A batch that comes again gets the answer it got, and stores nothing twice, also after a restart. Rows of the PRODUCERS
table: stream id (4 bytes), the producer's id, a zero byte, batch number (8 bytes) -> arrival (8 bytes), answer.
"""

from __future__ import annotations

import asyncio
import struct
from collections import OrderedDict
from typing import Final, NamedTuple

from streamcore.clock import Clock
from streamcore.engine.committer import Committer
from streamcore.errors import InvalidArgument, ProducerBatchTooOld
from streamcore.model import limits
from streamcore.model.stream import StreamInfo
from streamcore.store.base import Row, Store, Table

_BATCH: Final = struct.Struct(">Q")
#: Producers remembered in memory; the others are looked up in the store when they come back.
REMEMBERED: Final = 10_000
ROWS_PER_STEP: Final = 1000


class ProducerBatch(NamedTuple):
    """Names one batch of one producer: an id of 1-64 bytes and a number that grows."""

    producer_id: str
    batch: int


class _Known:
    """What is known of one producer: its newest batch, and the answers of its last ones."""

    __slots__ = ("answers", "newest")

    def __init__(self) -> None:
        self.newest = -1
        self.answers: dict[int, asyncio.Future[bytes]] = {}


class Producers:
    def __init__(self, store: Store, committer: Committer, clock: Clock) -> None:
        self._store = store
        self._committer = committer
        self._clock = clock
        self._known: OrderedDict[tuple[int, str], _Known] = OrderedDict()
        self._loading: dict[tuple[int, str], asyncio.Future[_Known]] = {}

    async def recall(self, stream_id: int, batch: ProducerBatch) -> bytes | None:
        """The answer this batch got, waiting for it if it is being written; None when it is new.

        Raises InvalidArgument for a bad id or number, ProducerBatchTooOld for one whose answer is no longer kept.
        """
        _check(batch)
        key = stream_id, batch.producer_id
        while True:
            known = await self._find(stream_id, batch.producer_id)
            if self._known.get(key) is not known:
                continue  # it was forgotten again before this caller's turn came
            answer = known.answers.get(batch.batch)
            if answer is None:
                break
            await asyncio.wait([answer])
            if answer.exception() is None:
                return answer.result()
            _forget_failure(known, batch.batch, answer)
        if batch.batch <= known.newest - limits.PRODUCER_WINDOW:
            raise ProducerBatchTooOld(batch=batch.batch, producer=batch.producer_id, window=limits.PRODUCER_WINDOW)
        return None

    def begin(self, stream_id: int, batch: ProducerBatch) -> asyncio.Future[bytes]:
        """Marks the batch as being written; whoever sends it again meanwhile waits for this future.

        Must follow `recall` without an await between them.
        """
        known = self._known[stream_id, batch.producer_id]
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        known.answers[batch.batch] = answer
        answer.add_done_callback(lambda _: _settle(known, batch.batch, answer))
        return answer

    def rows(self, stream_id: int, batch: ProducerBatch, answer: bytes) -> list[Row]:
        """What to write with the records: this answer, and the removal of the one that leaves the window."""
        head = _prefix(stream_id, batch.producer_id)
        stamp = _BATCH.pack(self._clock.now_ms())
        rows = [Row(Table.PRODUCERS, head + _BATCH.pack(batch.batch), stamp + answer)]
        if batch.batch >= limits.PRODUCER_WINDOW:
            rows.append(Row(Table.PRODUCERS, head + _BATCH.pack(batch.batch - limits.PRODUCER_WINDOW), None))
        return rows

    async def expire(self, info: StreamInfo) -> None:
        """Forgets the producers' batches that are older than the stream's records."""
        horizon = self._clock.now_ms() - info.retention_ms
        rows = await self._store.scan(Table.PRODUCERS, info.stream_id.to_bytes(4, "big"))
        await self._delete([key for key, value in rows if _BATCH.unpack_from(value)[0] <= horizon])

    async def remove(self, stream_id: int) -> None:
        """Forgets all producers of a deleted stream."""
        rows = await self._store.scan(Table.PRODUCERS, stream_id.to_bytes(4, "big"))
        await self._delete([key for key, _ in rows])
        for key in [key for key in self._known if key[0] == stream_id]:
            del self._known[key]

    # ------------------------------------------------------------

    async def _find(self, stream_id: int, producer_id: str) -> _Known:
        key = stream_id, producer_id
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
            return known
        loading = self._loading.get(key)
        if loading is None:
            loading = self._loading[key] = asyncio.ensure_future(self._load(key))
            loading.add_done_callback(lambda _: self._loading.pop(key, None))
        return await asyncio.shield(loading)

    async def _load(self, key: tuple[int, str]) -> _Known:
        known = _Known()
        for row_key, value in await self._store.scan(Table.PRODUCERS, _prefix(*key)):
            (number,) = _BATCH.unpack(row_key[-_BATCH.size :])
            answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            answer.set_result(value[_BATCH.size :])
            known.answers[number] = answer
            known.newest = max(known.newest, number)
        self._known[key] = known
        self._forget_idle()
        return known

    def _forget_idle(self) -> None:
        """Drops the longest unused producers; one with a batch under way is passed over."""
        for key in list(self._known):
            if len(self._known) <= REMEMBERED:
                break
            if all(answer.done() for answer in self._known[key].answers.values()):
                del self._known[key]

    async def _delete(self, keys: list[bytes]) -> None:
        for start in range(0, len(keys), ROWS_PER_STEP):
            await self._committer.submit(
                [], [Row(Table.PRODUCERS, key, None) for key in keys[start : start + ROWS_PER_STEP]]
            )


def _check(batch: ProducerBatch) -> None:
    size = len(batch.producer_id.encode())
    if not 1 <= size <= limits.PRODUCER_ID_MAX_BYTES or "\0" in batch.producer_id:
        raise InvalidArgument(f"a producer's id has 1 to {limits.PRODUCER_ID_MAX_BYTES} bytes, none of them zero")
    if not 0 <= batch.batch < 2**63:
        raise InvalidArgument("a batch number is 0 to 2^63-1")


def _prefix(stream_id: int, producer_id: str) -> bytes:
    return stream_id.to_bytes(4, "big") + producer_id.encode() + b"\0"


def _settle(known: _Known, number: int, answer: asyncio.Future[bytes]) -> None:
    """Only what was stored moves the window: a batch that failed may come again, and so may those before it."""
    if answer.exception() is not None:  # also marks it as seen: nobody else may be waiting for this copy of it
        _forget_failure(known, number, answer)
        return
    known.newest = max(known.newest, number)
    for old in [n for n in known.answers if n <= known.newest - limits.PRODUCER_WINDOW]:
        if known.answers[old].done():
            del known.answers[old]


def _forget_failure(known: _Known, number: int, answer: asyncio.Future[bytes]) -> None:
    if known.answers.get(number) is answer:
        del known.answers[number]
