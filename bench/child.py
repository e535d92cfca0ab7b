"""Running a load in a process of its own: the plan goes in on stdin, the result comes back on stdout, both JSON."""

from __future__ import annotations

import subprocess
import sys
from typing import TypeVar

import msgspec

from bench.servers import ROOT

Result = TypeVar("Result", bound=msgspec.Struct)


class LoadError(Exception):
    """A load did not run to its end, or its answers show that it did not measure what it was meant to."""


def run_child(module: str, plan: msgspec.Struct, result: type[Result], timeout_seconds: float) -> Result:
    command = [sys.executable, "-m", module]
    try:
        done = subprocess.run(
            command,
            input=msgspec.json.encode(plan),
            capture_output=True,
            timeout=timeout_seconds,
            cwd=ROOT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LoadError(f"{module} did not end within {timeout_seconds:.0f} s") from None
    if done.returncode != 0:
        raise LoadError(f"{module} failed:\n{done.stderr.decode(errors='replace')[-3000:]}")
    return msgspec.json.decode(done.stdout, type=result)
