"""Node as a client: programs of this folder against a served broker; npm's packages in a cache inside the checkout."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CACHE = ROOT / ".cache" / "conformance"


class Endpoints(NamedTuple):
    plain: str
    tls: str
    certificate: Path


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def served(data: Path) -> Iterator[Endpoints]:
    """`streamcore serve` with a certificate of its own."""
    pytest.importorskip("cryptography", reason="cryptography is not installed")
    options = ["--port", "0", "--tls-port", str(free_port()), "--tls", "self-signed", "--data", str(data)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    process = subprocess.Popen(
        [sys.executable, "-m", "streamcore", "serve", *options], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert process.stdout is not None
    try:
        words = process.stdout.readline().split()
        plain, tls = (word for word in words if "://" in word)
        yield Endpoints(plain, tls, data / "tls" / "cert.pem")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        process.stdout.close()


def node(program: str, *arguments: str, certificate: Path) -> str:
    """Runs a program of this folder; what it printed."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed")
    done = subprocess.run(
        [found, "--no-warnings", str(HERE / program), *arguments],
        env={**os.environ, "NODE_EXTRA_CA_CERTS": str(certificate), "CONFORMANCE_MODULES": f"{CACHE}/"},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def npm_package(name: str) -> None:
    """Skips by name when the package is neither in the cache nor to be had."""
    if (CACHE / "node_modules" / name / "package.json").exists():
        return
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    CACHE.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(CACHE), name],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"{name} cannot be had from npm: {done.stderr[-200:]}")
