"""A producer that aggregates, in bounded memory, retries, and stores nothing twice."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import deque
from collections.abc import Generator
from types import TracebackType
from typing import Any, NamedTuple, Self

from streamcore.client.api import RETRYABLE, ApiError, Client, Unreachable
from streamcore.errors import StreamcoreError
from streamcore.model import limits
from streamcore.model.sequence import INDEX_SHIFT


class Throttled(StreamcoreError):
    """Shard {shard} refused the record {attempts} times: its limits are used up."""

    code = "throughput_exceeded"


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
                    if attempt == self._attempts or (isinstance(error, ApiError) and error.status not in RETRYABLE):
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
