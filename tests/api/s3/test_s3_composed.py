"""S3 in the whole process: beside the other doors, as the source of functions' code, with functions as targets."""

from __future__ import annotations

import asyncio
import io
import urllib.request
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from s3_harness import fails

from streamcore.composition import Composition
from streamcore.config import settings

ACCOUNT = "000000000000"


@pytest.fixture
async def composition(tmp_path: Path) -> AsyncIterator[Composition]:
    composition = await Composition.start(settings(port=0, data=str(tmp_path), workers=1))
    yield composition
    await composition.stop()


def client(composition: Composition, service: str) -> Any:
    keys = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "x", "region_name": "us-east-1"}
    return boto3.client(service, endpoint_url=composition.url, config=Config(retries={"max_attempts": 0}), **keys)


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("app.py", "def handler(event, context):\n    return 'from a bucket'\n")
    return out.getvalue()


async def test_code_comes_from_a_bucket(composition: Composition) -> None:
    def work() -> bytes:
        s3, functions = client(composition, "s3"), client(composition, "lambda")
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="a b.zip", Body=archive())
        made = {"FunctionName": "f", "Role": f"arn:aws:iam::{ACCOUNT}:role/r", "Handler": "app.handler"}
        made["Runtime"] = "python3.11"
        missing = fails(functions.create_function, **made, Code={"S3Bucket": "code", "S3Key": "none"})
        assert missing == ("InvalidParameterValueException", 400)
        functions.create_function(**made, Code={"S3Bucket": "code", "S3Key": "a b.zip"})
        functions.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0.05})
        answer: bytes = functions.invoke(FunctionName="f")["Payload"].read()
        s3.close()
        functions.close()
        return answer

    assert await asyncio.to_thread(work) == b'"from a bucket"'


async def test_targets_have_to_be_there(composition: Composition) -> None:
    def work() -> None:
        s3 = client(composition, "s3")
        s3.create_bucket(Bucket="pics")
        for arn in (
            f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none",
            f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/none",
            "arn:aws:s3:::none",
            "nonsense",
        ):
            rule = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
            call = s3.put_bucket_notification_configuration
            assert fails(call, Bucket="pics", NotificationConfiguration=rule) == ("InvalidArgument", 400)
        s3.close()

    await asyncio.to_thread(work)


async def test_names_of_other_doors_are_names_of_buckets(composition: Composition) -> None:
    def work() -> None:
        s3 = client(composition, "s3")
        for name in ("metrics", "healthz", "metrics-2024", "2015-03-31"):
            s3.create_bucket(Bucket=name)
            s3.put_object(Bucket=name, Key="functions", Body=b"x")
            assert [entry["Key"] for entry in s3.list_objects_v2(Bucket=name)["Contents"]] == ["functions"]
        s3.close()
        with urllib.request.urlopen(f"{composition.url}/metrics") as answer:
            assert b"# HELP" in answer.read()
        with urllib.request.urlopen(f"{composition.url}/metrics-2024/functions") as answer:
            assert answer.read() == b"x"

    await asyncio.to_thread(work)
