"""The AWS CLI through the steps of AWS's tutorial, the record aggregation format, and async-kinesis."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from node_support import HERE, Endpoints, served
from python_support import environment_with

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    with served(tmp_path_factory.mktemp("data")) as endpoints:
        yield endpoints


def run(programs: Path, command: list[str], folder: Path, **variables: str) -> str:
    environment = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        **variables,
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_aws_cli_through_its_tutorial(endpoints: Endpoints, tmp_path: Path) -> None:
    programs = environment_with("awscli")
    script = str(HERE / "aws_cli_tutorial.sh")
    assert run(programs, ["sh", "-x", script], tmp_path, ENDPOINT=endpoints.plain).endswith("ok\n")


def test_aws_cli_with_logs_and_metrics(endpoints: Endpoints, tmp_path: Path) -> None:
    programs = environment_with("awscli")
    script = str(HERE / "aws_cli_logs.sh")
    assert run(programs, ["sh", "-x", script], tmp_path, ENDPOINT=endpoints.plain).endswith("ok\n")


def test_aws_cli_with_objects(endpoints: Endpoints, tmp_path: Path) -> None:
    programs = environment_with("awscli")
    script = str(HERE / "aws_cli_s3.sh")
    assert run(programs, ["sh", "-x", script], tmp_path, ENDPOINT=endpoints.plain).endswith("ok\n")


def test_aws_cli_with_a_rest_api(endpoints: Endpoints, tmp_path: Path) -> None:
    programs = environment_with("awscli")
    script = str(HERE / "aws_cli_apigateway.sh")
    assert run(programs, ["sh", "-x", script], tmp_path, ENDPOINT=endpoints.plain).endswith("ok\n")


def test_aws_cli_with_an_http_api(endpoints: Endpoints, tmp_path: Path) -> None:
    programs = environment_with("awscli")
    script = str(HERE / "aws_cli_apigatewayv2.sh")
    assert run(programs, ["sh", "-x", script], tmp_path, ENDPOINT=endpoints.plain).endswith("ok\n")


def test_aws_cli_with_queues_and_topics(endpoints: Endpoints, tmp_path: Path) -> None:
    programs = environment_with("awscli")
    script = str(HERE / "aws_cli_queues.sh")
    assert run(programs, ["sh", "-x", script], tmp_path, ENDPOINT=endpoints.plain).endswith("ok\n")


def test_s3fs(endpoints: Endpoints, tmp_path: Path) -> None:
    programs = environment_with("s3fs")
    script = str(HERE / "s3fs_client.py")
    assert run(programs, ["python", script, endpoints.plain], tmp_path) == "ok\n"


def test_aggregated_records(endpoints: Endpoints, tmp_path: Path) -> None:
    programs = environment_with("aws-kinesis-agg", "boto3")
    script = str(HERE / "aggregation.py")
    variables = {"PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION": "python", "PYTHONPATH": str(HERE.parents[1])}
    assert run(programs, ["python", script, endpoints.plain], tmp_path, **variables) == "ok\n"


def test_async_kinesis(endpoints: Endpoints, tmp_path: Path) -> None:
    programs = environment_with("async-kinesis")
    script = str(HERE / "async_kinesis_client.py")
    assert run(programs, ["python", script, endpoints.plain], tmp_path).endswith("ok\n")
