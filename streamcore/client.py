"""asyncio client of the native API: `Client` (one call, one request), `Producer` (aggregates, bounded, retries, stores
nothing twice) and `Consumer` (all shards, resumes where it stopped).

    async with Producer("http://127.0.0.1:4566", "orders") as producer:
        delivery = await producer.put("customer-1", b"...")
        receipt = await delivery            # when the broker has it on disk

    async with Consumer("http://127.0.0.1:4566", "orders", "billing") as consumer:
        async for batch in consumer:
            ...
            await batch.commit()
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeVar
from urllib.parse import quote

import aiohttp
import msgspec

from streamcore.errors import StreamcoreError
from streamcore.model import limits
from streamcore.model.record import Record
from streamcore.model.sequence import INDEX_SHIFT

_ENCODER: Final = msgspec.msgpack.Encoder()
T = TypeVar("T")

_RETRYABLE: Final = frozenset({429, 500, 502, 503, 504, 507})
#: The checkpoint of a shard that was read to its end.
SHARD_END: Final = 2**63 - 1


class ApiError(StreamcoreError):
    """The broker refused a request; `status` is HTTP's, `code` the broker's name for it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        Exception.__init__(self, f"{code}: {message}")
        self.data = {"status": status, "error": code}
        self.status = status
        self.error_code = code


class Unreachable(StreamcoreError):
    """The broker at {url} did not answer: {reason}"""

    code = "unreachable"


class Throttled(StreamcoreError):
    """Shard {shard} refused the record {attempts} times: its limits are used up."""

    code = "throughput_exceeded"


class Client:
    """The native API, one coroutine per request. Raises ApiError, and Unreachable when there is no answer."""

    def __init__(self, url: str, *, timeout_s: float = 60.0) -> None:
        self.url = url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def create_stream(self, name: str, *, shards: int = 1, **options: Any) -> dict[str, Any]:
        return await self._call("POST", "/v1/streams", {"name": name, "shards": shards, **options})

    async def list_streams(self) -> list[dict[str, Any]]:
        streams: list[dict[str, Any]] = (await self._call("GET", "/v1/streams"))["streams"]
        return streams

    async def describe_stream(self, name: str) -> dict[str, Any]:
        return await self._call("GET", _path(name))

    async def delete_stream(self, name: str) -> None:
        await self._call("DELETE", _path(name))

    async def put(
        self, name: str, keys: list[str], data: list[bytes], *, producer: str | None = None, batch: int | None = None
    ) -> dict[str, Any]:
        """Stores records; see docs/native-api.md for the answer."""
        body: dict[str, Any] = {"keys": keys, "data": data}
        if producer is not None:
            body |= {"producer": producer, "batch": batch}
        return await self._call("POST", f"{_path(name)}/records", body)

    async def read(
        self, name: str, shard: str, position: str = "trim_horizon", *, limit: int = 10_000, wait_ms: int = 0
    ) -> dict[str, Any]:
        """Reads a shard from a position; with `wait_ms` it waits for a commit when there is nothing yet."""
        query = f"position={quote(position, safe=':')}&limit={limit}&wait_ms={wait_ms}"
        return await self._call("GET", f"{_path(name)}/shards/{quote(shard, safe='')}/records?{query}")

    async def checkpoints(self, name: str, consumer: str) -> dict[str, int]:
        return await self._call("GET", f"{_path(name)}/consumers/{quote(consumer, safe='')}/checkpoints")

    async def save_checkpoints(self, name: str, consumer: str, positions: dict[str, int]) -> None:
        await self._call("PUT", f"{_path(name)}/consumers/{quote(consumer, safe='')}/checkpoints", positions)

    async def delete_checkpoints(self, name: str, consumer: str) -> None:
        await self._call("DELETE", f"{_path(name)}/consumers/{quote(consumer, safe='')}/checkpoints")

    async def _call(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)
            )
        data = None if body is None else _ENCODER.encode(body)
        headers = {"content-type": "application/msgpack"} if data is not None else {}
        try:
            async with self._session.request(method, self.url + path, data=data, headers=headers) as response:
                raw = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(url=self.url, reason=str(error) or type(error).__name__) from error
        if response.status >= 400:
            raise _api_error(response.status, raw)
        answer: dict[str, Any] = msgspec.msgpack.decode(raw) if raw else {}
        return answer


def _path(name: str) -> str:
    return f"/v1/streams/{quote(name, safe='')}"


def _api_error(status: int, raw: bytes) -> ApiError:
    try:
        answer = msgspec.msgpack.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError:
        return ApiError(status, "http", raw[:200].decode(errors="replace").strip())
    return ApiError(status, str(answer.get("error", "http")), str(answer.get("message", "")))


