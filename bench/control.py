"""A plain blocking client for what happens outside the measured window: making streams, reading under throttling."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any

import msgspec

from bench.wire import HOST, kinesis_headers

CREATE_TIMEOUT_SECONDS = 30.0


class CallError(Exception):
    """A call outside the measured window was refused."""


class Client:
    """One keep-alive connection. `with Client(port) as client:`"""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection(HOST, port, timeout=60)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def post(self, path: str, headers: Mapping[str, str], body: object) -> tuple[int, bytes]:
        self._http.request("POST", path, msgspec.json.encode(body), dict(headers))
        answer = self._http.getresponse()
        return answer.status, answer.read()

    def create(self, path: str, headers: Mapping[str, str], body: object) -> None:
        """Raises CallError unless something was made."""
        status, answer = self.post(path, headers, body)
        if status != HTTPStatus.CREATED:
            raise CallError(f"POST {path}: {status} {answer[:300]!r}")

    def made(self, method: str, path: str, headers: Mapping[str, str], body: object) -> Any:
        """What a REST service made. Raises CallError."""
        self._http.request(method, path, msgspec.json.encode(body), dict(headers))
        answer = self._http.getresponse()
        text = answer.read()
        if answer.status != HTTPStatus.CREATED:
            raise CallError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return msgspec.json.decode(text)

    def try_call(self, action: str, **body: object) -> tuple[int, bytes]:
        return self.post("/", kinesis_headers(action), body)

    def call(self, action: str, **body: object) -> Any:
        status, answer = self.try_call(action, **body)
        if status != HTTPStatus.OK:
            raise CallError(f"{action}: {status} {answer[:300]!r}")
        return msgspec.json.decode(answer) if answer else None

    def create_stream(self, shards: int, name: str = "bench") -> str:
        """A new ACTIVE stream; returns its name."""
        self.call("CreateStream", StreamName=name, ShardCount=shards)
        deadline = time.monotonic() + CREATE_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            summary = self.call("DescribeStreamSummary", StreamName=name)["StreamDescriptionSummary"]
            if summary["StreamStatus"] == "ACTIVE":
                return name
            time.sleep(0.02)
        raise CallError(f"stream {name} did not become ACTIVE")

    def oldest_iterator(self, stream: str, shard: int = 0) -> str:
        shard_id = f"shardId-{shard:012d}"
        answer = self.call("GetShardIterator", StreamName=stream, ShardId=shard_id, ShardIteratorType="TRIM_HORIZON")
        return str(answer["ShardIterator"])


def create_stream(port: int, shards: int) -> str:
    with Client(port) as client:
        return client.create_stream(shards)
