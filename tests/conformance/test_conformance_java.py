"""The AWS SDK for Java 2 (CBOR by default, SubscribeToShard over HTTP/2), and the Kinesis Client Library 3."""

from __future__ import annotations

from pathlib import Path

import pytest
from java_support import JavaProgram
from node_support import served

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(1200)]


def test_sdk_for_java(tmp_path: Path) -> None:
    program = JavaProgram("java")
    with served(tmp_path / "data") as endpoints:
        program.run("Conformance", endpoints.plain)


@pytest.mark.parametrize("retrieval", ["polling", "fanout"])
def test_kinesis_client_library(tmp_path: Path, retrieval: str) -> None:
    """It reads a stream while that is split and merged."""
    program = JavaProgram("kcl")
    natives = f"-Dsqlite4java.library.path={program.native('libsqlite4java-linux-amd64')}"
    with served(tmp_path / "data") as endpoints:
        program.run("Kcl", endpoints.plain, retrieval, options=(natives,), timeout_s=600)
