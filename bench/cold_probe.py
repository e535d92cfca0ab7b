"""Cold starts (`python -m bench.cold_probe`, a `ColdPlan` on stdin, a `ColdResult` on stdout): from the call to the
answer of a function that does nothing, in a worker of its own each time."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import uvloop

from bench.histogram import Histogram
from runtime.model.function import FunctionSpec
from runtime.workers.pool import WorkerPool

_PYTHON = "import boto3\ndef handler(event, context): return event\n"
_NODE = "export const handler = async (event) => event;\n"
_JAVA = "package app; public class H { public Object run(Object event) { return event; } }\n"
_CSHARP = "namespace App { public class H { public string Run(string s) { return s; } } }\n"
EVENT = b'"x"'


class ColdPlan(msgspec.Struct, kw_only=True, frozen=True):
    kind: str  # a name in KINDS
    rounds: int


class ColdResult(msgspec.Struct, kw_only=True):
    preloaded: list[str]
    sandbox: str
    latency_ns: dict[str, list[list[int]]]  # bench.histogram


class Kind(msgspec.Struct, frozen=True):
    """How a function of one kind is written: into a folder, giving its spec. `needs` are programs; the first one that
    is missing is told."""

    write: Callable[[Path], FunctionSpec]
    needs: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()

    def missing(self) -> str:
        return next((name for name in self.needs if shutil.which(name) is None), "")


def _spec(folder: Path, handler: str, runtime: str = "") -> FunctionSpec:
    return FunctionSpec(
        name="cold", handler=handler, runtime=runtime, paths=(str(folder),), timeout_ms=60_000, memory_mb=512
    )


def _python(folder: Path, runtime: str, handler: str) -> FunctionSpec:
    (folder / "app.py").write_text(_PYTHON)
    return _spec(folder, handler, runtime)


def _node(folder: Path) -> FunctionSpec:
    (folder / "index.mjs").write_text(_NODE)
    return _spec(folder, "index.handler", "nodejs22.x")


def _java(folder: Path) -> FunctionSpec:
    with tempfile.TemporaryDirectory() as source:
        file = Path(source) / "H.java"
        file.write_text(_JAVA)
        subprocess.run(["javac", "-d", str(folder), str(file)], check=True, capture_output=True)
    return _spec(folder, "app.H::run", "java21")


def _csharp(folder: Path) -> FunctionSpec:
    with tempfile.TemporaryDirectory() as source:
        file = Path(source) / "H.cs"
        file.write_text(_CSHARP)
        out = f"-out:{folder / 'App.dll'}"
        subprocess.run(["mcs", "-nologo", "-target:library", out, str(file)], check=True, capture_output=True)
    return _spec(folder, "App::App.H::Run", "dotnet8")


def _release() -> str:
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


KINDS: Mapping[str, Kind] = {
    "python": Kind(lambda folder: _python(folder, _release(), "app.handler"), preload=("boto3",)),
    "function": Kind(lambda folder: _python(folder, "", "app:handler"), preload=("boto3",)),
    "node": Kind(_node, ("node",)),
    "java": Kind(_java, ("java", "javac")),
    "csharp": Kind(_csharp, ("mono", "mcs")),
}


async def run(plan: ColdPlan) -> ColdResult:
    kind, histogram = KINDS[plan.kind], Histogram()
    with tempfile.TemporaryDirectory(prefix="bench-cold-") as folder:
        spec = kind.write(Path(folder))
        async with WorkerPool(2, preload=kind.preload) as pool:
            for round_ in range(plan.rounds + 1):  # the first one also starts the zygote
                sent_ns = time.monotonic_ns()
                outcome = await pool.invoke(spec, EVENT)
                if round_:
                    histogram.record(time.monotonic_ns() - sent_ns)
                if outcome.payload != EVENT:
                    raise RuntimeError(f"the function did not answer with its event: {outcome!r:.500}")
                pool.retire(spec.qualified_arn)
            sandbox = str(pool.sandbox_report)
    return ColdResult(preloaded=list(kind.preload), sandbox=sandbox, latency_ns=histogram.to_json())


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=ColdPlan)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(run(plan))))


if __name__ == "__main__":
    main()
