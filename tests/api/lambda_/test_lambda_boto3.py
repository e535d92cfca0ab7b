"""The life of a function with boto3 over a socket, with real worker processes, and through a restart of the broker."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from lambda_harness import ROLE, archive, arn, client_at

from streamcore.composition import Composition
from streamcore.config import settings

SOURCE = """
import json, lib, os
def handler(event, context):
    print("got", json.dumps(event))
    if event.get("fail"):
        raise ValueError("no")
    return {
        "event": event,
        "greeting": os.environ["GREETING"],
        "lib": lib.X,
        "version": context.function_version,
        "custom": context.client_context and context.client_context.custom,
    }
"""


async def serve(folder: Path, work: Any) -> None:
    """Runs `work(client, url)` in a thread against a broker on `folder`."""
    composition = await Composition.start(settings(port=0, data=str(folder), drain_s=1.0, workers=2))
    try:
        client = client_at(composition.url)
        try:
            await asyncio.to_thread(work, client, composition.url)
        finally:
            client.close()
    finally:
        await composition.stop()


def settle(client: Any) -> None:
    for waiter in ("function_active_v2", "function_updated_v2"):
        client.get_waiter(waiter).wait(FunctionName="f", WaiterConfig={"Delay": 0, "MaxAttempts": 1000})


def invoke(client: Any, event: Any, **given: Any) -> tuple[Any, Any]:
    got = client.invoke(FunctionName="f", Payload=json.dumps(event).encode(), **given)
    return got, json.loads(got["Payload"].read())


def first_life(client: Any, url: str) -> None:
    layer = client.publish_layer_version(
        LayerName="lib", Content={"ZipFile": archive({"python/lib.py": "X = 'from the layer'\n"})}
    )
    client.create_function(
        FunctionName="f",
        Role=ROLE,
        Runtime="python3.12",
        Handler="app.handler",
        Timeout=20,
        Code={"ZipFile": archive({"app.py": SOURCE})},
        Environment={"Variables": {"GREETING": "hello"}},
        Layers=[layer["LayerVersionArn"]],
        Tags={"team": "x"},
        Publish=True,
    )
    settle(client)
    context = b64encode(b'{"custom":{"a":1}}').decode()
    got, answer = invoke(client, {"n": 1}, LogType="Tail", ClientContext=context)
    assert got["StatusCode"] == 200
    assert answer == {
        "event": {"n": 1},
        "greeting": "hello",
        "lib": "from the layer",
        "version": "$LATEST",
        "custom": {"a": 1},
    }
    assert b'got {"n": 1}' in b64decode(got["LogResult"])
    got, answer = invoke(client, {"fail": True})
    assert (got["FunctionError"], answer["errorType"], answer["errorMessage"]) == ("Unhandled", "ValueError", "no")
    location = client.get_function(FunctionName="f")["Code"]["Location"]
    assert urlopen(location).read() == archive({"app.py": SOURCE})
    with pytest.raises(HTTPError, match="403"):
        urlopen(location[:-1])

    client.update_function_configuration(FunctionName="f", Environment={"Variables": {"GREETING": "hi"}})
    settle(client)
    assert invoke(client, {})[1]["greeting"] == "hi"
    client.update_function_code(
        FunctionName="f", ZipFile=archive({"app.py": SOURCE.replace('"lib": lib.X', '"lib": 2')})
    )
    settle(client)
    assert invoke(client, {})[1]["lib"] == 2
    assert client.publish_version(FunctionName="f")["Version"] == "2"
    client.create_alias(
        FunctionName="f",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}},
    )
    got, answer = invoke(client, {}, Qualifier="live")
    assert (got["ExecutedVersion"], answer["version"], answer["lib"]) == ("2", "2", 2)
    got, answer = invoke(client, {}, Qualifier="1")
    assert (got["ExecutedVersion"], answer["greeting"], answer["lib"]) == ("1", "hello", "from the layer")
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    with pytest.raises(client.exceptions.TooManyRequestsException):
        invoke(client, {})
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=5)
    client.put_provisioned_concurrency_config(FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=1)


def second_life(client: Any, url: str) -> None:
    got = client.get_function(FunctionName="f")
    assert (got["Tags"], got["Concurrency"]) == ({"team": "x"}, {"ReservedConcurrentExecutions": 5})
    assert invoke(client, {}, Qualifier="live")[0]["ExecutedVersion"] == "2"
    assert invoke(client, {})[1]["greeting"] == "hi"
    client.delete_function(FunctionName="f")
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        invoke(client, {})
    assert caught.value.response["Error"]["Message"] == f"Function not found: {arn('f')}"


async def test_the_life_of_a_function(tmp_path: Path) -> None:
    await serve(tmp_path, first_life)
    await serve(tmp_path, second_life)
    left = [path.name for path in (tmp_path / "functions" / "code").iterdir()]
    assert len(left) == 1  # the layer's


def large(client: Any, url: str) -> None:
    """Beyond the bounds of all other routes, within that of an upload; and a little beyond that."""
    noise = bytes(range(256)) * 4096 * 22  # stored as it is, 22 MiB
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("app.py", "def handler(event, context): return 1\n")
        opened.writestr("noise", noise)
    code = {"ZipFile": buffer.getvalue()}
    made = client.create_function(FunctionName="f", Role=ROLE, Runtime="python3.12", Handler="app.handler", Code=code)
    assert made["CodeSize"] > 22 * 1024 * 1024
    settle(client)
    assert invoke(client, {})[1] == 1
    code = {"ZipFile": bytes(53 * 1024 * 1024)}
    with pytest.raises(client.exceptions.ClientError) as caught:
        client.create_function(FunctionName="g", Role=ROLE, Runtime="python3.12", Handler="app.handler", Code=code)
    assert caught.value.response["Error"] == {
        "Code": "RequestEntityTooLargeException",
        "Message": "Request must be smaller than 69905067 bytes for the CreateFunction operation",
    }


async def test_an_upload_beyond_the_other_routes_bounds(tmp_path: Path) -> None:
    await serve(tmp_path, large)
