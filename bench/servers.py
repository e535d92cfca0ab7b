"""Starting and stopping the servers under test: each a process with a folder of its own on the real disk."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.wire import HOST

ROOT = Path(__file__).resolve().parents[1]
START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 20.0


class ServerError(Exception):
    """A server under test did not start."""


@dataclass(frozen=True)
class Program:
    """How a server is found, started, and known to be ready."""

    name: str
    find: Callable[[], list[str] | None]  # the command without options, or None when not installed
    options: Callable[[int, Path], list[str]]
    ready: re.Pattern[str]  # a line on stdout
    hint: str  # how to get it


@dataclass(frozen=True)
class Server:
    name: str
    port: int
    pid: int
    ready_ms: float

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def memory_bytes(self) -> dict[str, int]:
        """VmRSS and RssAnon; the difference is mostly the mapped store, which the kernel may take back."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        sizes = re.findall(r"^(VmRSS|RssAnon):\s+(\d+) kB", status, re.MULTILINE)
        return {name: int(kilobytes) * 1024 for name, kilobytes in sizes}


def _find_streamcore() -> list[str] | None:
    if importlib.util.find_spec("streamcore.__main__") is None:
        return None
    return [sys.executable, "-m", "streamcore"]


def _find_kinesalite() -> list[str] | None:
    local = ROOT / "node_modules" / ".bin" / "kinesalite"
    found = os.environ.get("KINESALITE") or (str(local) if local.exists() else shutil.which("kinesalite"))
    return [found] if found and Path(found).exists() else None


def _find_redis() -> list[str] | None:
    found = shutil.which("redis-server")
    return [found] if found else None


def _find_moto() -> list[str] | None:
    found = os.environ.get("MOTO_SERVER") or shutil.which("moto_server")
    # It says on standard error where it listens.
    return ["/bin/sh", "-c", 'exec "$0" "$@" 2>&1', found] if found and Path(found).exists() else None


def _streamcore_options(limits: str) -> Callable[[int, Path], list[str]]:
    return lambda port, folder: ["serve", "--port", str(port), "--data", str(folder / "data"), "--limits", limits]


def _enforce_options(port: int, folder: Path) -> list[str]:
    return [*_streamcore_options("off")(port, folder), "--auth", "enforce"]


def _large_options(port: int, folder: Path) -> list[str]:
    return [*_streamcore_options("off")(port, folder), "--shard-quota", "100000", "--transition-ms", "0"]


def _kinesalite_options(port: int, folder: Path) -> list[str]:
    return ["--port", str(port), "--shardLimit", "1000", "--createStreamMs", "0"]


def _redis_options(port: int, folder: Path) -> list[str]:
    durable = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
    return ["--port", str(port), "--bind", HOST, "--dir", str(folder), *durable]


_URL_LINE = re.compile(r"http://\S+:\d+")
_STREAMCORE_HINT = "this checkout has no `python -m streamcore`"

PROGRAMS: Mapping[str, Program] = {
    program.name: program
    for program in (
        Program("streamcore", _find_streamcore, _streamcore_options("off"), _URL_LINE, _STREAMCORE_HINT),
        Program("streamcore-limits", _find_streamcore, _streamcore_options("enforce"), _URL_LINE, _STREAMCORE_HINT),
        Program("streamcore-enforce", _find_streamcore, _enforce_options, _URL_LINE, _STREAMCORE_HINT),
        Program("streamcore-large", _find_streamcore, _large_options, _URL_LINE, _STREAMCORE_HINT),
        Program(
            "streamcore-function",
            lambda: [sys.executable, "-m", "bench.function_server"] if _find_streamcore() else None,
            lambda port, folder: [
                "--port",
                str(port),
                "--data",
                str(folder / "data"),
                "--entries",
                str(folder / "entries"),
            ],
            _URL_LINE,
            _STREAMCORE_HINT,
        ),
        Program(
            "kinesalite",
            _find_kinesalite,
            _kinesalite_options,
            re.compile("Listening at"),
            "`npm install kinesalite` here, or set KINESALITE to its command",
        ),
        Program(
            "null",
            lambda: [sys.executable, "-m", "bench.null_server"],
            lambda port, folder: ["--port", str(port)],
            _URL_LINE,
            "",
        ),
        Program(
            "moto",
            _find_moto,
            lambda port, folder: ["-H", HOST, "-p", str(port)],
            re.compile("Running on"),
            "`pip install moto[server]` into an environment of its own, and set MOTO_SERVER to its moto_server",
        ),
        Program("redis", _find_redis, _redis_options, re.compile("Ready to accept"), "install redis-server"),
    )
}


@dataclass
class _Output:
    """Drains a server's stdout, so that it never blocks on a full pipe, and tells when the ready line came."""

    process: subprocess.Popen[str]
    pattern: re.Pattern[str]
    ready: threading.Event = field(default_factory=threading.Event)
    is_ready: bool = False

    def drain(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if not self.is_ready and self.pattern.search(line):
                self.is_ready = True
                self.ready.set()
        self.ready.set()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return int(listener.getsockname()[1])


def _await_ready(process: subprocess.Popen[str], program: Program, errors: Path) -> None:
    output = _Output(process, program.ready)
    threading.Thread(target=output.drain, daemon=True).start()
    if not output.ready.wait(START_TIMEOUT_SECONDS) or not output.is_ready:
        tail = errors.read_text(errors="replace")[-2000:]
        raise ServerError(f"{program.name} did not become ready (exit status {process.poll()})\n{tail}")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


@contextmanager
def running(program: Program, folder: Path) -> Iterator[Server]:
    """The server while the block runs. `folder` stays, so that a second server can be started over its data."""
    command: Sequence[str] | None = program.find()
    if command is None:
        raise ServerError(f"{program.name} is not installed: {program.hint}")
    port = free_port()
    errors = folder / f"{program.name}.stderr"
    started_ns = time.monotonic_ns()
    with errors.open("w") as stderr:
        process = subprocess.Popen(
            [*command, *program.options(port, folder)], cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True
        )
    try:
        _await_ready(process, program, errors)
        yield Server(program.name, port, process.pid, (time.monotonic_ns() - started_ns) / 1e6)
    finally:
        _stop(process)
