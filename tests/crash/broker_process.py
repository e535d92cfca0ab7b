"""A broker in a process of its own, to be killed."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import streamcore

ROOT = Path(streamcore.__file__).parent.parent


class BrokerProcess:
    """`python -m streamcore serve` on a folder, or another `command`; `url` once it is ready."""

    def __init__(self, data: Path, command: list[str] | None = None) -> None:
        self._command = command or [
            "-m", "streamcore", "serve", "--port", "0", "--data", str(data), "--limits", "off"
        ]  # fmt: skip
        self.process: asyncio.subprocess.Process
        self.url = ""
        self._stderr: asyncio.Task[bytes]

    @property
    def pid(self) -> int:
        return self.process.pid

    async def start(self, *options: str) -> BrokerProcess:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, *self._command, *options, cwd=ROOT, stdout=PIPE, stderr=PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._stderr = asyncio.create_task(self.process.stderr.read())
        line = (await asyncio.wait_for(self.process.stdout.readline(), 30)).decode()
        found = re.search(r"ready on (http://\S+)", line)
        assert found, f"it said {line!r} and {(await self._stderr).decode()!r}"
        self.url = found[1]
        return self

    async def line(self) -> str:
        """The next line on its standard output."""
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), 60)).decode().rstrip()

    async def stop(self, signal_number: int = signal.SIGTERM) -> tuple[int, str]:
        """Its exit code and what it wrote on standard error."""
        if self.process.returncode is None:
            self.process.send_signal(signal_number)
        code = await asyncio.wait_for(self.process.wait(), 30)
        stderr = (await self._stderr).decode()
        self.process._transport.close()  # type: ignore[attr-defined]  # else its pipes wait for the collector
        return code, stderr

    async def kill(self) -> None:
        await self.stop(signal.SIGKILL)
