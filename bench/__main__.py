"""`python -m bench NAME [NAME ...|all]`: runs named workloads; without a name it lists them."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec

from bench.machine import filesystem_of, is_in_memory
from bench.report import conditions, failures, table, to_json, write
from bench.runner import run_workload
from bench.servers import PROGRAMS, ROOT
from bench.workload import Bench, Settings, Workload
from bench.workloads import WORKLOADS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Runs named workloads; lists them without a name."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a workload, the first word of several, or all")
    parser.add_argument("--runs", type=int, help="interleaved runs of each side (default 5)")
    parser.add_argument("--seconds", type=float, help="measured seconds of a run (default 5)")
    parser.add_argument("--gigabytes", type=float, help="what goes in during `memory` (default 3)")
    parser.add_argument("--peers", action="store_true", help="measure kinesalite and redis too, where installed")
    parser.add_argument("--only", metavar="SIDE", help="just this side, e.g. kinesalite")
    parser.add_argument(
        "--brief", action="store_true", help="tiny sizes: shows that the workloads work, measures nothing"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything measured to FILE")
    return parser


def settings_of(options: argparse.Namespace) -> Settings:
    settings = Settings.brief(options.peers) if options.brief else Settings(peers=options.peers)
    given = {"runs": options.runs, "seconds": options.seconds}
    if options.gigabytes is not None:
        given["memory_bytes"] = round(options.gigabytes * 1e9)
    return replace(settings, **{name: value for name, value in given.items() if value is not None})


def chosen(names: Sequence[str], workloads: Mapping[str, Workload]) -> list[Workload]:
    """By name, by first word (`limits`), or all; each once, in the order of the table. Raises KeyError."""
    wanted: set[str] = set()
    for name in names:
        matching = {known for known in workloads if name in ("all", known) or known.startswith(f"{name}-")}
        if not matching:
            raise KeyError(name)
        wanted |= {name} if name in workloads else matching
    return [workload for name, workload in workloads.items() if name in wanted]


def listing(workloads: Mapping[str, Workload]) -> str:
    return "\n".join(f"  {workload.name:<18} {workload.summary}" for workload in workloads.values())


@contextmanager
def _work_folder() -> Iterator[Path]:
    """Beside the results, because /tmp is memory on many machines, where a sync costs nothing."""
    results = ROOT / "bench" / "results"
    results.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="work-", dir=results))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _run(workloads: Sequence[Workload], options: argparse.Namespace) -> int:
    with _work_folder() as folder:
        if is_in_memory(kind := filesystem_of(folder)):
            print(f"warning: {folder} is on {kind}: synced numbers mean nothing here", file=sys.stderr)
        bench = Bench(settings_of(options), folder, PROGRAMS)
        outcomes = [run_workload(workload, bench, _say, options.only) for workload in workloads]
        if options.json:
            write(options.json, msgspec.json.format(msgspec.json.encode(to_json(outcomes, bench)), indent=1))
        if options.brief:
            print("brief: this shows that the workloads work; the numbers and verdicts mean nothing")
        print(conditions(bench), table(outcomes), *failures(outcomes), sep="\n")
    return 1 if failures(outcomes) else 0


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    if not options.names:
        print(listing(WORKLOADS))
        return 0
    try:
        workloads = chosen(options.names, WORKLOADS)
    except KeyError as unknown:
        print(f"no workload {unknown}; there are:\n{listing(WORKLOADS)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers are stopped then too
    return _run(workloads, options)


if __name__ == "__main__":
    sys.exit(main())
