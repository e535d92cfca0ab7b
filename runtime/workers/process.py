"""A worker as the broker sees it: one process, one function, one event at a time."""

import asyncio
import enum
import math
import os
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from runtime.errors import FrameError
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome, Status, exit_payload, timeout_payload
from runtime.workers import linux
from runtime.workers.frames import InvokeHead
from runtime.workers.link import Answer, Link, LinkOwner
from runtime.workers.output import Output
from runtime.workers.stream import ResponseStream

LinkFactory = Callable[[asyncio.AbstractEventLoop, LinkOwner], Link]


class WorkerState(enum.Enum):
    """Where a worker is in its life; it never goes back to STARTING, nor away from DEAD."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    DEAD = "dead"


class Clock(Protocol):
    """Monotonic seconds and one-shot timers; an event loop is one."""

    def time(self) -> float: ...

    def call_at(self, when: float, callback: Callable[[], object]) -> asyncio.TimerHandle: ...


class Invocation(msgspec.Struct, eq=False):
    """An event on its way: `future` gets the outcome, and may be cancelled by a caller that went away."""

    head: InvokeHead
    event: bytes
    future: asyncio.Future[Outcome]
    stream: ResponseStream | None = None
    losses: int = 0  # how many workers were lost before one could take it


class Owner(Protocol):
    """Who is told what becomes of a worker."""

    def worker_idle(self, worker: "Worker") -> None: ...

    def worker_dead(self, worker: "Worker") -> None: ...

    def worker_began(self, worker: "Worker", request_id: str) -> None: ...

    def worker_done(self, worker: "Worker", outcome: Outcome) -> None: ...


class Worker:
    """The broker's handle of a worker process. `kill` is the zygote's: it alone knows that the number is still ours."""

    def __init__(
        self,
        number: int,
        spec: FunctionSpec,
        log_stream: str,
        owner: Owner,
        clock: Clock,
        kill: Callable[[], None],
    ) -> None:
        self.number = number
        self.spec = spec
        self.log_stream = log_stream
        self.state = WorkerState.STARTING
        self.pid: int | None = None
        self.started = False  # its handler was loaded
        self.served = False  # it was given an event
        self.retired = False  # takes no further event
        self.condemned = False  # is being ended, or has ended
        self.dismissed = False  # ended because the pool wanted so
        self.lost = False  # ended with its zygote, or never begun: no fault of its function
        self._owner = owner
        self._clock = clock
        self._kill = kill
        self._born_s = clock.time()
        self._init_ms: float | None = None
        self._invocation: Invocation | None = None
        self._begun_s = self._born_s
        self._timer: asyncio.TimerHandle | None = None
        self._timed_out = False
        self._load_error: bytes | None = None
        self._exit = (0, 0)
        self._out_of_memory = False
        self._last_log = b""

    def __repr__(self) -> str:
        return f"<Worker {self.number} {self.spec.name} {self.state.value} pid={self.pid}>"

    @property
    def dropped_bytes(self) -> int:
        """How much of its output was beyond the budget."""
        return self._output.dropped_bytes

    def open(
        self,
        loop: asyncio.AbstractEventLoop,
        link_to: LinkFactory,
        budget_bytes: int,
        emit: Callable[[bytes], None] | None,
        init_s: float,
    ) -> tuple[int, ...]:
        """The ends that the process gets: those of its link, then its output pipe; the caller closes them.

        Raises `OSError`.
        """
        output_fd, theirs_fd = os.pipe()
        try:
            self._link = link_to(loop, self)
        except OSError:
            os.close(output_fd)
            os.close(theirs_fd)
            raise
        self._output = Output(loop, output_fd, budget_bytes, emit)
        # AWS gives loading 10 s, and does it again within the first invoke; here it goes on instead, as long as both.
        self._timer = self._clock.call_at(self._born_s + init_s + self.spec.timeout_ms / 1000, self._expire)
        return *self._link.fds, theirs_fd

    @property
    def variables(self) -> Mapping[str, str]:
        """What its process must find in its environment to speak with us."""
        return self._link.variables

    def invoke(self, invocation: Invocation) -> None:
        """Hands over an event; the worker must be IDLE. Its future gets the outcome, whatever happens."""
        assert self.state is WorkerState.IDLE
        self.state = WorkerState.BUSY
        self.served = True
        self._invocation = invocation
        self._output.begin()
        self._owner.worker_began(self, invocation.head.request_id)
        self._begun_s = self._clock.time()
        self._timer = self._clock.call_at(self._begun_s + self.spec.timeout_ms / 1000, self._expire)
        self._link.send(invocation.head, invocation.event, invocation.stream)

    def dismiss(self) -> None:
        """The pool has no use for it: ends the process and its group; `exited` follows."""
        self.dismissed = True
        self._destroy()

    def init_failure(self, request_id: str) -> Outcome | None:
        """The outcome for the event it was started for and never became ready to take; None if it is not to blame."""
        if self.started or self.dismissed or self.lost:
            return None
        exit_code, max_rss_kb = self._exit
        status, payload = Status.INIT_ERROR, self._load_error
        if payload is None:
            status, payload = self._verdict(request_id, exit_code, max_rss_kb)
        return self._outcome(status, payload, request_id, max_rss_kb, self._last_log)

    def exited(self, exit_code: int, max_rss_kb: int, *, lost: bool = False, out_of_memory: bool = False) -> None:
        """The process is gone. An event it had gets its outcome now; an answer it had sent before is still good."""
        if self.state is WorkerState.DEAD:
            return
        self.condemned = True
        self.lost = lost
        self._out_of_memory = out_of_memory
        self._link.drain()
        self._exit = (exit_code, max_rss_kb)
        if self._invocation is not None:
            status, payload = self._verdict(self._invocation.head.request_id, exit_code, max_rss_kb)
            self._finish(status, payload, max_rss_kb)
        self._bury()

    def _bury(self) -> None:
        self.state = WorkerState.DEAD
        self._disarm()
        self._last_log = self._output.take_tail()
        self._output.close()
        self._link.close()
        self._owner.worker_dead(self)

    def link_ready(self) -> None:
        """See `LinkOwner`."""
        if self.state is WorkerState.STARTING:
            self.started = True
            self._init_ms = (self._clock.time() - self._born_s) * 1000
        if self._invocation is None and self.state is not WorkerState.DEAD:
            self._disarm()
            self._rest()

    def link_init_failed(self, payload: bytes) -> None:
        """See `LinkOwner`."""
        if self.state is WorkerState.STARTING:
            self._load_error = payload
            self._destroy()

    def link_answered(self, answer: Answer) -> None:
        """See `LinkOwner`. It is given the next event when it says that it is ready for it.

        The deadline holds until then: AWS counts what a runtime does after its answer towards the function's time.
        """
        if self._invocation is None or answer.request_id != self._invocation.head.request_id:
            raise FrameError("an answer to nothing that was asked")
        max_rss_kb = linux.peak_memory_kb(self.pid) if answer.max_rss_kb is None else answer.max_rss_kb
        self._finish(answer.status, answer.payload, max_rss_kb)
        if answer.status is Status.OUT_OF_MEMORY:
            self._destroy()  # what else failed for want of memory is not known: no second event meets it

    def link_broken(self) -> None:
        """See `LinkOwner`. It may live on without (a handler can close anything): then it ends now."""
        self._destroy()

    def _rest(self) -> None:
        self.state = WorkerState.IDLE
        if not self.condemned:
            self._owner.worker_idle(self)

    def _finish(self, status: Status, payload: bytes, max_rss_kb: int) -> None:
        invocation, self._invocation = self._invocation, None
        assert invocation is not None
        if invocation.stream is not None and status is Status.SUCCESS:
            invocation.stream.feed(payload)
            payload = b""
        outcome = self._outcome(status, payload, invocation.head.request_id, max_rss_kb, self._output.take_tail())
        self._init_ms = None
        self._owner.worker_done(self, outcome)
        if not invocation.future.done():
            invocation.future.set_result(outcome)

    def _outcome(self, status: Status, payload: bytes, request_id: str, max_rss_kb: int, log: bytes) -> Outcome:
        full = status is Status.OUT_OF_MEMORY
        return Outcome(
            status=status,
            payload=payload,
            log=log,
            request_id=request_id,
            duration_ms=(self._clock.time() - self._begun_s) * 1000,
            init_duration_ms=self._init_ms,
            # The limit is what was used when the kernel ended it for more; AWS never shows more than that, either.
            max_memory_mb=self.spec.memory_mb if full else min(math.ceil(max_rss_kb / 1024), self.spec.memory_mb),
        )

    def _verdict(self, request_id: str, exit_code: int, max_rss_kb: int) -> tuple[Status, bytes]:
        if self._timed_out:
            return Status.TIMED_OUT, timeout_payload(request_id, self.spec.timeout_ms)
        # Where memory is limited without a cgroup, the kernel's own killer leaves no other trace than SIGKILL.
        if exit_code == -9 and (self._out_of_memory or max_rss_kb >= self.spec.memory_mb * 1024):
            return Status.OUT_OF_MEMORY, exit_payload(request_id, exit_code, out_of_memory=True)
        return Status.EXITED, exit_payload(request_id, exit_code)

    def _expire(self) -> None:
        self._timer = None
        self._timed_out = True
        self._destroy()

    def _destroy(self) -> None:
        self.condemned = True
        self._kill()

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
