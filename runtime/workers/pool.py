"""Runs functions in a bounded number of warm worker processes. The one door to this package.

Every change (an event comes, a worker is ready, rests or ends) is followed by the same step: whoever waits gets what
is free. Nothing polls: the only timers are deadlines, and one for workers that rest too long.
"""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from random import Random
from types import TracebackType
from typing import TypeVar

import msgspec

from runtime.errors import (
    EventTooLargeError,
    InvalidParameterError,
    PoolBusyError,
    PoolClosedError,
    PreloadError,
    RuntimeUnavailableError,
)
from runtime.model.function import MAX_ENVIRONMENT_BYTES, MAX_PRELOAD_BYTES, FunctionSpec
from runtime.model.invocation import MAX_PAYLOAD_BYTES, Outcome, Status, exit_payload
from runtime.model.program import Program
from runtime.model.sandbox import SandboxReport, SandboxSettings
from runtime.runtimes import programs
from runtime.workers.frames import InvokeHead, Order, Preparation
from runtime.workers.lanes import MAX_LOSSES, FunctionStats, Lane, next_lane, should_yield
from runtime.workers.link import FramesLink
from runtime.workers.process import Clock, Invocation, Worker, WorkerState
from runtime.workers.runtime_api import RuntimeApiLink
from runtime.workers.sinks import InvocationSink
from runtime.workers.spawner import Spawner
from runtime.workers.stream import ResponseStream

DRAIN_S = 2.0
MAX_ZYGOTES = 8  # one for all functions, and one for each set of preloaded modules in use
MAX_REQUEST_ID_CHARS = 128
MAX_CLIENT_CONTEXT_CHARS = 3583
MAX_TRACE_ID_CHARS = 1024
MAX_ARN_CHARS = 512


Told = TypeVar("Told")


class PoolStats(msgspec.Struct, kw_only=True):
    """What the pool holds at this moment; `functions` by qualified ARN."""

    workers: int
    waiting: int
    zygotes: int
    zygote_restarts: int
    functions: dict[str, FunctionStats]


