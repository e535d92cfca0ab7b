"""The AWS SDK for Java 2: CBOR by default, and SubscribeToShard over HTTP/2."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from node_support import CACHE, HERE, served

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(1200)]


def test_sdk_for_java(tmp_path: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None or shutil.which("java") is None:
        pytest.skip("Maven or Java is not installed")
    target = CACHE / "java"
    shutil.copytree(HERE / "java", target, dirs_exist_ok=True)
    build = [maven, "-q", "-B", "compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath.txt"]
    built = subprocess.run(build, cwd=target, capture_output=True, text=True, timeout=900, check=False)
    if built.returncode and "Could not resolve" in built.stdout:
        pytest.skip("the SDK for Java cannot be installed here")
    assert built.returncode == 0, built.stdout + built.stderr
    classpath = f"{target / 'target' / 'classes'}{os.pathsep}{(target / 'classpath.txt').read_text().strip()}"
    with served(tmp_path / "data") as endpoints:
        done = subprocess.run(
            ["java", "-cp", classpath, "Conformance", endpoints.plain],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "ok\n"), done.stdout + done.stderr
