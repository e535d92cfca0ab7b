"""The native API without HTTP: what each request is answered, good and bad."""

from __future__ import annotations

from typing import Any
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamcore import errors
from streamcore.api.http import Request
from streamcore.api.native import STATUS, NativeApi
from streamcore.broker import Broker, open_broker
from streamcore.model.limits import NATIVE_PUT_MAX_ENTRIES

SHARD = "shardId-000000000000"
RECORDS = f"/v1/streams/s/shards/{SHARD}/records"


def pack(value: Any) -> bytes:
    return msgspec.msgpack.encode(value)


async def ask(api: NativeApi, method: str, path: str, body: Any = None, query: str = "") -> tuple[int, dict[str, Any]]:
    raw = body if isinstance(body, bytes) else b"" if body is None else pack(body)
    answer = await api.handle(Request(method, path, {}, raw, query))
    assert answer.headers["content-type"] == "application/msgpack"
    return answer.status, msgspec.msgpack.decode(answer.body)


async def put(api: NativeApi, *datas: bytes, **fields: Any) -> dict[str, Any]:
    status, answer = await ask(
        api, "POST", "/v1/streams/s/records", {"keys": ["k"] * len(datas), "data": list(datas), **fields}
    )
    assert status == 200, answer
    return answer


# ---------------------------------------------------------------- what it is for


async def test_a_streams_life(api: NativeApi) -> None:
    status, made = await ask(api, "POST", "/v1/streams", {"name": "t", "shards": 2, "limits": "observe"})
    assert (status, made["status"], made["open_shards"], made["limits"]) == (201, "ACTIVE", 2, "observe")
    assert [shard["id"] for shard in made["shards"]] == [SHARD, "shardId-000000000001"]
    status, listed = await ask(api, "GET", "/v1/streams")
    assert [stream["name"] for stream in listed["streams"]] == ["s", "t"]
    assert await ask(api, "GET", "/v1/streams/t") == (200, made)
    assert (await ask(api, "GET", "/v1/streams/arn:aws:kinesis:us-east-1:000000000000:stream%2Ft"))[1] == made
    assert await ask(api, "DELETE", "/v1/streams/t") == (200, {})
    assert (await ask(api, "GET", "/v1/streams/t"))[0] == 404


async def test_records_go_in_and_come_out(api: NativeApi) -> None:
    answer = await put(api, b"a", b"b")
    assert (answer["count"], answer["failed"], answer["refused"]) == (2, 0, [])
    ((shard, first, positions),) = answer["runs"]
    assert (shard, positions) == (SHARD, [0, 1])
    status, found = await ask(api, "GET", RECORDS)
    assert status == 200
    assert [(c[0], c[2], c[3], c[4]) for c in found["chunks"]] == [(1, first, [b"k", b"k"], [b"a", b"b"])]
    assert (found["next"], found["millis_behind"], found["children"]) == (3, 0, [])


@pytest.mark.parametrize(
    ("query", "datas"),
    [
        ("", [b"0", b"1", b"2"]),
        ("position=trim_horizon", [b"0", b"1", b"2"]),
        ("position=latest", []),
        ("position=index:2", [b"1", b"2"]),
        ("position=index:0&limit=1", [b"0"]),
        ("position=index:99", []),
        ("position=at_timestamp:0", [b"0", b"1", b"2"]),
        ("position=at_sequence:{1}", [b"1", b"2"]),
        ("position=after_sequence:{1}", [b"2"]),
        ("position=at_sequence:0", [b"0", b"1", b"2"]),
    ],
)
async def test_positions(api: NativeApi, query: str, datas: list[bytes]) -> None:
    numbers = [(await put(api, b"%d" % i))["runs"][0][1] for i in range(3)]
    status, found = await ask(api, "GET", RECORDS, query=query.format(*numbers))
    assert status == 200, found
    assert [data for chunk in found["chunks"] for data in chunk[4]] == datas


