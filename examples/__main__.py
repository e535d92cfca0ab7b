"""The tour that `make demo` takes: the flights through a stream, then the labs of AWS's tutorials, unmodified.

python -m examples                  everything
python -m examples thumbnails faq   these labs alone
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Final

from examples.flights.__main__ import main as flights
from examples.world import LabFailed, World

#: A lab's module and what it shows.
LABS: Final = {
    "thumbnails": "an image uploaded to a bucket becomes a thumbnail in the -resized bucket",
    "process_records": "a stream feeds the kinesis-process-record blueprint",
    "faq": "a REST endpoint answers with a random FAQ entry from a function",
    "snapshots": "a schedule takes snapshots of the broker's volume",
}


@contextmanager
def serving() -> Iterator[World]:
    """`streamcore serve` in a process of its own, on a free port and an empty folder."""
    with tempfile.TemporaryDirectory(prefix="streamcore-labs-") as data:
        command = [sys.executable, "-m", "streamcore", "serve", "--port", "0", "--data", data, "--log-level", "WARNING"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            try:
                ready = process.stdout.readline().split()
                yield World(next(word for word in ready if "://" in word))
            finally:
                process.terminate()


def take(names: list[str]) -> int:
    """Runs labs one after the other; how many failed."""
    failed = 0
    with serving() as world:
        print(f"\nlabs on {world.endpoint}, a broker that knows nothing of them, by boto3:")
        for name in names:
            began = time.monotonic()
            run: Callable[[World], list[str]] = import_module(f"examples.{name}.lab").run
            print(f"\n{name}: {LABS[name]}")
            try:
                shown = run(world)
            except LabFailed as error:
                failed += 1
                shown = [f"FAILED: {error}"]
            print(*(f"  {line}" for line in shown), f"  ({time.monotonic() - began:.1f} s)", sep="\n")
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m examples", description=__doc__.splitlines()[0])
    parser.add_argument("labs", nargs="*", choices=[*LABS, []], metavar="LAB", help=", ".join(LABS))
    chosen = parser.parse_args().labs
    if chosen:
        return take(chosen)
    sys.argv[1:] = []
    return flights() or take(list(LABS))


if __name__ == "__main__":
    sys.exit(main())
