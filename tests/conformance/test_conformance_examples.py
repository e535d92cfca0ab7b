"""The READMEs of the examples, as somebody would follow them: their sh blocks as they stand, with the AWS CLI, against
`streamcore serve`. Only the endpoint's port is another."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from node_support import ROOT
from python_support import environment_with

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]

EXAMPLES = ROOT / "examples"
DEFAULT_ENDPOINT = "http://127.0.0.1:4566"


class Broker(NamedTuple):
    url: str
    folder: Path


def blocks(readme: Path) -> list[str]:
    """What is in ```sh fences."""
    return re.findall(r"(?ms)^```sh\n(.*?)^```$", readme.read_text())


def exports() -> dict[str, str]:
    """The variables that examples/README.md says to set."""
    [block] = blocks(EXAMPLES / "README.md")
    serve, export = block.splitlines()
    assert serve == "streamcore serve &"
    variables = dict(pair.split("=", 1) for pair in export.removeprefix("export ").split())
    assert variables["AWS_ENDPOINT_URL"] == DEFAULT_ENDPOINT
    return variables


def needs(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """`streamcore serve` in the folder of the checkout's copy, as the README has it."""
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "streamcore", "serve", "--port", "0"]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}
    )
    assert process.stdout is not None
    try:
        url = next(word for word in process.stdout.readline().split() if "://" in word)
        yield Broker(url, tmp_path)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        process.stdout.close()


def follow(broker: Broker, example: str) -> str:
    """Runs the block of an example's README where the README is; what it printed."""
    [block] = blocks(EXAMPLES / example / "README.md")
    programs = environment_with("awscli")
    places = [str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {
        **exports(),
        "AWS_ENDPOINT_URL": broker.url,
        "STREAMCORE_ENDPOINT": broker.url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "HOME": str(broker.folder),
        "PATH": os.pathsep.join(places),
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        ["sh", "-eux", "-c", block],
        cwd=broker.folder / "examples" / example,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)
    return done.stdout


def test_thumbnails(broker: Broker) -> None:
    needs("zip")
    printed = follow(broker, "thumbnails")
    assert re.search(r"(?m) resized-hubble\.jpg$", printed)
    assert "REPORT RequestId" in printed


def test_process_records(broker: Broker) -> None:
    needs("zip")
    printed = follow(broker, "process_records")
    assert "Decoded payload: Hello, this is a test." in printed
    assert '"Sum": 1.0' in printed


def test_faq(broker: Broker) -> None:
    needs("zip", "curl", "node")
    answer = json.loads(follow(broker, "faq").splitlines()[-1])
    assert set(answer) == {"q", "a"}


def test_snapshots(broker: Broker) -> None:
    needs("zip")
    printed = follow(broker, "snapshots")
    assert "Created by Lambda backup function" in printed
    assert re.search(r"(?m)^\S*restored is as it was at ", printed)
    assert (broker.folder / "restored").is_dir()


def test_every_example_with_commands_is_followed() -> None:
    found = {readme.parent.name for readme in EXAMPLES.glob("*/README.md") if blocks(readme)}
    assert found == {name.removeprefix("test_") for name in globals() if name.startswith("test_")} & {
        path.name for path in EXAMPLES.iterdir()
    }
