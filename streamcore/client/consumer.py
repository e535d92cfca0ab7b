"""A consumer of all shards of a stream, which goes on where it stopped."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, TypeVar

from streamcore.client.api import RETRYABLE, ApiError, Client, Unreachable
from streamcore.model.record import Record
from streamcore.model.sequence import INDEX_SHIFT

T = TypeVar("T")


#: The checkpoint of a shard that was read to its end.
SHARD_END: Final = 2**63 - 1


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
            if isinstance(error, ApiError) and error.status not in RETRYABLE:
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
