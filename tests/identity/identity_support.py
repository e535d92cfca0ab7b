"""Everything that `streamcore serve` is, in a thread of its own, with boto3 in front of it."""

from __future__ import annotations

import asyncio
import io
import json
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
import uvloop
from botocore.config import Config
from botocore.exceptions import ClientError

from streamcore.composition import Composition
from streamcore.config import Settings
from streamcore.identity.roots import Roots
from streamcore.identity.secrets import open_vault

ACCOUNT = "123456789012"
REGION = "eu-west-1"
FAKE = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "x" * 40}


class House:
    """A running broker. `root` are root's keys, `client` makes clients."""

    def __init__(self, data: Path, **settings: Any) -> None:
        self.data = data
        given = {"auth": "enforce", "port": 0, "account": ACCOUNT, "region": REGION, "preload": (), "workers": 2}
        self.settings = msgspec.convert({**given, "data": str(data), **settings}, Settings)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()))

    def __enter__(self) -> House:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive()

    async def _run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self.composition = await Composition.start(self.settings)
        self.url = self.composition.url
        self._ready.set()
        await self._stop.wait()
        await self.composition.stop()

    def call(self, work: Callable[[], Any]) -> Any:
        """On the broker's loop."""

        async def run() -> Any:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result(30)

    @property
    def root(self) -> dict[str, str]:
        folder = self.data / "identity"
        key = Roots(folder, open_vault(folder), lambda: None).of(ACCOUNT)
        assert key is not None
        return {"aws_access_key_id": key.access_key, "aws_secret_access_key": key.secret}

    def client(self, service: str, keys: dict[str, str] | None = None, **config: Any) -> Any:
        options = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, **config)
        if keys is None:
            keys = FAKE if self.composition.guard is None else self.root
        return boto3.client(service, endpoint_url=self.url, region_name=REGION, config=options, **keys)

    def user(self, name: str, *statements: dict[str, Any]) -> dict[str, str]:
        """A new user with an inline policy; his keys."""
        iam = self.client("iam")
        iam.create_user(UserName=name)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document(*statements))
        return keys_of(iam.create_access_key(UserName=name)["AccessKey"])

    def audit(self) -> list[dict[str, Any]]:
        """What the audit log has."""
        self.call(self.composition.guard.flush)
        lines = (self.data / "audit" / "audit.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


def keys_of(told: dict[str, Any]) -> dict[str, str]:
    """AWS's credentials as boto3's arguments."""
    keys = {"aws_access_key_id": told["AccessKeyId"], "aws_secret_access_key": told["SecretAccessKey"]}
    return keys | ({"aws_session_token": told["SessionToken"]} if "SessionToken" in told else {})


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trust(service: str = "lambda.amazonaws.com") -> str:
    return document({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})


def refused(call: Callable[[], Any]) -> tuple[str, int, str]:
    """Code, status and text of a refusal."""
    with pytest.raises(ClientError) as caught:
        call()
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Message"]


def zipped(code: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("app.py", code)
    return held.getvalue()
