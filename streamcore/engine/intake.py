"""How records come in: checked, routed, admitted, numbered and queued in one step on the loop, then waited for.

The hot path of the broker. A record costs a hash, a bisection and a handful of list operations here; everything that is
the same for a whole request or a whole shard is done once for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from operator import add, itemgetter

from streamcore.clock import Clock
from streamcore.config import Settings
from streamcore.engine.committer import Committer
from streamcore.engine.producers import ProducerBatch, Producers
from streamcore.engine.shard import Shard
from streamcore.engine.stream import Stream
from streamcore.errors import BrokerClosed, InvalidArgument, RecordTooLarge, ThroughputExceeded
from streamcore.model import limits
from streamcore.model.hashing import parse_hash_key
from streamcore.model.put import DECODER, ENCODER, PutRefusal, PutResult, PutRun
from streamcore.model.record import Chunk
from streamcore.model.stream import LimitMode, StreamInfo

Chunks = list[tuple[Shard, Chunk, int]]


class Intake:
    """Puts records into streams. The methods return once what passed the limits is durable."""

    def __init__(self, committer: Committer, producers: Producers, clock: Clock, settings: Settings) -> None:
        self._committer = committer
        self._producers = producers
        self._clock = clock
        self._limits = settings.limits

    async def put_one(self, stream: Stream, key: str, data: bytes, hash_key: str | None) -> PutRun:
        """One record. Raises ThroughputExceeded, and as `put`."""
        started = self._clock.monotonic()
        if self._committer.is_crowded:
            await self._committer.room()
        stream.check_serving()
        info = stream.info
        if not 0 < len(key) <= limits.PARTITION_KEY_MAX_CHARS:
            raise _bad_key()
        if len(data) > info.max_record_bytes:
            raise RecordTooLarge(size_bytes=len(data), limit_bytes=info.max_record_bytes, stream=info.name)
        key_bytes = _encode(key)
        router = stream.router
        number = router.route(key_bytes) if hash_key is None else router.route_hash(parse_hash_key(hash_key))
        shard = stream.shards[number]
        size = len(key_bytes) + len(data)
        mode = info.limit_mode or self._limits
        if mode is not LimitMode.OFF and shard.admit([size], started, mode) is not None:
            raise ThroughputExceeded(shard=shard.info.shard_id, stream=info.name, account=info.account)
        chunk = shard.stamp([key_bytes], [data], self._clock.now_ms())
        await self._committer.submit([(shard, chunk, size)])
        stream.put_latency_s.observe(self._clock.monotonic() - started)
        return PutRun(number, shard.info.created_s, chunk.first_index, chunk.arrival_ms, [0])

    async def put(
        self, stream: Stream, keys: Sequence[str], datas: Sequence[bytes], hash_keys: Sequence[str | None] | None
    ) -> PutResult:
        """Many records. Raises StreamNotActive, InvalidArgument, RecordTooLarge, StorageFull, StorageFailed: then
        nothing was stored."""
        started = self._clock.monotonic()
        if self._committer.is_crowded:
            await self._committer.room()
        result, chunks = self._admit(stream, keys, datas, hash_keys)
        if chunks:
            await self._committer.submit(chunks)
        stream.put_latency_s.observe(self._clock.monotonic() - started)
        return result

    async def put_once(
        self,
        stream: Stream,
        keys: Sequence[str],
        datas: Sequence[bytes],
        hash_keys: Sequence[str | None] | None,
        producer: ProducerBatch,
    ) -> PutResult:
        """The same for a producer's batch, which is stored once however often it comes. Raises ProducerBatchTooOld."""
        started = self._clock.monotonic()
        stream.check_serving()
        if self._committer.is_crowded:
            await self._committer.room()
        stream_id = stream.info.stream_id
        known = await self._producers.recall(stream_id, producer)
        if known is not None:
            return DECODER.decode(known)
        answer = self._producers.begin(stream_id, producer)
        try:
            result, chunks = self._admit(stream, keys, datas, hash_keys)
            encoded = ENCODER.encode(result)
            written = self._committer.submit(chunks, self._producers.rows(stream_id, producer, encoded))
        except BaseException as error:
            answer.set_exception(error)
            raise
        # The answer follows the write, not this caller, who may go away.
        written.add_done_callback(lambda written: _answer(answer, written, encoded))
        await asyncio.shield(written)
        stream.put_latency_s.observe(self._clock.monotonic() - started)
        return result

    # ------------------------------------------------------------

    def _admit(
        self, stream: Stream, keys: Sequence[str], datas: Sequence[bytes], hash_keys: Sequence[str | None] | None
    ) -> tuple[PutResult, Chunks]:
        """Routes, admits and numbers the records: all that must happen in one step."""
        stream.check_serving()
        _check_records(stream.info, keys, datas, hash_keys)
        key_bytes = _encode_all(keys)
        mode = stream.info.limit_mode or self._limits
        now_ms, now = self._clock.now_ms(), self._clock.monotonic()
        runs: list[PutRun] = []
        refused: list[PutRefusal] = []
        chunks: Chunks = []
        for number, positions in stream.router.route_all(key_bytes, _parse_all(hash_keys)):
            shard = stream.shards[number]
            chosen_keys, chosen_datas = _pick(key_bytes, positions), _pick(datas, positions)
            sizes = list(map(add, map(len, chosen_keys), map(len, chosen_datas)))
            passed = None if mode is LimitMode.OFF else shard.admit(sizes, now, mode)
            if passed is not None:
                refused.append(PutRefusal(number, [p for p, ok in zip(positions, passed, strict=True) if not ok]))
                positions = [p for p, ok in zip(positions, passed, strict=True) if ok]
                if not positions:
                    continue
                sizes = [size for size, ok in zip(sizes, passed, strict=True) if ok]
                chosen_keys, chosen_datas = _pick(key_bytes, positions), _pick(datas, positions)
            chunk = shard.stamp(chosen_keys, chosen_datas, now_ms)
            chunks.append((shard, chunk, sum(sizes)))
            runs.append(PutRun(number, shard.info.created_s, chunk.first_index, chunk.arrival_ms, positions))
        return PutResult(len(keys), runs, refused), chunks


