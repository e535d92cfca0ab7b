"""A signed call of Kinesis over HTTP/2."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest
from identity_support import REGION, House

from streamcore.client.signing import Keys, signed_headers

sys.path.append(str(Path(__file__).parents[1] / "api"))

from http_support import Http2Client

BODY = b'{"Limit": 1}'


@pytest.mark.parametrize(("change", "status", "code"), [
    ({}, 200, None),
    ({"body": b'{"Limit": 2}'}, 400, "InvalidSignatureException"),
    ({"secret": "x" * 40}, 400, "InvalidSignatureException"),
    ({"key": "AKIAIOSFODNN7EXAMPLE"}, 400, "UnrecognizedClientException"),
    ({"unsigned": True}, 400, "MissingAuthenticationTokenException"),
])  # fmt: skip
async def test_kinesis_over_http2(house: House, change: dict[str, object], status: int, code: str | None) -> None:
    keys = Keys(
        str(change.get("key", house.root["aws_access_key_id"])),
        str(change.get("secret", house.root["aws_secret_access_key"])),
    )
    headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": "Kinesis_20131202.ListStreams"}
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    if "unsigned" not in change:
        headers |= signed_headers(keys, "kinesis", REGION, at, "POST", "test", "/", "", headers, BODY)
    body = change.get("body", BODY)
    assert isinstance(body, bytes)
    async with Http2Client.open(int(house.url.rpartition(":")[2])) as client:
        answer = await client.request("/", body, **headers)
    assert answer.status == status
    told = json.loads(answer.body)
    assert told.get("__type") == code
    assert code is not None or "StreamNames" in told