class Receipt(NamedTuple):
    """Where a record is."""

    shard_id: str
    sequence_number: str


class Delivery:
    """A record on its way: awaiting it gives its Receipt once it is durable, or raises why it is not.

    Nothing of it costs the producer anything until somebody asks.
    """

    __slots__ = ("_batch", "_position")

    def __init__(self, batch: _Batch, position: int) -> None:
        self._batch = batch
        self._position = position

    def __await__(self) -> Generator[Any, None, Receipt]:
        yield from self._batch.settled.wait().__await__()
        return self.result()

    @property
    def is_done(self) -> bool:
        return self._batch.settled.is_set()

    def result(self) -> Receipt:
        """The receipt of a delivery that is done. Raises Throttled, ApiError or Unreachable."""
        return self._batch.receipt(self._position)


class _Batch:
    __slots__ = ("data", "errors", "keys", "runs", "settled", "size_bytes")

    def __init__(self) -> None:
        self.keys: list[str] = []
        self.data: list[bytes] = []
        self.size_bytes = 0
        self.settled = asyncio.Event()
        #: (shard id, first sequence number, positions)
        self.runs: list[tuple[str, int, list[int]]] = []
        self.errors: dict[int, StreamcoreError] = {}

    def receipt(self, position: int) -> Receipt:
        error = self.errors.get(position)
        if error is not None:
            raise error
        for shard, first, positions in self.runs:
            low, high = 0, len(positions)
            while low < high:
                middle = (low + high) // 2
                low, high = (middle + 1, high) if positions[middle] < position else (low, middle)
            if low < len(positions) and positions[low] == position:
                return Receipt(shard, str(first + (low << INDEX_SHIFT)))
        raise RuntimeError("this record is still on its way")


