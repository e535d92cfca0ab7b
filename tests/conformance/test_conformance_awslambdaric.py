"""AWS's own Python client of the Runtime API, unmodified, and ours on the same handlers: equal byte by byte."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from python_support import environment_with

from runtime.model.function import FunctionSpec
from runtime.model.sandbox import SandboxSettings, Switch
from runtime.workers.pool import WorkerPool

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]

HANDLERS = """
import decimal, datetime, os, sys

def echo(event, context): return event
def nothing(event, context): return None
def text(event, context): return "ä \\u2028 \\ud83d\\ude00"
def numbers(event, context): return [1, 1.5, decimal.Decimal("1.10"), decimal.Decimal("3"), float("inf"), True]
def raw(event, context): return b'{"raw":1}'
def tuple_and_keys(event, context): return {1: (1, 2), None: "x"}
def facts(event, context):
    return [context.aws_request_id, context.function_name, context.function_version, context.invoked_function_arn,
            context.memory_limit_in_mb, context.log_group_name, context.client_context.custom]
def fails(event, context): raise ValueError("no")
def fails_deeply(event, context):
    def deeper(): return {}["missing"]
    deeper()
def no_text(event, context): raise RuntimeError
def unserialisable(event, context): return object()
def a_set(event, context): return {1}
def a_date(event, context): return datetime.datetime(2020, 1, 1)
def exits(event, context): sys.exit(3)
def dies(event, context): os._exit(5)
"""
CASES = [line.split()[1].partition("(")[0] for line in HANDLERS.splitlines() if line.startswith("def ")]
UNLOADABLE = {
    "missing": ("m.nowhere", "x = 1"),
    "no module": ("nowhere.h", ""),
    "import error": ("m.h", "import nowhere"),
    "syntax": ("m.h", "def h(:"),
    "raises": ("m.h", "1 / 0"),
}


@pytest.fixture(scope="module")
def client() -> Path:
    """The folder where awslambdaric is installed, for an interpreter of this release."""
    programs = environment_with("awslambdaric")
    return next(programs.parent.glob("lib/python3.*/site-packages"))


def specs(folder: Path, client: Path, handler: str, source: str) -> tuple[FunctionSpec, FunctionSpec]:
    """The same code for our client, and with AWS's as a program of its own."""
    folder.mkdir()
    (folder / "m.py").write_text(source)
    script = folder / "bootstrap"
    script.write_text(f'#!/bin/sh\nexec {Path(sys.executable).resolve()} -m awslambdaric "$_HANDLER"\n')
    script.chmod(0o755)
    release = f"python{sys.version_info.major}.{sys.version_info.minor}"
    common = {"name": "f", "handler": handler, "paths": (str(folder),), "timeout_ms": 30_000}
    ours = FunctionSpec(**common, runtime=release)
    return ours, FunctionSpec(**common, runtime="provided.al2023", environment={"PYTHONPATH": str(client)})


async def both(folder: Path, client: Path, handler: str, source: str, event: bytes) -> list[tuple[str, bytes]]:
    # AWS's client is in a cache outside of the function's code, which a sandbox would rightly hide.
    open_house = SandboxSettings(landlock=Switch.OFF, namespaces=Switch.OFF)
    found = []
    for spec in specs(folder, client, handler, source):
        async with WorkerPool(1, sandbox=open_house) as pool:
            outcome = await pool.invoke(
                spec, event, request_id="11111111-2222-3333-4444-555555555555", client_context='{"custom":{"a":1}}'
            )
            found.append((outcome.status.value, outcome.payload))
    return found


@pytest.mark.parametrize("name", CASES)
async def test_handlers(tmp_path: Path, client: Path, name: str) -> None:
    event = json.dumps({"a": [1, "ä", None], "b": 1.0}).encode()
    ours, theirs = await both(tmp_path / "code", client, f"m.{name}", HANDLERS, event)
    assert ours == theirs


@pytest.mark.parametrize("name", UNLOADABLE)
async def test_what_cannot_be_loaded(tmp_path: Path, client: Path, name: str) -> None:
    ours, theirs = await both(tmp_path / "code", client, *UNLOADABLE[name], b"null")
    assert ours == theirs
