# ruff: noqa: E501  a table has a line per case
"""The order of checks, content types, signatures, CORS, encodings of bodies: all that is the same for every action."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import re
import zlib

import cbor2
import pytest
from aws_harness import CBOR, JSON, Wire, authorization

from streamcore.api.aws.service import BODY_MAX_BYTES, Call, Endpoint, Request, Response, Service
from streamcore.api.aws.shapes import Shape
from streamcore.api.aws.target import TargetProtocol
from streamcore.errors import BrokerClosed, Overloaded, StorageCorrupt, StorageFull

LIST = "Kinesis_20131202.ListStreams"
SIGNED = {"authorization": authorization(), "x-amz-date": "20231114T221320Z"}
NO_ACTION = (
    b"<AccessDeniedException>\n"
    b"  <Message>Unable to determine service/operation name to be authorized</Message>\n"
    b"</AccessDeniedException>\n"
)


def typed(code: str, message: str | None = None) -> bytes:
    return json.dumps(
        {"__type": code} | ({} if message is None else {"message": message}), separators=(",", ":")
    ).encode()


MISSING = typed("MissingAuthenticationTokenException", "Missing Authentication Token")

#: (what, method, headers, query, body) -> (status, content type, body), in the order of the checks.
ORDER = {
    "method": ("GET", {"x-amz-target": LIST, **SIGNED}, "", b"", 403, None, NO_ACTION),
    "method, unsigned": ("PUT", {"content-type": JSON}, "", b"{", 403, None, NO_ACTION),
    "no body": ("POST", {"content-type": JSON, "x-amz-target": LIST}, "", b"", 400, JSON, typed("SerializationException")),
    "no body, no target": ("POST", {"content-type": JSON}, "", b"", 400, JSON, typed("UnknownOperationException")),
    "no body, no type": ("POST", {}, "", b"", 400, CBOR, cbor2.dumps({"__type": "UnknownOperationException"})),
    "type": ("POST", {"content-type": "text/plain", **SIGNED}, "", b"{", 403, None, NO_ACTION),
    "type, with target": ("POST", {"content-type": "a/b", "x-amz-target": LIST}, "", b"{", 404, None, b"<UnknownOperationException/>\n"),
    "parses": ("POST", {"content-type": JSON, "x-amz-target": "No.Such"}, "", b"{", 400, JSON, typed("SerializationException")),
    "parses, scalar": ("POST", {"content-type": JSON, "x-amz-target": LIST}, "", b"3", 400, JSON, typed("SerializationException")),
    "parses, cbor": ("POST", {"content-type": CBOR, "x-amz-target": LIST}, "", b"\xff", 400, CBOR, cbor2.dumps({"__type": "SerializationException"})),
    "target": ("POST", {"content-type": JSON, "x-amz-target": "Kinesis_20131202.No"}, "", b"{}", 400, JSON, typed("UnknownOperationException")),
    "target of another": ("POST", {"content-type": JSON, "x-amz-target": "Logs.ListStreams"}, "", b"{}", 400, JSON, typed("UnknownOperationException")),
    "no target": ("POST", {"content-type": JSON}, "", b"{}", 400, JSON, typed("UnknownOperationException")),
    "unsigned": ("POST", {"content-type": JSON, "x-amz-target": LIST}, "", b'{"Limit":"x"}', 400, JSON, MISSING),
    "unsigned query": ("POST", {"content-type": JSON, "x-amz-target": LIST}, "X-Amz-Credential=a&X-Amz-Date=d", b"{}", 400, JSON, MISSING),
    "types": ("POST", {"content-type": JSON, "x-amz-target": LIST, **SIGNED}, "", b'{"Limit":"x","NextToken":""}', 400, JSON,
              b'{"__type":"SerializationException","Message":"class java.lang.String can not be converted to an Integer"}'),
    "constraints": ("POST", {"content-type": JSON, "x-amz-target": LIST, **SIGNED}, "", b'{"Limit":0}', 400, JSON,
                    typed("ValidationException", "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1")),
    "good": ("POST", {"content-type": JSON, "x-amz-target": LIST, **SIGNED}, "", b'{"ExclusiveStartStreamName":"orders"}', 200, JSON,
             b'{"StreamNames":[],"HasMoreStreams":false,"StreamSummaries":[]}'),
    "charset": ("POST", {"content-type": f"{JSON}; charset=utf-8", "x-amz-target": LIST, **SIGNED}, "", b'{"Limit":"x"}', 400, JSON,
                b'{"__type":"SerializationException","Message":"class java.lang.String can not be converted to an Integer"}'),
}  # fmt: skip


@pytest.mark.parametrize("case", ORDER.values(), ids=ORDER)
async def test_the_order_of_checks(wire: Wire, case: tuple) -> None:
    method, headers, query, body, status, content_type, answer = case
    got = await wire.endpoint.handle(Request(method, "/", headers, body, query))
    assert isinstance(got, Response)
    assert (got.status, got.body) == (status, answer)
    assert got.headers.get("content-type") == content_type
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", got.headers["x-amzn-RequestId"])
    assert len(base64.b64decode(got.headers["x-amz-id-2"])) == 72


HEADER_TAIL = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
SIGNATURES = {
    "not a signature": ({"authorization": "X"}, "", "IncompleteSignatureException",
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
        f"Authorization header requires 'SignedHeaders' parameter. {HEADER_TAIL} Authorization=X"),
    "no signed headers": ({"authorization": "AWS4- Signature=b Credential=a", "date": "a"}, "", "IncompleteSignatureException",
        "Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4- Signature=b Credential=a"),
    "no date": ({"authorization": "AWS4 Signature=b,Credential=a, SignedHeaders=c"}, "", "IncompleteSignatureException",
        f"{HEADER_TAIL} Authorization=AWS4 Signature=b,Credential=a, SignedHeaders=c"),
    "both": ({"authorization": "X"}, "X-Amz-Algorithm", "InvalidSignatureException",
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."),
    "empty query": ({}, "X-Amz-Algorithm", "IncompleteSignatureException",
        "AWS query-string parameters must include 'X-Amz-Algorithm'. AWS query-string parameters must include 'X-Amz-Credential'. "
        "AWS query-string parameters must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
        "AWS query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters."),
    "query without signed headers": ({}, "X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d", "IncompleteSignatureException",
        "AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters."),
}  # fmt: skip


@pytest.mark.parametrize("case", SIGNATURES.values(), ids=SIGNATURES)
async def test_signatures_that_are_not(wire: Wire, case: tuple) -> None:
    headers, query, code, message = case
    headers = {"content-type": wire.content_type, "x-amz-target": LIST, **headers}
    got = await wire.endpoint.handle(Request("POST", "/", headers, wire.encode({}), query))
    assert (got.status, wire.decode(got.body)) == (400, {"__type": code, "message": message})


SCOPES = [
    # access key, region -> ARN's account and region
    ("123456789012", "eu-west-1", "123456789012", "eu-west-1"),
    ("AKIAIOSFODNN7EXAMPLE", "eu-west-1", "000000000000", "eu-west-1"),
    ("12345678901", "", "000000000000", "us-east-1"),
    ("999999999999", "Not A Region", "999999999999", "us-east-1"),
]


@pytest.mark.parametrize(("key", "region", "account", "found"), SCOPES)
async def test_account_and_region_come_from_the_credential(
    wire: Wire, key: str, region: str, account: str, found: str
) -> None:
    auth = {"authorization": f"AWS4-HMAC-SHA256 Credential={key}/20231114/{region.replace(' ', '_')}/kinesis/aws4_request, SignedHeaders=h, Signature=s"}  # fmt: skip
    await wire.call("CreateStream", {"StreamName": "mine", "ShardCount": 1}, **auth)
    _, output = await wire.call("DescribeStreamSummary", {"StreamName": "mine"}, **auth)
    assert output["StreamDescriptionSummary"]["StreamARN"] == f"arn:aws:kinesis:{found}:{account}:stream/mine"


async def test_a_signature_in_the_query_string(wire: Wire) -> None:
    query = (
        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=123456789012%2F20231114%2Feu-west-1%2Fkinesis%2Faws4_request"
        "&X-Amz-Signature=0a&X-Amz-SignedHeaders=host&X-Amz-Date=20231114T221320Z"
    )
    headers = {"content-type": wire.content_type, "x-amz-target": LIST}
    got = await wire.endpoint.handle(Request("POST", "/", headers, wire.encode({}), query))
    assert wire.decode(got.body)["StreamNames"] == ["orders"]


async def test_checksum_of_the_answer(wire: Wire) -> None:
    got = await wire.raw(LIST, wire.encode({}))
    assert got.headers["x-amz-crc32"] == str(zlib.crc32(got.body))


@pytest.mark.parametrize("content_type", ["application/json", "application/x-amz-json-1.0"])
async def test_other_names_of_json(wire: Wire, content_type: str) -> None:
    got = await wire.raw(LIST, b"{}", content_type=content_type)
    assert (got.status, got.headers["content-type"]) == (200, content_type)


class TestGzip:
    async def test_inflated(self, wire: Wire) -> None:
        got = await wire.raw(LIST, gzip.compress(wire.encode({"Limit": 1})), content_encoding="GZIP")
        assert wire.decode(got.body)["StreamNames"] == ["orders"]

    @pytest.mark.parametrize(
        "body", [b"no gzip", gzip.compress(b"{}", mtime=0)[:-3], gzip.compress(b"{}", mtime=0) + b"more"]
    )
    async def test_damaged(self, wire: Wire, body: bytes) -> None:
        got = await wire.raw(LIST, body, content_encoding="gzip")
        assert (got.status, got.error) == (400, "SerializationException")

    async def test_bounded(self, wire: Wire) -> None:
        got = await wire.raw(LIST, gzip.compress(bytes(BODY_MAX_BYTES + 1)), content_encoding="gzip")
        assert got.status == 413


async def test_too_large_a_body(wire: Wire) -> None:
    got = await wire.raw(LIST, bytes(BODY_MAX_BYTES + 1))
    assert (got.status, got.body) == (413, b"<RequestEntityTooLargeException/>\n")


class TestBrowsers:
    async def test_preflight(self, wire: Wire) -> None:
        asked = {
            "origin": "https://example.org",
            "access-control-request-headers": "x-amz-target, content-type",
            "access-control-request-method": "POST",
        }
        got = await wire.endpoint.handle(Request("OPTIONS", "/", asked))
        assert (got.status, got.body) == (200, b"")
        assert {k: v for k, v in got.headers.items() if k != "x-amzn-RequestId"} == {
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Max-Age": "172800",
            "Access-Control-Allow-Headers": "x-amz-target, content-type",
            "Access-Control-Allow-Methods": "POST",
        }

    async def test_headers_are_not_echoed_blindly(self, wire: Wire) -> None:
        asked = {"origin": "x", "access-control-request-headers": "a\r\nset-cookie: b"}
        got = await wire.endpoint.handle(Request("OPTIONS", "/", asked))
        assert "Access-Control-Allow-Headers" not in got.headers

    async def test_the_answer_can_be_read(self, wire: Wire) -> None:
        got = await wire.raw(LIST, wire.encode({}), origin="https://example.org")
        assert got.headers["Access-Control-Allow-Origin"] == "*"
        assert "x-amzn-RequestId" in got.headers["Access-Control-Expose-Headers"]

    async def test_options_without_origin(self, wire: Wire) -> None:
        assert (await wire.endpoint.handle(Request("OPTIONS", "/", {}))).status == 403


class NothingInput(Shape, frozen=True, kw_only=True):
    pass


FAULTS = [
    (StorageFull(path="/secret"), 503, "ServiceUnavailable"),
    (Overloaded(pending_bytes=1, limit_bytes=1), 503, "ServiceUnavailable"),
    (BrokerClosed(), 503, "ServiceUnavailable"),
    (StorageCorrupt(first_index=1, shard="s", path="/secret"), 500, "InternalFailure"),
    (ZeroDivisionError("/secret"), 500, "InternalFailure"),
]


@pytest.mark.parametrize(("error", "status", "code"), FAULTS, ids=[type(e).__name__ for e, _, _ in FAULTS])
async def test_faults(wire: Wire, caplog: pytest.LogCaptureFixture, error: Exception, status: int, code: str) -> None:
    service = Service("test", target_prefix="Test")

    @service.action("Fail")
    async def fail(call: Call, input_: NothingInput) -> None:
        raise error

    wire.endpoint = Endpoint([TargetProtocol(wire.broker, [service])])
    with caplog.at_level(logging.ERROR):
        got = await wire.raw("Test.Fail", wire.encode({}))
    assert (got.status, wire.decode(got.body)["__type"], got.operation) == (status, code, "test.Fail")
    assert b"secret" not in got.body
    assert bool(caplog.records) == (status == 500)


def test_an_action_is_registered_once() -> None:
    service = Service("test", target_prefix="Test")

    @service.action("Do")
    async def do(call: Call, input_: NothingInput) -> None:
        return None

    with pytest.raises(ValueError, match="has an action Do already"):
        service.action("Do")(do)
    assert repr(service) == "<Service test, 1 actions>"


async def test_a_fault_of_a_protocol_is_answered(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def claims(self, request: Request) -> bool:
            raise ZeroDivisionError

    got = await Endpoint([Broken(), TargetProtocol(wire.broker, [])]).handle(Request("POST", "/", {}))  # type: ignore[list-item]
    assert (got.status, got.body) == (500, b"<InternalFailure/>\n")
    assert caplog.records