class Producer:
    """Puts records in batches.

    `put` returns as soon as the record is in the buffer; it waits when `buffer_bytes` are under way. A batch goes out
    when it has `batch_records` or `batch_bytes`, or `linger_ms` after its first record. What the broker's limits
    refuse, and batches that got no answer, are tried again up to `attempts` times with growing, jittered waits; the
    producer id makes a repeated batch count once. Order is kept per key as long as nothing has to be tried again; with
    `max_in_flight=1` it is kept always.
    """

    def __init__(
        self,
        url: str,
        stream: str,
        *,
        linger_ms: float = 5.0,
        batch_records: int = 1000,
        batch_bytes: int = 1024 * 1024,
        buffer_bytes: int = 32 * 1024 * 1024,
        max_in_flight: int = 4,
        attempts: int = 10,
        producer_id: str | None = None,
        client: Client | None = None,
    ) -> None:
        self._client = client or Client(url)
        self._stream = stream
        self._linger_s = linger_ms / 1000
        self._batch_records = batch_records
        self._batch_bytes = batch_bytes
        self._buffer_bytes = buffer_bytes
        self._max_in_flight = max_in_flight
        self._attempts = attempts
        self._producer_id = producer_id or uuid.uuid4().hex
        self._next_number = 0
        #: Numbers whose batches have no final answer yet, and what to set when one of them gets it.
        self._unanswered: set[int] = set()
        self._answered = asyncio.Event()
        self._open: _Batch | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ready: deque[_Batch] = deque()
        self._senders: set[asyncio.Task[None]] = set()
        self._buffered = 0
        self._room: deque[asyncio.Future[None]] = deque()
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def put(self, partition_key: str, data: bytes) -> Delivery:
        """Buffers a record; the delivery tells what became of it."""
        size = len(partition_key) + len(data)
        while self._buffered and self._buffered + size > self._buffer_bytes and not self._closed:
            waiter = asyncio.get_running_loop().create_future()
            self._room.append(waiter)
            await waiter
        if self._closed:
            raise RuntimeError("the producer is closed")
        batch = self._open
        if batch is None:
            batch = self._start_batch()
        batch.keys.append(partition_key)
        batch.data.append(data)
        batch.size_bytes += size
        self._buffered += size
        position = len(batch.keys)
        if position >= self._batch_records or batch.size_bytes >= self._batch_bytes:
            self._finish_batch()
        return Delivery(batch, position - 1)

    async def flush(self) -> None:
        """Returns when everything put so far was answered; the deliveries say how."""
        self._finish_batch()
        while self._senders:
            await asyncio.wait(set(self._senders))

    async def close(self) -> None:
        """Takes no more records and flushes; a `put` that waits for room is refused."""
        self._closed = True
        self._release(0)
        try:
            await self.flush()
        finally:
            await self._client.close()

    # ------------------------------------------------------------

    def _start_batch(self) -> _Batch:
        self._open = _Batch()
        self._timer = asyncio.get_running_loop().call_later(self._linger_s, self._finish_batch)
        return self._open

    def _finish_batch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._open is not None:
            self._ready.append(self._open)
            self._open = None
            if len(self._senders) < self._max_in_flight:
                self._senders.add(asyncio.get_running_loop().create_task(self._send_ready()))

    async def _send_ready(self) -> None:
        try:
            while self._ready:
                await self._send(self._ready.popleft())
        finally:
            # In the step in which it saw nothing more to send: a batch that is finished later starts a new sender.
            self._senders.discard(asyncio.current_task())

    async def _send(self, batch: _Batch) -> None:
        left: set[int] = set(range(len(batch.keys)))
        try:
            await self._deliver(batch)
        except Exception as error:  # noqa: BLE001  an answer that cannot be understood; the deliveries tell
            reason = f"its answer was not understood ({type(error).__name__}: {error})"
            for _, _, positions in batch.runs:
                left.difference_update(positions)
            batch.errors.update(dict.fromkeys(left, Unreachable(url=self._client.url, reason=reason)))
        finally:
            batch.settled.set()
            self._release(batch.size_bytes)

    async def _deliver(self, batch: _Batch) -> None:
        """Sends a batch until every record is stored or given up."""
        left = list(range(len(batch.keys)))
        number = await self._take_number()
        try:
            for attempt in range(1, self._attempts + 1):
                try:
                    answer = await self._put(batch, left, number)
                except (ApiError, Unreachable) as error:
                    if attempt == self._attempts or (isinstance(error, ApiError) and error.status not in _RETRYABLE):
                        batch.errors.update(dict.fromkeys(left, error))
                        return
                else:
                    left = self._settle(batch, left, answer, attempt)
                    if not left or attempt == self._attempts:
                        return
                    # The broker's answer to this number is final: what it refused goes as a new batch.
                    self._give_back(number)
                    number = await self._take_number()
                if attempt < self._attempts:
                    await asyncio.sleep(random.uniform(0.0, min(2.0, 0.05 * 2**attempt)))
        finally:
            self._give_back(number)

    def _settle(self, batch: _Batch, sent: list[int], answer: dict[str, Any], attempt: int) -> list[int]:
        whole = len(sent) == len(batch.keys)
        for shard, first, positions in answer["runs"]:
            batch.runs.append((shard, int(first), positions if whole else [sent[p] for p in positions]))
        refused = []
        for shard, positions in answer["refused"]:
            refused += [sent[p] for p in positions]
            if attempt == self._attempts:
                batch.errors.update({sent[p]: Throttled(shard=shard, attempts=attempt) for p in positions})
        return sorted(refused)

    async def _put(self, batch: _Batch, left: list[int], number: int) -> dict[str, Any]:
        keys, data = batch.keys, batch.data
        if len(left) != len(keys):
            keys, data = [keys[p] for p in left], [data[p] for p in left]
        return await self._client.put(self._stream, keys, data, producer=self._producer_id, batch=number)

    async def _take_number(self) -> int:
        """The next batch's number. Waits while the broker would forget, because of it, the answer of one that is still
        being retried."""
        number = self._next_number
        self._next_number += 1
        self._unanswered.add(number)
        while number - min(self._unanswered) >= limits.PRODUCER_WINDOW:
            self._answered.clear()
            await self._answered.wait()
        return number

    def _give_back(self, number: int) -> None:
        self._unanswered.discard(number)
        self._answered.set()

    def _release(self, size: int) -> None:
        self._buffered -= size
        while self._room:
            waiter = self._room.popleft()
            if not waiter.done():
                waiter.set_result(None)


class ConsumedBatch(NamedTuple):
    """Consecutive records of one shard. `commit` says durably that they, and all before them, are done."""

    shard_id: str
    records: list[Record]
    millis_behind: int
    next_index: int
    consumer: Consumer

    async def commit(self) -> None:
        await self.consumer.commit({self.shard_id: self.next_index})