class WorkerPool:
    """Warm workers for any number of functions, at most `max_workers` processes at a time.

    `idle_timeout_s`: how long a worker may rest before it is ended. `preload`: modules shared by all functions; a
    function's own module of the same name is hidden by them, so name libraries, not handlers. `environment`: variables
    given to all workers; `environment_of(spec)`: those of one function's worker, asked for whenever one is started
    (temporary credentials, an endpoint). `sink` hears what functions do and print, at most `output_limit_bytes` per
    invocation. `program_of(spec)`: what to run for a function that our own interpreter does not, None if it does; may
    raise `RuntimeUnavailableError`. `sandbox`: what workers are kept in. `max_waiting`: invocations that may wait for a
    worker. `worker_max_age_s`: a worker that is older takes no more events (its credentials are about to expire).
    `init_limit_s`: what loading a handler may take on top of the function's timeout. `clock` (default: the
    running loop) and `wall_ms` are for tests.
    """

    def __init__(
        self,
        max_workers: int,
        idle_timeout_s: float = 300.0,
        *,
        preload: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        environment_of: Callable[[FunctionSpec], Mapping[str, str]] | None = None,
        sink: InvocationSink | None = None,
        program_of: Callable[[FunctionSpec], Program | None] | None = None,
        sandbox: SandboxSettings | None = None,
        output_limit_bytes: int = 1_048_576,
        max_waiting: int = 1000,
        init_limit_s: float = 10.0,
        worker_max_age_s: float | None = None,
        clock: Clock | None = None,
        wall_ms: Callable[[], int] = lambda: int(time.time() * 1000),
    ) -> None:
        if max_workers < 1:
            raise InvalidParameterError("max_workers", max_workers, "must be at least 1")
        environment = dict(environment or {})
        _check_size("environment", [*environment, *environment.values()], MAX_ENVIRONMENT_BYTES)
        _check_size("preload", preload, MAX_PRELOAD_BYTES)
        self.max_workers = max_workers
        self._idle_timeout_s = idle_timeout_s
        self._preload = preload
        self._environment = environment
        self._environment_of = environment_of
        self._sink = sink
        self._program_of = program_of or programs.program_of
        self._sandbox = sandbox or SandboxSettings()
        self.sandbox_report: SandboxReport | None = None
        self._output_limit_bytes = output_limit_bytes
        self._max_waiting = max_waiting
        self._init_limit_s = init_limit_s
        self._max_age_s = worker_max_age_s
        self._born: dict[Worker, float] = {}
        self._given_clock = clock
        self._wall_ms = wall_ms
        self._running = False
        self._lanes: dict[str, Lane] = {}
        self._rotation: dict[Lane, None] = {}  # those with events waiting, the longest without a turn first
        self._resting: dict[Worker, float] = {}  # since when, oldest first
        self._rest_timer: asyncio.TimerHandle | None = None
        self._spawners: dict[Preparation, Spawner] = {}
        self._ending: set[Spawner] = set()
        self._homes: dict[Worker, tuple[Lane, Spawner]] = {}
        self._watchers: set[asyncio.Future[None]] = set()
        self._last_number = 0
        self._random = Random()  # ids only have to differ
        self._restarts = 0

    async def __aenter__(self) -> "WorkerPool":
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self) -> None:
        """Starts the zygote and waits until it can fork.

        Raises `PreloadError` if it cannot import what it should, `OSError` if the interpreter cannot be started.
        """
        self._loop = asyncio.get_running_loop()
        self._clock: Clock = self._given_clock or _LoopClock(self._loop)
        self._running = True
        spawner = self._spawner(self._shared())
        first: set[asyncio.Future[SandboxReport] | asyncio.Future[None]] = {spawner.ready, spawner.ended}
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if spawner.ended.done():
            self._running = False
            raise PreloadError(spawner.unfit or b"the zygote ended before it was ready")
        self.sandbox_report = spawner.ready.result()

    async def invoke(
        self,
        spec: FunctionSpec,
        event: bytes,
        *,
        request_id: str | None = None,
        client_context: str | None = None,
        trace_id: str | None = None,
        invoked_arn: str | None = None,
        stream: ResponseStream | None = None,
    ) -> Outcome:
        """Runs one event (JSON, at most 6291556 bytes) and returns what came of it; a function's failure is no raise.

        A caller that is cancelled while it waits takes its event with it. Once a worker has the event it is run to its
        end or its deadline, as Lambda does when a client hangs up; the worker then serves others.
        `invoked_arn`: what the context shows instead of the function's own ARN (an alias). `stream` gets the result in
        pieces as the function sends them, if it does, else as one; the outcome of a success then has no payload.
        Raises `PoolClosedError`, `PoolBusyError`, `EventTooLargeError`, `InvalidParameterError`,
        `RuntimeUnavailableError`, and `OSError` when the machine has no descriptors or processes left: nothing was run
        then.
        """
        try:
            return await self._invoke(spec, event, request_id, client_context, trace_id, invoked_arn, stream)
        except asyncio.CancelledError:
            if stream is not None:
                stream.abandon()
            raise
        finally:
            if stream is not None:
                stream.end()

    async def _invoke(
        self,
        spec: FunctionSpec,
        event: bytes,
        request_id: str | None,
        client_context: str | None,
        trace_id: str | None,
        invoked_arn: str | None,
        stream: ResponseStream | None,
    ) -> Outcome:
        self._admit(event)
        request_id = request_id or _uuid(self._random.randbytes(16).hex())
        _check_length("request_id", request_id, MAX_REQUEST_ID_CHARS)
        _check_length("client_context", client_context, MAX_CLIENT_CONTEXT_CHARS)
        _check_length("trace_id", trace_id, MAX_TRACE_ID_CHARS)
        _check_length("invoked_arn", invoked_arn, MAX_ARN_CHARS)
        deadline_ms = 0  # set when a worker takes it: waiting is not the function's time
        head = InvokeHead(request_id, deadline_ms, client_context, trace_id, invoked_arn or spec.invoked_arn)
        invocation = Invocation(head, event, self._loop.create_future(), stream)
        lane = self._lane(spec)
        lane.waiting.append(invocation)
        self._serve(lane)
        try:
            return await invocation.future
        except asyncio.CancelledError:
            if invocation in lane.waiting:
                lane.waiting.remove(invocation)
                self._enlist(lane)
            raise

    async def warm(self, spec: FunctionSpec, n: int) -> int:
        """Starts workers until the function has `n`, or the pool is full; returns how many are ready.

        No other function's worker is ended for it. Raises `PoolClosedError`.
        """
        self._check_running()
        lane = self._lane(spec)
        while len(lane.workers) < n and len(self._homes) < self.max_workers:
            self._spawn(lane)
        while any(worker.state is WorkerState.STARTING for worker in lane.workers):
            await self._change()
        return sum(worker.state is not WorkerState.DEAD for worker in lane.workers)

    def keep(self, spec: FunctionSpec, n: int) -> None:
        """So many of the function's workers stay, however long they rest; 0 gives them up. One place of the pool is
        always left to the others."""
        lane = self._lane(spec)
        left = self.max_workers - 1 - sum(one.kept for one in self._lanes.values() if one is not lane)
        lane.kept = max(0, min(n, left))
        for worker in list(lane.idle):
            self._wake(lane, worker)
            self._rest(lane, worker)

    def retire(self, qualified_arn: str) -> None:
        """The function is gone or its code has changed: none of its present workers takes another event.

        What was preloaded for it is loaded again, too.
        """
        lane = self._lanes.get(qualified_arn)
        if lane is not None:
            self._condemn(lane)
            spawner = self._spawners.get(self._preparation(lane.spec))
            if lane.spec.preload and spawner is not None:
                self._detach(spawner)

    def forget(self, qualified_arn: str) -> None:
        """`retire`, and drops the function's counters, unless events wait for it; for deleted functions."""
        self.retire(qualified_arn)
        lane = self._lanes.get(qualified_arn)
        if lane is not None and not lane.waiting:
            del self._lanes[qualified_arn]

    def stats(self) -> PoolStats:
        """Counters and present state; cheap enough for a scrape."""
        return PoolStats(
            workers=len(self._homes),
            waiting=sum(len(lane.waiting) for lane in self._lanes.values()),
            zygotes=len(self._spawners),
            zygote_restarts=self._restarts,
            functions={arn: lane.snapshot() for arn, lane in self._lanes.items()},
        )

    async def close(self) -> None:
        """Refuses what waits (`PoolClosedError`), lets what runs finish for up to 2 s, then ends every process."""
        if not self._running:
            return
        self._running = False
        self._stop_rest_timer()
        for lane in self._lanes.values():
            while (invocation := lane.next_waiting()) is not None:
                invocation.future.set_exception(PoolClosedError())
        await self._drain()
        await asyncio.gather(*(spawner.stop() for spawner in [*self._spawners.values(), *self._ending]))

    async def _drain(self) -> None:
        async def rest() -> None:
            while any(worker.state is WorkerState.BUSY for worker in self._homes):
                await self._change()

        try:
            await asyncio.wait_for(rest(), DRAIN_S)
        except TimeoutError:
            pass  # what still runs is ended with its zygote, and gets the outcome of a process that was killed

    # What the workers and zygotes report

    def worker_idle(self, worker: Worker) -> None:
        """A worker is ready for an event: its own function's next one, unless its place is due to another."""
        if self._running:
            self._assign(self._homes[worker][0], worker)
        self._announce()

    def worker_began(self, worker: Worker, request_id: str) -> None:
        """An invocation is about to run."""
        if self._sink is not None:
            self._tell(self._sink.began, worker, request_id)

    def worker_done(self, worker: Worker, outcome: Outcome) -> None:
        """An invocation has its outcome."""
        self._homes[worker][0].stats.record(outcome)
        if self._sink is not None:
            self._tell(self._sink.ended, worker, outcome)

    def worker_dead(self, worker: Worker) -> None:
        """A process has ended: its place is free."""
        lane, spawner = self._homes.pop(worker)
        self._born.pop(worker, None)
        lane.workers.discard(worker)
        lane.stats.dropped_output_bytes += worker.dropped_bytes
        self._wake(lane, worker)
        if spawner in self._ending and not spawner.workers:
            spawner.dismiss()
        if self._running:
            self._unstarted(lane, worker, spawner)
            self._grow()
        self._announce()

    def spawner_lost(self, spawner: Spawner) -> None:
        """A zygote has ended; its workers are reported dead right after this."""
        self._ending.discard(spawner)
        if self._spawners.get(spawner.preparation) is spawner:
            del self._spawners[spawner.preparation]
            self._restarts += self._running

    # Who gets what

    def _serve(self, lane: Lane) -> None:
        while lane.idle and (invocation := lane.next_waiting()) is not None:
            worker = next(reversed(lane.idle))
            self._wake(lane, worker)
            if self._is_old(worker):
                worker.dismiss()
                lane.waiting.appendleft(invocation)
                continue
            self._hand_over(worker, invocation)
        self._enlist(lane)
        self._grow()

    def _assign(self, lane: Lane, worker: Worker) -> None:
        # A worker that has served nobody yet does not yield: places would be handed round without an event run.
        if not lane.fits(worker) or self._is_old(worker) or (worker.served and self._yields(lane)):
            worker.dismiss()
        elif (invocation := lane.next_waiting()) is not None:
            self._hand_over(worker, invocation)
            self._rotate(lane)
        else:
            self._rest(lane, worker)
            self._enlist(lane)
            self._grow()

    def _is_old(self, worker: Worker) -> bool:
        return self._max_age_s is not None and self._clock.time() - self._born[worker] >= self._max_age_s

    def _enlist(self, lane: Lane) -> None:
        """Keeps the rotation to those that wait; who comes new goes to its end."""
        if lane.waiting:
            self._rotation.setdefault(lane)
        else:
            self._rotation.pop(lane, None)

    def _rotate(self, lane: Lane) -> None:
        """The lane has had a turn."""
        self._rotation.pop(lane, None)
        self._enlist(lane)

    def _hand_over(self, worker: Worker, invocation: Invocation) -> None:
        deadline_ms = self._wall_ms() + worker.spec.timeout_ms
        invocation.head = msgspec.structs.replace(invocation.head, deadline_ms=deadline_ms)
        worker.invoke(invocation)

    def _grow(self) -> None:
        """Gives free places to those who wait; makes room by ending workers that rest."""
        while (lane := next_lane(self._rotation)) is not None:
            if len(self._homes) >= self.max_workers:
                self._make_room()
                return
            self._rotate(lane)
            try:
                self._spawn(lane)
            except (OSError, RuntimeUnavailableError, InvalidParameterError) as error:
                self._refuse(lane, error)

    def _refuse(self, lane: Lane, error: Exception) -> None:
        invocation = lane.next_waiting()
        self._enlist(lane)
        if invocation is not None:
            invocation.future.set_exception(error)

    def _make_room(self) -> None:
        """Ends those that have rested longest, as far as that is not under way; their end calls `_grow` again."""
        missing = sum(lane.unserved for lane in self._rotation) - self._leaving()
        for worker in list(self._resting)[: max(0, missing)]:
            self._wake(self._homes[worker][0], worker)
            worker.dismiss()

    def _yields(self, lane: Lane) -> bool:
        return len(self._homes) >= self.max_workers and should_yield(lane, self._rotation, self._leaving())

    def _leaving(self) -> int:
        return sum(worker.condemned for worker in self._homes)

    def _unstarted(self, lane: Lane, worker: Worker, spawner: Spawner) -> None:
        """A worker ended without ever taking an event: if that is final, it is the outcome of the oldest that waits."""
        if worker.started or worker.dismissed or not lane.waiting:
            return
        request_id = lane.waiting[0].head.request_id
        outcome = worker.init_failure(request_id) or self._loss(lane.waiting[0], spawner)
        if outcome is not None and (invocation := lane.next_waiting()) is not None:
            outcome = msgspec.structs.replace(outcome, request_id=invocation.head.request_id)
            lane.stats.record(outcome)
            if self._sink is not None:
                self._tell(self._sink.began, worker, outcome.request_id)
                self._tell(self._sink.ended, worker, outcome)
            invocation.future.set_result(outcome)
        self._enlist(lane)

    def _loss(self, invocation: Invocation, spawner: Spawner) -> Outcome | None:
        """The zygote ended under a worker that was starting. Another one is tried, but not for ever."""
        invocation.losses += 1
        request_id = invocation.head.request_id
        if spawner.unfit is not None:
            return _failure(Status.INIT_ERROR, spawner.unfit, request_id)
        if spawner.was_ready and invocation.losses <= MAX_LOSSES:
            return None
        return _failure(Status.EXITED, exit_payload(request_id, -signal.SIGKILL), request_id)

    # Workers and zygotes

    def _spawn(self, lane: Lane) -> None:
        program, given = self._program_of(lane.spec), self._given(lane.spec)
        spawner = self._spawner(self._preparation(lane.spec))
        self._last_number += 1
        number, stream = self._last_number, self._log_stream(lane.spec)
        worker = Worker(number, lane.spec, stream, self, self._clock, lambda: spawner.kill(number))
        link_to = FramesLink if program is None else RuntimeApiLink
        emit = self._emitter(lane.spec, stream)
        fds = worker.open(self._loop, link_to, self._output_limit_bytes, emit, self._init_limit_s)
        self._homes[worker] = (lane, spawner)
        self._born[worker] = self._clock.time()
        lane.workers.add(worker)
        lane.stats.cold_starts += 1
        variables = self._environment | given | dict(worker.variables)
        spawner.spawn(worker, Order(lane.spec, stream, variables, program), fds)

    def _emitter(self, spec: FunctionSpec, log_stream: str) -> Callable[[bytes], None] | None:
        sink = self._sink
        return None if sink is None else lambda data: sink.output(spec, log_stream, data)

    def _given(self, spec: FunctionSpec) -> dict[str, str]:
        variables = {} if self._environment_of is None else dict(self._environment_of(spec))
        _check_size("environment_of", [*variables, *variables.values()], MAX_ENVIRONMENT_BYTES)
        return variables

    def _tell(self, hear: Callable[[FunctionSpec, str, Told], None], worker: Worker, what: Told) -> None:
        try:
            hear(worker.spec, worker.log_stream, what)
        except Exception as error:  # noqa: BLE001 - a failing log must not fail the invocation; the loop reports it
            self._loop.call_exception_handler({"message": "a sink for invocations failed", "exception": error})

    def _log_stream(self, spec: FunctionSpec) -> str:
        day = datetime.fromtimestamp(self._wall_ms() / 1000, UTC)
        return f"{day:%Y/%m/%d}/[{spec.version}]{os.urandom(16).hex()}"

    def _preparation(self, spec: FunctionSpec) -> Preparation:
        """Functions that preload nothing of their own share a zygote: it has then imported no function's code."""
        if not spec.preload:
            return self._shared()
        return Preparation(spec.paths, self._preload + spec.preload, spec.code_sha256, self._sandbox)

    def _shared(self) -> Preparation:
        return Preparation(preload=self._preload, sandbox=self._sandbox)

    def _spawner(self, preparation: Preparation) -> Spawner:
        spawner = self._spawners.pop(preparation, None)
        if spawner is None or spawner.ended.done():
            self._end_unused_zygotes()
            spawner = Spawner(self._loop, preparation, self)
            spawner.start()
        self._spawners[preparation] = spawner  # in the order of use
        return spawner

    def _end_unused_zygotes(self) -> None:
        shared = self._shared()
        unused = [one for one in self._spawners.values() if one.preparation != shared and not one.workers]
        for spawner in unused[: max(0, len(self._spawners) + 1 - MAX_ZYGOTES)]:
            self._detach(spawner)

    def _detach(self, spawner: Spawner) -> None:
        """No more workers come from this zygote; it ends when the last of those it has is gone."""
        del self._spawners[spawner.preparation]
        self._ending.add(spawner)
        if not spawner.workers:
            spawner.dismiss()

    def _rest(self, lane: Lane, worker: Worker) -> None:
        lane.idle[worker] = None
        if sum(one not in self._resting for one in lane.idle) <= lane.kept:
            return  # one of those that stay
        self._resting[worker] = self._clock.time()
        if self._rest_timer is None:
            self._start_rest_timer()

    def _wake(self, lane: Lane, worker: Worker) -> None:
        lane.idle.pop(worker, None)
        self._resting.pop(worker, None)
        if not self._resting:
            self._stop_rest_timer()

    def _start_rest_timer(self) -> None:
        since_s = next(iter(self._resting.values()))
        self._rest_timer = self._clock.call_at(since_s + self._idle_timeout_s, self._end_rest)

    def _stop_rest_timer(self) -> None:
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None

    def _end_rest(self) -> None:
        self._rest_timer = None
        until_s = self._clock.time() - self._idle_timeout_s
        for worker in [worker for worker, since_s in self._resting.items() if since_s <= until_s]:
            self._wake(self._homes[worker][0], worker)
            worker.dismiss()
        if self._resting:
            self._start_rest_timer()

    # Lanes

    def _check_running(self) -> None:
        if not self._running:
            raise PoolClosedError

    def _admit(self, event: bytes) -> None:
        self._check_running()
        if len(event) > MAX_PAYLOAD_BYTES:
            raise EventTooLargeError(len(event), MAX_PAYLOAD_BYTES)
        waiting = sum(len(lane.waiting) for lane in self._rotation)
        if waiting >= self._max_waiting:
            raise PoolBusyError(waiting)

    def _lane(self, spec: FunctionSpec) -> Lane:
        lane = self._lanes.get(spec.qualified_arn)
        if lane is None:
            lane = self._lanes[spec.qualified_arn] = Lane(spec)
        elif lane.spec is not spec and lane.spec != spec:
            lane.spec = spec
            self._condemn(lane)
        return lane

    def _condemn(self, lane: Lane) -> None:
        """Ends what rests or starts; what runs ends when it has finished (`Lane.fits`)."""
        for worker in list(lane.workers):
            if worker.state is WorkerState.BUSY:
                worker.retired = True
            else:
                self._wake(lane, worker)
                worker.dismiss()

    # Waiting for a change, for `warm` and `close`

    async def _change(self) -> None:
        watcher = self._loop.create_future()
        self._watchers.add(watcher)
        await watcher

    def _announce(self) -> None:
        for watcher in self._watchers:
            if not watcher.done():
                watcher.set_result(None)
        self._watchers.clear()


class _LoopClock:
    """The loop's timers, but time as the system tells it: uvloop's own counts whole milliseconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.call_at = loop.call_at

    def time(self) -> float:
        return time.monotonic()


def _failure(status: Status, payload: bytes, request_id: str) -> Outcome:
    return Outcome(status=status, payload=payload, log=b"", request_id=request_id, duration_ms=0.0)


def _check_size(field: str, texts: Iterable[str], most_bytes: int) -> None:
    """An order to start a worker is one message: what goes into it is bounded here and in `FunctionSpec`."""
    size_bytes = sum(len(text.encode()) for text in texts)
    if size_bytes > most_bytes:
        raise InvalidParameterError(field, size_bytes, f"must take at most {most_bytes} bytes together")


def _uuid(digits: str) -> str:
    """32 random hex digits as a UUID of version 4; the `uuid` module takes ten times as long."""
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def _check_length(field: str, value: str | None, most: int) -> None:
    if value is not None and len(value) > most:
        raise InvalidParameterError(field, value, f"must be at most {most} characters")
