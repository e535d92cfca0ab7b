"""What a workload is: named metrics, and sides that measure them in turn."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.child import LoadError, run_child
from bench.histogram import Histogram
from bench.load import DRAIN_SECONDS, LoadPlan, LoadResult
from bench.servers import PROGRAMS, Program, Server, running

PEERS = ("kinesalite", "redis", "moto")
_SETUP_SECONDS = 60.0


@dataclass(frozen=True)
class Settings:
    """Sizes of a run; `brief()` is for CI, where a workload only has to show that it still works."""

    runs: int = 5
    seconds: float = 5.0
    warmup_seconds: float = 1.0
    overload_seconds: float = 10.0
    settle_seconds: float = 2.0  # from ready to the look at the idle memory
    scan_records: int = 100_000
    large_count: int = 1000  # streams, and shards of one of them
    memory_bytes: int = 3_000_000_000
    cold_starts: int = 50
    object_bytes: int = 64_000_000
    peers: bool = False

    @classmethod
    def brief(cls, peers: bool = False) -> Settings:
        return cls(
            runs=1,
            seconds=0.3,
            warmup_seconds=0.1,
            overload_seconds=1.0,
            settle_seconds=0.1,
            scan_records=2_000,
            large_count=100,
            memory_bytes=2_000_000,
            cold_starts=2,
            object_bytes=1_000_000,
            peers=peers,
        )


@dataclass(frozen=True)
class Metric:
    """One number of a workload. `bar`: the least ratio to the other sides; `target`: the value, within `tolerance`;
    `most`: the largest value that is good enough, `least`: the smallest."""

    name: str
    unit: str
    higher_is_better: bool = True
    bar: float | None = None
    target: float | None = None
    tolerance: float = 0.01
    most: float | None = None
    least: float | None = None


@dataclass(frozen=True)
class Measurement:
    values: Mapping[str, float]  # by metric name
    latency: Histogram | None = None  # nanoseconds; merged over the runs
    notes: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """What a side may use while it measures."""

    settings: Settings
    folder: Path  # on a real disk
    programs: Mapping[str, Program] = field(default_factory=lambda: PROGRAMS)

    @contextmanager
    def fresh_folder(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="run-", dir=self.folder) as folder:
            yield Path(folder)

    @contextmanager
    def server(self, name: str) -> Iterator[Server]:
        """A new server over an empty folder: no run inherits what an earlier one stored."""
        with self.fresh_folder() as folder, running(self.programs[name], folder) as server:
            yield server

    def server_over(self, name: str, folder: Path) -> AbstractContextManager[Server]:
        return running(self.programs[name], folder)

    def load(self, plan: LoadPlan, allow_errors: bool = False) -> LoadResult:
        timeout_seconds = plan.seconds + plan.warmup_seconds + DRAIN_SECONDS + _SETUP_SECONDS
        result = run_child("bench.load", plan, LoadResult, timeout_seconds)
        if not allow_errors and (result.errors or result.refused or result.unanswered):
            raise LoadError(
                f"{result.errors} errors, {result.refused} refused records, {result.unanswered} unanswered requests: "
                f"{result.first_error}"
            )
        return result


@dataclass(frozen=True)
class Side:
    """One contestant. `program` is the server it needs; peers take part only when asked for and installed. `missing`
    names what else the machine lacks for it, if anything: the side is left out then, and that is said."""

    name: str
    program: str
    measure: Callable[[Bench], Measurement]
    missing: Callable[[], str] = str

    @property
    def is_peer(self) -> bool:
        return self.program in PEERS


@dataclass(frozen=True)
class Workload:
    """The first side is ours; the ratios are its values to those of each other side."""

    name: str
    summary: str
    metrics: Sequence[Metric]
    sides: Sequence[Side]
    max_runs: int | None = None  # for those that need no repetition to be steady, or take minutes
