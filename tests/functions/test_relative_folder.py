"""A broker whose data folder is given as it is by default, relative to where it was started."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import boto3
import pytest
from zips import FILE, zipped

from streamcore.broker import open_broker
from streamcore.composition import Composition
from streamcore.config import settings

SOURCE = b"def handler(event, context): return [event, __file__]\n"


def made_and_invoked(url: str) -> Any:
    client = boto3.client(
        "lambda", endpoint_url=url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )
    client.create_function(
        FunctionName="f",
        Runtime="python3.12",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/r",
        Code={"ZipFile": zipped([("app.py", SOURCE, FILE)])},
        Timeout=20,
    )
    client.get_waiter("function_active_v2").wait(FunctionName="f", WaiterConfig={"Delay": 0, "MaxAttempts": 500})
    result = client.invoke(FunctionName="f", Payload=b"1")["Payload"].read()
    client.close()
    return result


async def test_functions_of_a_relative_folder_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    composition = await Composition.start(settings(data="data", port=0))
    try:
        result = await asyncio.to_thread(made_and_invoked, composition.url)
    finally:
        await composition.stop()
    assert result.startswith(b"[1, ")


async def test_the_folder_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_broker("data") as broker:
        monkeypatch.chdir("/")
        assert broker.folder == tmp_path / "data"
