"""Reading a shard from its start to its tip, as fast as the answers come (`python -m bench.scan`)."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from http import HTTPStatus

import msgspec
import uvloop

from bench.http import Answer, Connection
from bench.wire import HOST, kinesis_post

_ITERATOR = re.compile(rb'"(?:Next)?ShardIterator"\s*:\s*"([^"]+)"')
_SHARD = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}


class ScanPlan(msgspec.Struct, kw_only=True, frozen=True):
    port: int
    stream: str
    records: int  # in the shard: a scan ends when it has seen them all
    limit: int
    seconds: float  # scans are repeated until then, and the last one is finished
    warmup_scans: int = 1


class ScanResult(msgspec.Struct, kw_only=True):
    scans: int
    calls: int
    records: int
    answer_bytes: int
    seconds: float
    cpu_seconds: float


class Caller:
    """One connection, one call at a time."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[Answer] | None = None

    async def connect(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        _, self._connection = await loop.create_connection(
            lambda: Connection(self._on_answer, self._on_lost), HOST, port
        )

    async def call(self, request: bytes) -> bytes:
        self._answer = asyncio.get_running_loop().create_future()
        self._connection.send(request)
        status, body = await self._answer
        if status != HTTPStatus.OK:
            raise ConnectionError(f"{status} {body[:300]!r}")
        return body

    def _on_answer(self, connection: Connection, status: int, body: bytes) -> None:
        if self._answer is not None:
            self._answer.set_result((status, body))

    def _on_lost(self, connection: Connection) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the server closed the connection"))


def _iterator_in(body: bytes) -> str:
    found = _ITERATOR.search(body)
    if found is None:
        raise ValueError("the shard ended before all records were read")
    return found[1].decode()


async def scan_once(caller: Caller, plan: ScanPlan, result: ScanResult) -> None:
    """The records are counted by a search in the bytes: decoding them would measure this side."""
    first = kinesis_post("GetShardIterator", {"StreamName": plan.stream, **_SHARD})
    iterator = _iterator_in(await caller.call(first))
    seen = 0
    while seen < plan.records:
        body = await caller.call(kinesis_post("GetRecords", {"ShardIterator": iterator, "Limit": plan.limit}))
        seen += body.count(b'"SequenceNumber"')
        iterator = _iterator_in(body)
        result.calls += 1
        result.answer_bytes += len(body)
    result.scans += 1
    result.records += seen


def _empty() -> ScanResult:
    return ScanResult(scans=0, calls=0, records=0, answer_bytes=0, seconds=0.0, cpu_seconds=0.0)


async def run(plan: ScanPlan) -> ScanResult:
    caller = Caller()
    await caller.connect(plan.port)
    for _ in range(plan.warmup_scans):
        await scan_once(caller, plan, _empty())
    result = _empty()
    started = time.monotonic()
    while result.seconds < plan.seconds:
        await scan_once(caller, plan, result)
        result.seconds = time.monotonic() - started
    result.cpu_seconds = time.process_time()
    return result


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=ScanPlan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run(plan))))


if __name__ == "__main__":
    main()
