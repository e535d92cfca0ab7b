"""The load generator: a process of its own (`python -m bench.load`, a `LoadPlan` on stdin, a `LoadResult` on stdout).

Closed loop (no rate): every connection sends its next request when the last is answered; for throughput.
Open loop (a rate): requests have scheduled times and wait for a free connection if they must; latency counts from the
schedule, so a server that stalls cannot hide the requests it kept from being sent (coordinated omission).
Requests are encoded before the clock starts, and rotate.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from http import HTTPStatus

import msgspec
import uvloop

from bench.histogram import Histogram
from bench.http import Connection
from bench.pacer import Pacer
from bench.wire import HOST, KINDS, random_keys

_NS_PER_S = 1_000_000_000
DRAIN_SECONDS = 10.0


class LoadPlan(msgspec.Struct, kw_only=True, frozen=True):
    port: int
    kind: str  # a name in bench.wire.KINDS
    stream: str
    connections: int
    seconds: float  # the measured window, after the warm-up
    warmup_seconds: float = 0.0
    records_per_request: int = 1
    record_bytes: int = 100
    rate_per_s: float | None = None  # requests; None is closed loop
    requests: int | None = None  # stop after so many, even inside the window
    different_requests: int = 64
    numbered: bool = False  # data is the request's number in decimal; times of the answers are kept
    seed: int = 1


class LoadResult(msgspec.Struct, kw_only=True):
    seconds: float  # of the window, or until the last of `requests` was answered
    requests: int
    records: int  # accepted ones
    refused: int  # records refused inside a 200
    errors: int  # answers other than 200
    unanswered: int  # when the drain ended
    first_error: str
    records_by_second: list[int]
    latency_ns: dict[str, list[list[int]]]  # open loop only; bench.histogram
    scheduled_at_ns: list[int]  # CLOCK_REALTIME, by request number; `numbered` only
    answered_at_ns: list[int]
    cpu_seconds: float


def build_requests(plan: LoadPlan) -> list[bytes]:
    rng = random.Random(plan.seed)
    kind = KINDS[plan.kind]
    count = plan.records_per_request

    def data(number: int) -> list[bytes]:
        if plan.numbered:
            return [b"%0*d" % (plan.record_bytes, number)]
        return [rng.randbytes(plan.record_bytes) for _ in range(count)]

    return [kind.request(plan.stream, random_keys(rng, count), data(n)) for n in range(plan.different_requests)]


class Tally:
    """What was answered inside the window."""

    def __init__(self, plan: LoadPlan, from_ns: int) -> None:
        self._plan = plan
        self._failed = KINDS[plan.kind].failed
        self.from_ns = from_ns
        self.until_ns = from_ns + round(plan.seconds * _NS_PER_S)
        self.last_ns = from_ns
        self.latency = Histogram()
        self.by_second = [0] * math.ceil(plan.seconds)
        self.requests = self.records = self.refused = self.errors = 0
        self.first_error = ""

    def add(self, status: int, body: bytes, now_ns: int) -> None:
        self.requests += 1
        self.last_ns = now_ns
        if status != HTTPStatus.OK:
            self.errors += 1
            self.first_error = self.first_error or f"{status} {body[:200].decode(errors='replace')}"
            return
        refused = self._failed(body)
        accepted = self._plan.records_per_request - refused
        self.refused += refused
        self.records += accepted
        second = (now_ns - self.from_ns) // _NS_PER_S
        if second < len(self.by_second):  # an open loop is drained after its window
            self.by_second[second] += accepted


class Loop(ABC):
    """Connections and their requests; the two kinds of load differ in when they send."""

    def __init__(self, plan: LoadPlan, loop: asyncio.AbstractEventLoop) -> None:
        self.plan = plan
        self.loop = loop
        self.requests = itertools.cycle(build_requests(plan))
        self.connections: list[Connection] = []
        self.left = plan.requests if plan.requests is not None else sys.maxsize
        self.in_flight = 0
        self.lost = False
        self.finished = asyncio.Event()
        self.answered_at_ns: list[int] = []
        self.scheduled_at_ns: list[int] = []

    async def run(self) -> LoadResult:
        for _ in range(self.plan.connections):
            _, connection = await self.loop.create_connection(
                lambda: Connection(self.on_answer, self._on_lost), HOST, self.plan.port
            )
            self.connections.append(connection)
        self.start_ns = time.monotonic_ns()
        self.tally = Tally(self.plan, self.start_ns + round(self.plan.warmup_seconds * _NS_PER_S))
        await self.send_until_done()
        if self.lost:
            raise ConnectionError("the server closed a connection during the run")
        return self._result()

    @abstractmethod
    async def send_until_done(self) -> None: ...

    @abstractmethod
    def on_answer(self, connection: Connection, status: int, body: bytes) -> None: ...

    def _on_lost(self, connection: Connection) -> None:
        self.lost = True
        self.finished.set()

    async def wait_finished(self, until_ns: int) -> None:
        try:
            async with asyncio.timeout((until_ns - time.monotonic_ns()) / _NS_PER_S):
                await self.finished.wait()
        except TimeoutError:
            pass

    def _result(self) -> LoadResult:
        tally = self.tally
        finished_early = self.plan.requests is not None and self.finished.is_set()
        return LoadResult(
            seconds=(tally.last_ns - tally.from_ns) / _NS_PER_S if finished_early else self.plan.seconds,
            requests=tally.requests,
            records=tally.records,
            refused=tally.refused,
            errors=tally.errors,
            unanswered=self.in_flight if self.plan.rate_per_s else 0,
            first_error=tally.first_error,
            records_by_second=tally.by_second,
            latency_ns=tally.latency.to_json(),
            scheduled_at_ns=self.scheduled_at_ns,
            answered_at_ns=self.answered_at_ns,
            cpu_seconds=time.process_time(),
        )


class ClosedLoop(Loop):
    """As many requests in flight as there are connections, never more."""

    async def send_until_done(self) -> None:
        for connection in self.connections:
            self._send(connection)
        await self.wait_finished(self.tally.until_ns)
        self.left = 0

    def _send(self, connection: Connection) -> None:
        if self.left > 0:
            self.left -= 1
            self.in_flight += 1
            connection.send(next(self.requests))
        elif self.in_flight == 0:
            self.finished.set()

    def on_answer(self, connection: Connection, status: int, body: bytes) -> None:
        self.in_flight -= 1
        now_ns = time.monotonic_ns()
        if self.tally.from_ns <= now_ns < self.tally.until_ns:
            self.tally.add(status, body, now_ns)
        self._send(connection)


class OpenLoop(Loop):
    """Requests at their scheduled times; those that find no free connection wait, and the wait counts."""

    def __init__(self, plan: LoadPlan, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(plan, loop)
        self._free: deque[Connection] = deque()
        self._waiting: deque[int] = deque()
        self._transmitted = 0

    async def send_until_done(self) -> None:
        assert self.plan.rate_per_s is not None
        self._free.extend(self.connections)
        pacer = Pacer(self.plan.rate_per_s, self.start_ns, self._on_due)
        pacer.start(self.loop)
        await self.wait_finished(self.tally.until_ns)
        self.left = 0
        pacer.stop(self.loop)
        if self.in_flight:
            self.finished.clear()
            await self.wait_finished(time.monotonic_ns() + round(DRAIN_SECONDS * _NS_PER_S))

    def _on_due(self, scheduled_ns: int) -> None:
        if self.left <= 0 or scheduled_ns >= self.tally.until_ns:
            return
        self.left -= 1
        self.in_flight += 1
        if self.plan.numbered:
            self.scheduled_at_ns.append(scheduled_ns + time.time_ns() - time.monotonic_ns())
            self.answered_at_ns.append(0)
        if self._free:
            self._transmit(self._free.popleft(), scheduled_ns)
        else:
            self._waiting.append(scheduled_ns)

    def _transmit(self, connection: Connection, scheduled_ns: int) -> None:
        connection.scheduled_ns = scheduled_ns
        connection.number = self._transmitted
        self._transmitted += 1
        connection.send(next(self.requests))

    def on_answer(self, connection: Connection, status: int, body: bytes) -> None:
        self.in_flight -= 1
        now_ns = time.monotonic_ns()
        if self.plan.numbered:
            self.answered_at_ns[connection.number] = time.time_ns()
        if connection.scheduled_ns >= self.tally.from_ns:
            self.tally.latency.record(now_ns - connection.scheduled_ns)
            self.tally.add(status, body, now_ns)
        if self._waiting:
            self._transmit(connection, self._waiting.popleft())
            return
        self._free.append(connection)
        if self.left <= 0 and self.in_flight == 0:
            self.finished.set()


async def run(plan: LoadPlan) -> LoadResult:
    kind = ClosedLoop if plan.rate_per_s is None else OpenLoop
    return await kind(plan, asyncio.get_running_loop()).run()


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=LoadPlan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run(plan))))


if __name__ == "__main__":
    main()