async def test_a_producers_batch_counts_once(api: NativeApi) -> None:
    first = await put(api, b"a", producer="p", batch=0)
    assert await put(api, b"a", producer="p", batch=0) == first
    assert len((await ask(api, "GET", RECORDS))[1]["chunks"]) == 1


async def test_checkpoints(api: NativeApi) -> None:
    path = "/v1/streams/s/consumers/billing%2F1/checkpoints"
    assert await ask(api, "GET", path) == (200, {})
    assert await ask(api, "PUT", path, {SHARD: 2**63 - 1}) == (200, {})
    assert await ask(api, "GET", path) == (200, {SHARD: 2**63 - 1})
    assert await ask(api, "GET", "/v1/streams/s/consumers/billing/checkpoints") == (200, {})
    assert await ask(api, "DELETE", path) == (200, {})
    assert await ask(api, "GET", path) == (200, {})


async def test_limits_refuse_entry_by_entry() -> None:
    async with open_broker(transition_ms=0) as broker:
        await broker.create_stream("s")
        answer = await put(NativeApi(broker), *[b"x"] * 1200)
        assert (answer["count"], answer["failed"]) == (1200, 200)
        assert answer["refused"] == [[SHARD, list(range(1000, 1200))]]
        assert answer["runs"][0][2] == list(range(1000))


async def test_draining_answers_whoever_waits(api: NativeApi) -> None:
    api.start_draining()
    status, found = await ask(api, "GET", RECORDS, query="position=latest&wait_ms=30000")
    assert (status, found["chunks"]) == (200, [])


# ---------------------------------------------------------------- what is wrong with it

GOOD = {"keys": ["k"], "data": [b"d"]}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed_body"),
        (b"\xc1", 400, "malformed_body"),
        (b"{}", 400, "malformed_body"),
        (pack(GOOD)[:-1], 400, "malformed_body"),
        (pack(GOOD) + b"x", 400, "malformed_body"),
        (b"\xdd\xff\xff\xff\xff", 400, "malformed_body"),  # an array of four billion
        (b"\xc6\xff\xff\xff\xff", 400, "malformed_body"),
        (b"\x91" * 100_000, 400, "malformed_body"),
        ([], 400, "malformed_body"),
        (None, 400, "malformed_body"),
        ({}, 400, "malformed_body"),
        ({**GOOD, "colour": "red"}, 400, "malformed_body"),
        ({"keys": ["k"]}, 400, "malformed_body"),
        ({"keys": [], "data": []}, 400, "malformed_body"),
        ({"keys": [1], "data": [b"d"]}, 400, "malformed_body"),
        ({"keys": [b"k"], "data": [b"d"]}, 400, "malformed_body"),
        ({"keys": ["k"], "data": ["d"]}, 400, "malformed_body"),
        (b"\x82\xa4keys\x91\xa3\xed\xa0\x80\xa4data\x91\xc4\x01d", 400, "malformed_body"),  # a lone surrogate
        ({**GOOD, "batch": -1, "producer": "p"}, 400, "invalid_argument"),
        ({**GOOD, "batch": 2**64 - 1, "producer": "p"}, 400, "invalid_argument"),
        ({**GOOD, "batch": 1}, 400, "invalid_argument"),
        ({**GOOD, "producer": "p"}, 400, "invalid_argument"),
        ({**GOOD, "producer": "", "batch": 1}, 400, "invalid_argument"),
        ({**GOOD, "hash_keys": ["1", "2"]}, 400, "invalid_argument"),
        ({**GOOD, "hash_keys": [str(2**128)]}, 400, "invalid_argument"),
        ({**GOOD, "hash_keys": [5]}, 400, "malformed_body"),
        ({"keys": ["k", "l"], "data": [b"d"]}, 400, "invalid_argument"),
        ({"keys": [""], "data": [b"d"]}, 400, "invalid_argument"),
        ({"keys": ["k" * 257], "data": [b"d"]}, 400, "invalid_argument"),
        ({"keys": ["k"], "data": [bytes(1024 * 1024 + 1)]}, 400, "record_too_large"),
        ({"keys": ["k"] * 10_001, "data": [b""] * 10_001}, 400, "malformed_body"),
    ],
)
async def test_bad_puts(api: NativeApi, broker: Broker, body: Any, status: int, code: str) -> None:
    raw = body if isinstance(body, bytes) else pack(body)
    got, answer = await ask(api, "POST", "/v1/streams/s/records", raw)
    assert (got, answer["error"]) == (status, code), answer
    assert answer["message"]
    assert (await broker.read("s", SHARD, 0)).chunks == []


