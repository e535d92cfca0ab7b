"""The AWS SDK for Go 2, over TLS."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from node_support import CACHE, HERE, served

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]


def test_sdk_for_go(tmp_path: Path) -> None:
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        pytest.skip("Go is not installed")
    CACHE.mkdir(parents=True, exist_ok=True)
    program = CACHE / "sdk-go"
    built = subprocess.run(
        [go, "build", "-o", str(program), "."],
        cwd=HERE / "go", env={**os.environ, "GOFLAGS": "-mod=readonly"},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    if built.returncode and ("dial tcp" in built.stderr or "requires go" in built.stderr):
        pytest.skip("the SDK for Go cannot be had here")
    assert built.returncode == 0, built.stderr
    with served(tmp_path / "data") as endpoints:
        done = subprocess.run(
            [str(program), endpoints.tls, str(endpoints.certificate)],
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stderr
