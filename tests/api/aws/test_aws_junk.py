# ruff: noqa: E501  a table has a line per case
"""Whatever comes in, an answer goes out, and it is no 500."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator

import cbor2
import pytest
from aws_harness import CBOR, JSON, authorization
from hypothesis import given, settings
from hypothesis import strategies as st

from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.service import Endpoint, Request, Response
from streamcore.api.aws.target import TargetProtocol
from streamcore.broker import Broker, open_broker
from streamcore.clock import ManualClock

FEW = settings(max_examples=200, deadline=None)
JUNK = st.text(max_size=30)
MEMBERS = st.sampled_from(
    [*sorted({name for action in KINESIS.actions.values() for name in action.input.__struct_encode_fields__}), "Other"]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["orders", "AT_TIMESTAMP", "0", "YWJj", "shardId-0", "9" * 40, "LATEST", "x" * 3000])
)
ENTRIES = st.fixed_dictionaries({}, optional={"Data": SCALARS, "PartitionKey": SCALARS, "ExplicitHashKey": SCALARS})
VALUES = st.recursive(
    SCALARS | st.lists(ENTRIES, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(MEMBERS | st.sampled_from(["Type", "ShardId"]), inner, max_size=3)
    ),
    max_leaves=8,
)
INPUTS = st.dictionaries(MEMBERS, VALUES, max_size=6) | st.fixed_dictionaries(
    {"StreamName": st.just("orders")},
    optional=dict.fromkeys(("Records", "ShardFilter", "Limit", "Timestamp"), VALUES),
)
TARGETS = st.sampled_from([f"Kinesis_20131202.{name}" for name in KINESIS.actions])


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with open_broker(None, clock=ManualClock(), transition_ms=0, limits="off") as broker:
        await broker.create_stream("orders", shards=2)
        yield broker


async def answer(broker: Broker, request: Request, caplog: pytest.LogCaptureFixture) -> Response:
    endpoint = Endpoint([TargetProtocol(broker, [KINESIS])])
    with caplog.at_level(logging.ERROR):
        got = await endpoint.handle(request)
    assert isinstance(got, Response)
    assert 200 <= got.status < 500, (request, got)
    assert not caplog.records
    return got


def signed(target: str, content_type: str) -> dict[str, str]:
    return {"x-amz-target": target, "content-type": content_type, "authorization": authorization("000000000000", "us-east-1"), "date": "x"}  # fmt: skip


@FEW
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "DELETE"]) | JUNK,
    path=JUNK,
    query=JUNK | st.sampled_from(["X-Amz-Algorithm=%ff&%zz=&&", "X-Amz-Algorithm"]),
    headers=st.dictionaries(
        st.sampled_from(
            ["x-amz-target", "content-type", "authorization", "content-encoding", "origin", "date", "access-control-request-headers"]
        ),
        JUNK | TARGETS | st.sampled_from([JSON, CBOR, "gzip", "AWS4 Credential=,Signature=,SignedHeaders=", "AWS4 Credential=//// Signature=a SignedHeaders=b"]),
    ),
    body=st.binary(max_size=60) | st.just(b"{}"),
)  # fmt: skip
def test_junk_requests(method: str, path: str, query: str, headers: dict, body: bytes) -> None:
    async def main() -> None:
        async with open_broker(None, clock=ManualClock()) as broker:
            endpoint = Endpoint([TargetProtocol(broker, [KINESIS])])
            got = await endpoint.handle(Request(method, path, headers, body, query))
            assert got.status < 500

    asyncio.run(main())


@FEW
@given(target=TARGETS, input_=INPUTS, content_type=st.sampled_from([JSON, CBOR]))
def test_junk_inputs(target: str, input_: dict, content_type: str) -> None:
    body = cbor2.dumps(input_) if content_type == CBOR else json.dumps(input_).encode()
    _send(target, content_type, body)


@FEW
@given(target=TARGETS, body=st.binary(max_size=200), content_type=st.sampled_from([JSON, CBOR]))
def test_junk_bodies(target: str, body: bytes, content_type: str) -> None:
    _send(target, content_type, body)


def _send(target: str, content_type: str, body: bytes) -> None:
    async def main() -> None:
        async with open_broker(None, clock=ManualClock(), transition_ms=0, limits="off") as broker:
            await broker.create_stream("orders", shards=2)
            endpoint = Endpoint([TargetProtocol(broker, [KINESIS])])
            got = await endpoint.handle(Request("POST", "/", signed(target, content_type), body))
            assert isinstance(got, Response)
            assert got.status < 500, got

    asyncio.run(main())


NASTY = [
    b"[" * 100_000,
    b'{"Limit":' * 50_000,
    b'{"Limit":' + b"9" * 5000 + b"}",
    b'{"Limit":1e999}',
    b'{"StreamName":"\\ud800"}',
    b'{"StreamName":"\xff"}',
    b'{"\xff":1}',
    b"\xef\xbb\xbf{}",
    b'{"Records":[{"Data":"' + b"A" * 100_001 + b'"}]}',
    b"\x81" * 100_000,
    b"\xc1" * 100_000,
    b"\xa1\x65Limit\xc2\x49" + b"\xff" * 9,  # a bignum
    b"\xa1\x65Limit\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",  # a decimal with a huge exponent
    b"\xa1\x65Limit\xf9\x7e\x00",  # NaN
    b"\xa1\x65Limit\xf9\x7c\x00",  # Infinity
    b"\xa1\x69Timestamp\xc1\xf9\x7e\x00",
    b"\xa1\x69Timestamp\xc1\x61a",
    b"\xa1\x65Limit\xd8\x23\x63(a+",  # a regular expression
    b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",  # a map of 2^64 members
    b"\xa1\xf7\xf7",  # undefined
    b"\xbf\x65Limit\x01",  # never ends
    b"\xa1\x64Tags\xa1\x01\x61a",
]


@pytest.mark.parametrize("body", NASTY, ids=range(len(NASTY)))
@pytest.mark.parametrize("content_type", [JSON, CBOR])
async def test_nasty_bodies(broker: Broker, caplog: pytest.LogCaptureFixture, body: bytes, content_type: str) -> None:
    for action in ("ListStreams", "GetShardIterator", "CreateStream", "PutRecords"):
        await answer(broker, Request("POST", "/", signed(f"Kinesis_20131202.{action}", content_type), body), caplog)