async def test_the_most_entries(api: NativeApi) -> None:
    assert (await put(api, *[b""] * NATIVE_PUT_MAX_ENTRIES))["count"] == NATIVE_PUT_MAX_ENTRIES


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": "s"}, 409, "stream_exists"),
        ({"name": "a b"}, 400, "validation_failed"),
        ({"name": ""}, 400, "validation_failed"),
        ({"name": "t", "shards": 0}, 400, "malformed_body"),
        ({"name": "t", "shards": 10_001}, 400, "malformed_body"),
        ({"name": "t", "retention_hours": 23}, 400, "invalid_argument"),
        ({"name": "t", "retention_hours": 2**63}, 400, "invalid_argument"),
        ({"name": "t", "max_record_bytes": 11 * 1024 * 1024}, 400, "invalid_argument"),
        ({"name": "t", "limits": "sometimes"}, 400, "malformed_body"),
        ({"nam": "t"}, 400, "malformed_body"),
    ],
)
async def test_bad_streams(api: NativeApi, body: Any, status: int, code: str) -> None:
    got, answer = await ask(api, "POST", "/v1/streams", body)
    assert (got, answer["error"]) == (status, code), answer


@pytest.mark.parametrize(
    "query",
    [
        "position=middle",
        "position=index:",
        "position=index:-1",
        "position=index:1e3",
        "position=index:9223372036854775808",
        "position=index:99999999999999999999",
        "position=at_sequence",
        "position=at_sequence:5",
        "position=at_timestamp",
        "position=at_timestamp:99999999999999",
        "position=latest:5",
        "limit=0",
        "limit=10001",
        "limit=many",
        "wait_ms=30001",
        "wait_ms=-1",
        "wait_ms=%D9%A3",
    ],
)
async def test_bad_reads(api: NativeApi, query: str) -> None:
    status, answer = await ask(api, "GET", RECORDS, query=query)
    assert (status, answer["error"]) == (400, "invalid_argument"), answer


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1", 404, "no_such_path"),
        ("GET", "/v1/", 404, "no_such_path"),
        ("GET", "/v2/streams", 404, "no_such_path"),
        ("GET", "/v1/streams/s/shards", 404, "no_such_path"),
        ("GET", "/v1/streams/s/shards/x/records/y", 404, "no_such_path"),
        ("PATCH", "/v1/streams", 405, "no_such_method"),
        ("GET", "/v1/streams/s/records", 405, "no_such_method"),
        ("POST", RECORDS, 405, "no_such_method"),
        ("GET", "/v1/streams/nope", 404, "stream_not_found"),
        ("DELETE", "/v1/streams/nope", 404, "stream_not_found"),
        ("GET", "/v1/streams/%00%ff", 404, "stream_not_found"),
        ("GET", "/v1/streams//records/", 405, "no_such_method"),
        ("GET", "/v1/streams/arn:aws:nope", 400, "validation_failed"),
        ("GET", "/v1/streams/s/shards/shardId-000000000001/records", 404, "shard_not_found"),
        ("GET", "/v1/streams/s/shards/x/records", 404, "shard_not_found"),
        ("GET", "/v1/streams/nope/shards/x/records", 404, "stream_not_found"),
        ("GET", "/v1/streams/s/consumers/" + "c" * 129 + "/checkpoints", 400, "invalid_argument"),
        ("PUT", "/v1/streams/s/consumers/c/checkpoints", 400, "malformed_body"),
    ],
)
async def test_bad_paths(api: NativeApi, method: str, path: str, status: int, code: str) -> None:
    answer = await api.handle(Request(method, path, {}, b""))
    body = msgspec.msgpack.decode(answer.body)
    assert (answer.status, body["error"]) == (status, code), body
    assert ("allow" in answer.headers) is (status == 405)


