from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.config import Config

ROLE = "arn:aws:iam::000000000000:role/r"


class Endpoint:
    """A whole server of its own, reached by real clients."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._clients: list[Any] = []
        self.functions = self.client("lambda")

    def client(self, service: str, **config: Any) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        options = Config(retries={"max_attempts": 0}, **config)
        made = boto3.client(service, endpoint_url=self.url, region_name="us-east-1", config=options, **keys)
        self._clients.append(made)
        return made

    def create(self, name: str, files: Mapping[str, str], handler: str = "app.handler", **given: Any) -> str:
        """A function that is Active; its ARN."""
        runtime = given.pop("Runtime", "python3.12")
        if runtime.startswith("nodejs") and shutil.which("node") is None:
            pytest.skip("node is not installed")
        told = self.functions.create_function(
            FunctionName=name, Runtime=runtime, Role=ROLE, Handler=handler, Code={"ZipFile": archive(files)}, **given
        )
        self.functions.get_waiter("function_active_v2").wait(
            FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 500}
        )
        return str(told["FunctionArn"])

    def invoke(self, name: str, event: Any = None, **given: Any) -> Any:
        """The result, from JSON."""
        answer = self.functions.invoke(FunctionName=name, Payload=json.dumps(event), **given)
        return json.loads(answer["Payload"].read())

    def close(self) -> None:
        for client in self._clients:
            client.close()


def archive(files: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for name, text in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o755 << 16
            opened.writestr(info, text)
    return buffer.getvalue()


@pytest.fixture
def endpoint(streamcore_url: str) -> Iterator[Endpoint]:
    made = Endpoint(streamcore_url)
    yield made
    made.close()
