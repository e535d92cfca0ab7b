"""The AWS CLI against a broker that enforces."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from node_support import HERE
from python_support import environment_with
from test_conformance_python import run

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]


def test_the_aws_cli(tmp_path: Path) -> None:
    data = tmp_path / "data"
    serve = [sys.executable, "-m", "streamcore", "serve", "--port", "0", "--auth", "enforce", "--data", str(data)]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as broker:
        try:
            assert broker.stdout is not None
            ready = re.search(r"http://\S+", broker.stdout.readline())
            assert ready is not None
            command = [sys.executable, "-m", "streamcore", "identity", "root", "--data", str(data), "--format", "json"]
            told = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
            root = json.loads(told)
            keys = {
                "AWS_ACCESS_KEY_ID": root["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": root["SecretAccessKey"],
                "AWS_DEFAULT_REGION": "us-east-1",
            }
            script = str(HERE / "aws_cli_identity.sh")
            told = run(environment_with("awscli"), ["sh", "-x", script], tmp_path, ENDPOINT=ready[0], **keys)
            assert told.endswith("ok\n")
        finally:
            broker.terminate()
            broker.wait(20)
