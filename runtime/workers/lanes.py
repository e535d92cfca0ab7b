"""One lane per function: its workers, the events that wait for them, and what came of it. No IO, no clock."""

from bisect import bisect_left
from collections import deque
from collections.abc import Iterable

import msgspec

from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome, Status
from runtime.workers.process import Invocation, Worker, WorkerState

DURATION_BOUNDS_MS = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0, 5000.0, 10_000.0)
MAX_LOSSES = 2  # workers that may be lost before an event got to one; the next is its outcome


class FunctionStats(msgspec.Struct, kw_only=True):
    """Counters of one function since its first invoke, and its workers now.

    `duration_counts[i]` counts durations up to `DURATION_BOUNDS_MS[i]`, its last entry those above all of them.
    """

    starting: int = 0
    idle: int = 0
    busy: int = 0
    waiting: int = 0
    invocations: int = 0
    errors: int = 0
    timeouts: int = 0
    cold_starts: int = 0
    dropped_output_bytes: int = 0
    duration_ms_total: float = 0.0
    duration_ms_max: float = 0.0
    duration_counts: list[int] = msgspec.field(default_factory=lambda: [0] * (len(DURATION_BOUNDS_MS) + 1))

    def record(self, outcome: Outcome) -> None:
        """Counts one finished invocation."""
        self.invocations += 1
        self.errors += not outcome.ok
        self.timeouts += outcome.status is Status.TIMED_OUT
        self.duration_ms_total += outcome.duration_ms
        self.duration_ms_max = max(self.duration_ms_max, outcome.duration_ms)
        self.duration_counts[bisect_left(DURATION_BOUNDS_MS, outcome.duration_ms)] += 1


class Lane:
    """A function's share of the pool."""

    def __init__(self, spec: FunctionSpec) -> None:
        self.spec = spec
        self.workers: set[Worker] = set()
        self.idle: dict[Worker, None] = {}  # ordered: the last one in is the warmest
        self.waiting: deque[Invocation] = deque()
        self.kept = 0  # so many workers do not end for having rested, nor for others
        self.stats = FunctionStats()

    def __repr__(self) -> str:
        return f"<Lane {self.spec.name} workers={len(self.workers)} idle={len(self.idle)} waiting={len(self.waiting)}>"

    @property
    def unserved(self) -> int:
        """How many waiting events have no worker on its way to them."""
        starting = sum(worker.state is WorkerState.STARTING for worker in self.workers)
        return max(0, len(self.waiting) - starting)

    def next_waiting(self) -> Invocation | None:
        """Takes the oldest event whose caller is still there."""
        while self.waiting:
            invocation = self.waiting.popleft()
            if not invocation.future.done():
                return invocation
        return None

    def fits(self, worker: Worker) -> bool:
        """Whether the worker runs this lane's function as it is now, and may take events."""
        return not (worker.condemned or worker.retired) and worker.spec == self.spec

    def snapshot(self) -> FunctionStats:
        """The counters, with the workers as they are."""
        states = [worker.state for worker in self.workers]
        return msgspec.structs.replace(
            self.stats,
            starting=states.count(WorkerState.STARTING),
            idle=states.count(WorkerState.IDLE),
            busy=states.count(WorkerState.BUSY),
            waiting=len(self.waiting),
            dropped_output_bytes=self.stats.dropped_output_bytes + sum(w.dropped_bytes for w in self.workers),
            duration_counts=list(self.stats.duration_counts),
        )


def next_lane(rotation: Iterable[Lane]) -> Lane | None:
    """Whose turn a free place is: the lane with the fewest workers, among equals the one that waited its turn longest.

    `rotation` is in the order of turns taken, the longest ago first.
    """
    return min((lane for lane in rotation if lane.unserved), key=lambda lane: len(lane.workers), default=None)


def should_yield(lane: Lane, rotation: Iterable[Lane], leaving: int) -> bool:
    """Whether a worker that has just finished gives its place away, when the pool is full.

    It does for a function that has none, or fewer by more than one; `leaving` places are already on their way. A
    difference of one stays: moving it back and forth would turn every invoke into a cold start.
    """
    poorer = (one for one in rotation if one is not lane)
    wanted = sum(one.unserved for one in poorer if not one.workers or len(one.workers) + 1 < len(lane.workers))
    return wanted > leaving