def _pick(column: Sequence[bytes], positions: list[int]) -> list[bytes]:
    if len(positions) == len(column):
        return list(column)
    return [column[positions[0]]] if len(positions) == 1 else list(itemgetter(*positions)(column))


def _encode(key: str) -> bytes:
    try:
        return key.encode()
    except UnicodeEncodeError:
        raise InvalidArgument("a partition key is text that UTF-8 can hold, without lone surrogates") from None


def _encode_all(keys: Sequence[str]) -> list[bytes]:
    try:
        return [key.encode() for key in keys]
    except UnicodeEncodeError:
        raise InvalidArgument("a partition key is text that UTF-8 can hold, without lone surrogates") from None


def _parse_all(hash_keys: Sequence[str | None] | None) -> list[int | None] | None:
    if hash_keys is None:
        return None
    return [None if hash_key is None else parse_hash_key(hash_key) for hash_key in hash_keys]


def _bad_key() -> InvalidArgument:
    return InvalidArgument(f"a partition key has 1 to {limits.PARTITION_KEY_MAX_CHARS} characters")


def _check_records(
    info: StreamInfo, keys: Sequence[str], datas: Sequence[bytes], hash_keys: Sequence[str | None] | None
) -> None:
    if not keys or len(keys) != len(datas) or (hash_keys is not None and len(hash_keys) != len(keys)):
        raise InvalidArgument(f"a put has as many keys as data, at least one: {len(keys)} and {len(datas)} were given")
    if not all(keys) or max(map(len, keys)) > limits.PARTITION_KEY_MAX_CHARS:
        raise _bad_key()
    largest = max(map(len, datas))
    if largest > info.max_record_bytes:
        raise RecordTooLarge(size_bytes=largest, limit_bytes=info.max_record_bytes, stream=info.name)


def _answer(answer: asyncio.Future[bytes], written: asyncio.Future[None], encoded: bytes) -> None:
    if answer.done():
        return
    error = BrokerClosed() if written.cancelled() else written.exception()
    if error is None:
        answer.set_result(encoded)
    else:
        answer.set_exception(error)