class Consumer:
    """Reads all shards of a stream, each in order, parents before their children, pushed by the broker's commits.

    Checkpoints are kept in the broker under `name`; a consumer of that name goes on where the last one committed, or at
    `start` ("trim_horizon" or "latest") the first time. One batch per shard is read ahead.
    """

    def __init__(
        self,
        url: str,
        stream: str,
        name: str,
        *,
        start: str = "trim_horizon",
        max_records: int = 1000,
        wait_ms: int = 20_000,
        client: Client | None = None,
    ) -> None:
        if start not in ("trim_horizon", "latest"):
            raise ValueError(f"start is trim_horizon or latest, not {start!r}")
        self._client = client or Client(url)
        self._stream = stream
        self._name = name
        self._start = start
        self._max_records = max_records
        self._wait_ms = wait_ms
        self._batches: asyncio.Queue[ConsumedBatch | BaseException] = asyncio.Queue(maxsize=1)
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._ended: set[str] = set()

    async def __aenter__(self) -> Self:
        try:
            info = await self._client.describe_stream(self._stream)
            positions = await self._client.checkpoints(self._stream, self._name)
            if self._start == "latest":
                positions = {**await self._tips(info["shards"], positions), **positions}
        except BaseException:
            await self._client.close()
            raise
        self._ended = {shard for shard, index in positions.items() if index == SHARD_END}
        self._follow(info["shards"], positions)
        return self

    async def _tips(self, shards: list[dict[str, Any]], positions: dict[str, int]) -> dict[str, int]:
        """What "latest" is now, as indexes: what is put from here on is read, also if the broker restarts before it."""
        wanted = [shard["id"] for shard in shards if shard["id"] not in positions]
        answers = await asyncio.gather(*(self._client.read(self._stream, shard, "latest") for shard in wanted))
        ends = (SHARD_END if answer["next"] is None else answer["next"] for answer in answers)
        return dict(zip(wanted, ends, strict=True))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[ConsumedBatch]:
        return self._iterate()

    async def commit(self, positions: dict[str, int]) -> None:
        """Keeps these positions (shard id → index to go on at) durably in the broker."""
        await self._client.save_checkpoints(self._stream, self._name, positions)

    async def close(self) -> None:
        for reader in self._readers.values():
            reader.cancel()
        await asyncio.gather(*self._readers.values(), return_exceptions=True)
        await self._client.close()

    # ------------------------------------------------------------

    async def _iterate(self) -> AsyncIterator[ConsumedBatch]:
        while True:
            item = await self._batches.get()
            if isinstance(item, BaseException):
                raise item
            yield item

    def _follow(self, shards: list[dict[str, Any]], positions: dict[str, int]) -> None:
        """Starts the shards that may be read: those whose parents are read to the end, or gone."""
        known = {shard["id"] for shard in shards}
        for shard in shards:
            waits = any(parent in known and parent not in self._ended for parent in shard["parents"])
            if shard["id"] in self._ended or shard["id"] in self._readers or waits:
                continue
            index = positions.get(shard["id"])
            position = "trim_horizon" if index is None else f"index:{index}"
            self._readers[shard["id"]] = asyncio.create_task(self._read(shard["id"], position))

    async def _read(self, shard: str, position: str) -> None:
        try:
            while True:
                try:
                    answer = await _persist(
                        lambda at=position: self._client.read(  # type: ignore[misc]  # mypy takes the default for Any
                            self._stream, shard, at, limit=self._max_records, wait_ms=self._wait_ms
                        )
                    )
                except ApiError as error:
                    if error.error_code != "shard_not_found":
                        raise
                    await self._end(shard)  # it expired with all that was in it
                    return
                next_index = SHARD_END if answer["next"] is None else answer["next"]
                records = _records(shard, answer["chunks"])
                if records or next_index == SHARD_END:
                    await self._batches.put(ConsumedBatch(shard, records, answer["millis_behind"], next_index, self))
                if next_index == SHARD_END:
                    await self._end(shard)
                    return
                position = f"index:{next_index}"
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  whoever iterates is told
            await self._batches.put(error)

    async def _end(self, shard: str) -> None:
        self._ended.add(shard)
        info = await _persist(lambda: self._client.describe_stream(self._stream))
        positions = await _persist(lambda: self._client.checkpoints(self._stream, self._name))
        self._follow(info["shards"], positions)


async def _persist(call: Callable[[], Awaitable[T]]) -> T:
    """Calls again, with growing and jittered waits, while the broker is away or asks for patience."""
    failures = 0
    while True:
        try:
            return await call()
        except (ApiError, Unreachable) as error:
            if isinstance(error, ApiError) and error.status not in _RETRYABLE:
                raise
            failures = min(failures + 1, 10)
            await asyncio.sleep(random.uniform(0.0, min(2.0, 0.05 * 2**failures)))


def _records(shard: str, chunks: list[Any]) -> list[Record]:
    records = []
    for _index, arrival_ms, first_sequence, keys, datas in chunks:
        first = int(first_sequence)
        for offset, (key, data) in enumerate(zip(keys, datas, strict=True)):
            records.append(Record(shard, str(first + (offset << INDEX_SHIFT)), key.decode(), data, arrival_ms))
    return records
