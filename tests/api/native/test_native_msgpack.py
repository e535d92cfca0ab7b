"""The native API's bytes, written and read by msgpack's reference implementation instead of our own codec."""

from __future__ import annotations

from typing import Any

import msgpack

from streamcore import open_broker
from streamcore.api.http import Request, Response
from streamcore.api.native import NativeApi


async def call(api: NativeApi, method: str, path: str, body: object = None, query: str = "") -> tuple[int, Any]:
    answer = await api.handle(Request(method, path, {}, b"" if body is None else msgpack.packb(body), query))
    assert isinstance(answer, Response)
    assert answer.headers["content-type"] == "application/msgpack"
    return answer.status, msgpack.unpackb(answer.body)


async def test_as_the_page_describes_it() -> None:
    async with open_broker(None) as broker:
        api = NativeApi(broker)
        status, made = await call(api, "POST", "/v1/streams", {"name": "s", "shards": 1})
        assert (status, made["status"], [shard["id"] for shard in made["shards"]]) == (
            201,
            "ACTIVE",
            ["shardId-000000000000"],
        )
        put = {"keys": ["a", "b"], "data": [b"\x00\xff", b""], "producer": "p", "batch": 7}
        status, stored = await call(api, "POST", "/v1/streams/s/records", put)
        assert (status, stored["count"], stored["failed"], stored["refused"]) == (200, 2, 0, [])
        ((shard, first, positions),) = stored["runs"]
        assert (shard, positions) == ("shardId-000000000000", [0, 1])
        assert (await call(api, "POST", "/v1/streams/s/records", put))[1] == stored
        status, read = await call(api, "GET", f"/v1/streams/s/shards/{shard}/records", query="position=trim_horizon")
        ((index, arrival_ms, sequence, keys, datas),) = read["chunks"]
        assert (index, sequence, keys, datas) == (1, first, [b"a", b"b"], [b"\x00\xff", b""])
        assert abs(arrival_ms - broker.clock.now_ms()) < 60_000
        assert (read["next"], read["millis_behind"], read["children"]) == (3, 0, [])
        status, error = await call(api, "GET", "/v1/streams/none")
        assert (status, error["error"], error["stream"]) == (404, "stream_not_found", "none")