@pytest.mark.parametrize("positions", [{SHARD: -1}, {SHARD: 2**63}, {SHARD: "1"}, {"nope": 1}, [1], {1: 1}])
async def test_bad_checkpoints(api: NativeApi, positions: Any) -> None:
    status, _ = await ask(api, "PUT", "/v1/streams/s/consumers/c/checkpoints", positions)
    assert status in (400, 404)
    assert await ask(api, "GET", "/v1/streams/s/consumers/c/checkpoints") == (200, {})


@pytest.mark.parametrize("kind", list(STATUS))
async def test_every_error_has_its_status(
    api: NativeApi, broker: Broker, kind: type[errors.StreamcoreError], caplog: pytest.LogCaptureFixture
) -> None:
    from collections import defaultdict

    fields: defaultdict[str, str] = defaultdict(lambda: "x")
    (kind.__doc__ or "").format_map(fields)
    error = kind(**fields)
    with mock.patch.object(Broker, "list_streams", side_effect=error):
        status, answer = await ask(api, "GET", "/v1/streams")
    assert (status, answer["error"], answer["message"]) == (STATUS[kind], kind.code, str(error))
    assert ("a request failed" in caplog.text) is (status == 500)


async def test_a_fault_of_ours_is_logged_and_says_nothing(api: NativeApi, caplog: pytest.LogCaptureFixture) -> None:
    with mock.patch.object(Broker, "list_streams", side_effect=ValueError("secret")):
        status, answer = await ask(api, "GET", "/v1/streams")
    assert (status, answer["error"]) == (500, "internal")
    assert "secret" not in answer["message"]
    assert "secret" in caplog.text


# ---------------------------------------------------------------- junk

values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**64 - 1), st.floats(), st.text(), st.binary()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=12,
)
put_like = st.fixed_dictionaries(
    {"keys": st.one_of(st.lists(st.text(max_size=300), max_size=4), values)},
    optional={
        "data": st.one_of(st.lists(st.binary(max_size=50), max_size=4), values),
        "hash_keys": st.one_of(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=4), values),
        "producer": st.one_of(st.text(max_size=70), values),
        "batch": st.one_of(st.integers(-2, 2**64 - 1), values),
    },
)
bodies = st.one_of(st.binary(max_size=200), values.map(pack), put_like.map(pack))
targets = st.sampled_from(
    [
        ("POST", "/v1/streams"),
        ("POST", "/v1/streams/s/records"),
        ("PUT", "/v1/streams/s/consumers/c/checkpoints"),
        ("GET", RECORDS),
    ]
)
queries = st.one_of(
    st.text(max_size=60),
    st.builds(
        "position={}:{}&limit={}".format,
        st.sampled_from(["index", "at_sequence", "after_sequence", "at_timestamp", "latest"]),
        st.one_of(st.integers(0, 2**70), st.text(max_size=60), st.integers(2 << 184, (3 << 184) - 1)),
        st.integers(-1, 20_000),
    ),
)


@given(target=targets, body=bodies, query=queries)
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_junk_is_never_our_fault(target: tuple[str, str], body: bytes, query: str) -> None:
    async def run() -> int:
        async with open_broker(transition_ms=0, limits="off") as broker:
            await broker.create_stream("s")
            answer = await NativeApi(broker).handle(Request(*target, {}, body, query))
            msgspec.msgpack.decode(answer.body)
            return answer.status

    import asyncio

    assert asyncio.run(run()) < 500


@given(method=st.sampled_from(["GET", "PUT", "POST", "DELETE"]), path=st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_junk_paths(method: str, path: str) -> None:
    async def run() -> int:
        async with open_broker(transition_ms=0) as broker:
            return (await NativeApi(broker).handle(Request(method, "/v1/streams" + path, {}))).status

    import asyncio

    assert asyncio.run(run()) < 500
