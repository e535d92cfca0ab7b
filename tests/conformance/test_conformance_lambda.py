"""Functions with the AWS CLI, with boto3 in the handler, and with aws-lambda-powertools unmodified."""

from __future__ import annotations

import base64
import datetime
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from node_support import HERE, Endpoints, served
from python_support import environment_with
from test_conformance_python import run

from runtime import templates
from runtime.api.cloudwatch import CLOUDWATCH
from runtime.api.lambda_ import LAMBDA
from runtime.api.logs import LOGS

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]

HANDLER = """
import os, lib
def handler(event, context):
    if event.get("fail"):
        raise ValueError("no")
    if "n" in event:
        return {**event, "greeting": os.environ["GREETING"], "lib": lib.X, "version": context.function_version}
    return {"greeting": os.environ["GREETING"]}
"""
ROLE = "arn:aws:iam::000000000000:role/r"
#: What the AWS CLI has no command for that ends by itself; boto3 and the SDKs are in other tests.
NO_COMMAND = {"StartLiveTail", "InvokeWithResponseStream"}


def archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in files.items():
            opened.writestr(name, data)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    with served(tmp_path_factory.mktemp("data")) as endpoints:
        yield endpoints


def test_the_aws_cli_over_every_action(endpoints: Endpoints, tmp_path: Path) -> None:
    programs = environment_with("awscli")
    (tmp_path / "function.zip").write_bytes(archive({"app.py": HANDLER.encode()}))
    (tmp_path / "layer.zip").write_bytes(archive({"python/lib.py": b"X = 1\n"}))
    script = str(HERE / "aws_cli_lambda.sh")
    assert run(programs, ["sh", "-x", script], tmp_path, ENDPOINT=endpoints.plain).endswith("ok\n")


@pytest.mark.parametrize("service", [LAMBDA, LOGS, CLOUDWATCH], ids=["lambda", "logs", "cloudwatch"])
def test_no_action_is_left_out(service: Any) -> None:
    script = (HERE / "aws_cli_lambda.sh").read_text()
    commands = {name: re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower() for name in service.actions}
    missing = {name for name, command in commands.items() if not re.search(rf"(?m)\b{command}\b", script)}
    assert missing - NO_COMMAND == set()


# ------------------------------------------------------------ Powertools


class Functions:
    """Handlers of powertools_handlers.py at the endpoint, with the packages in a layer."""

    def __init__(self, url: str, site_packages: Path) -> None:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        self.url = url
        self.client = boto3.client("lambda", endpoint_url=url, **keys)
        self.kinesis = boto3.client("kinesis", endpoint_url=url, **keys)
        self.cloudwatch = boto3.client("cloudwatch", endpoint_url=url, **keys)
        files = (path for path in site_packages.rglob("*") if path.is_file() and path.suffix != ".pyc")
        names = {path: path.relative_to(site_packages) for path in files}
        chosen = {f"python/{name}": path.read_bytes() for path, name in names.items() if _is_wanted(name)}
        layer = self.client.publish_layer_version(LayerName="powertools", Content={"ZipFile": archive(chosen)})
        self._layer = layer["LayerVersionArn"]
        self._code = archive({"app.py": (HERE / "powertools_handlers.py").read_bytes()})

    def run(self, handler: str, event: object) -> tuple[Any, str]:
        """The result and the log of an invocation; a failure of the function fails the test."""
        self.client.create_function(
            FunctionName=handler,
            Runtime="python3.12",
            Role=ROLE,
            Handler=f"app.{handler}",
            Code={"ZipFile": self._code},
            Layers=[self._layer],
            Timeout=60,
            MemorySize=512,
            Environment={"Variables": {"POWERTOOLS_SERVICE_NAME": "orders", "POWERTOOLS_TRACE_DISABLED": "true"}},
        )
        self.client.get_waiter("function_active_v2").wait(FunctionName=handler, WaiterConfig={"Delay": 1})
        done = self.client.invoke(FunctionName=handler, Payload=json.dumps(event).encode(), LogType="Tail")
        result = json.loads(done["Payload"].read())
        assert "FunctionError" not in done, result
        return result, base64.b64decode(done["LogResult"]).decode()


def _is_wanted(name: Path) -> bool:
    """What Powertools needs, of what an environment has."""
    wanted = ("aws_lambda_powertools", "aws_xray_sdk", "jmespath", "wrapt", "typing_extensions.py")
    return name.parts[0] in wanted


@pytest.fixture(scope="module")
def functions(endpoints: Endpoints) -> Functions:
    programs = environment_with("aws-lambda-powertools[tracer]")
    return Functions(endpoints.plain, next(programs.parent.glob("lib/python3.*/site-packages")))


def _kinesis_event(*items: str) -> dict[str, Any]:
    event = templates.template("kinesis")
    [record] = event["Records"]
    records = []
    for number, item in enumerate(items):
        data = base64.b64encode(json.dumps({"item": item}).encode()).decode()
        records.append({**record, "kinesis": {**record["kinesis"], "data": data, "sequenceNumber": str(number)}})
    return {"Records": records}


def test_a_batch_with_partial_failures_and_the_logger(functions: Functions) -> None:
    result, log = functions.run("batch", _kinesis_event("one", "bad", "three"))
    assert result == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert [line["item"] for line in lines if line["message"] == "record"] == ["one", "bad", "three"]
    assert {(line["service"], line["function_name"]) for line in lines if "function_name" in line} == {
        ("orders", "batch")
    }


@pytest.mark.parametrize(
    ("handler", "template", "expected"),
    [
        ("kinesis", "kinesis", [["aws:kinesis", "Hello, this is a test 123.", "partitionKey-03"]]),
        ("s3", "s3-put", ["example-bucket", "test/key", "ObjectCreated:Put"]),
        ("sqs", "sqs", ["Hello from SQS!"]),
        ("proxy", "apigateway-aws-proxy", {"statusCode": 200, "body": "POST /path/to/resource prod"}),
    ],
)
def test_event_source_data_classes(functions: Functions, handler: str, template: str, expected: object) -> None:
    assert functions.run(handler, templates.template(template))[0] == expected


def test_metrics_in_what_is_printed(functions: Functions) -> None:
    assert functions.run("measured", {"orders": 3})[0] == "orders"
    now = datetime.datetime.now(datetime.UTC)
    found = functions.cloudwatch.get_metric_statistics(
        Namespace="Shop",
        MetricName="Orders",
        Dimensions=[{"Name": "service", "Value": "orders"}],
        StartTime=now - datetime.timedelta(hours=1),
        EndTime=now + datetime.timedelta(minutes=2),
        Period=7200,
        Statistics=["Sum"],
    )
    assert [point["Sum"] for point in found["Datapoints"]] == [3.0]
    names = {each["MetricName"] for each in functions.cloudwatch.list_metrics(Namespace="Shop")["Metrics"]}
    assert names == {"Orders", "ColdStart"}


def test_boto3_in_a_handler_reaches_the_endpoint(functions: Functions) -> None:
    functions.kinesis.create_stream(StreamName="s", ShardCount=1)
    functions.kinesis.get_waiter("stream_exists").wait(StreamName="s", WaiterConfig={"Delay": 1})
    shard, url = functions.run("put", {"stream": "s"})[0]
    assert url == functions.url
    iterator = functions.kinesis.get_shard_iterator(StreamName="s", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = functions.kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    assert [record["Data"] for record in records] == [b"from a handler"]
