"""One call, one request: the native API from Python."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from streamcore.client.signing import Keys, signed_headers
from streamcore.errors import StreamcoreError

_ENCODER: Final = msgspec.msgpack.Encoder()
RETRYABLE: Final = frozenset({429, 500, 502, 503, 504, 507})


class ApiError(StreamcoreError):
    """The broker refused a request; `status` is HTTP's, `code` the broker's name for it."""

    def __init__(self, status: int, code: str, message: str) -> None:
        Exception.__init__(self, f"{code}: {message}")
        self.data = {"status": status, "error": code}
        self.status = status
        self.error_code = code


class Unreachable(StreamcoreError):
    """The broker at {url} did not answer: {reason}"""

    code = "unreachable"


class Client:
    """The native API, one coroutine per request. Raises ApiError, and Unreachable when there is no answer."""

    def __init__(self, url: str, *, timeout_s: float = 60.0, token: str | None = None) -> None:
        """`token` is a bearer token (`streamcore token create`), for brokers that want one; without, the variable
        STREAMCORE_TOKEN is taken."""
        self.url = url.rstrip("/")
        self._token = os.environ.get("STREAMCORE_TOKEN", "") if token is None else token
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def create_stream(self, name: str, *, shards: int = 1, **options: Any) -> dict[str, Any]:
        return await self._call("POST", "/v1/streams", {"name": name, "shards": shards, **options})

    async def list_streams(self) -> list[dict[str, Any]]:
        streams: list[dict[str, Any]] = (await self._call("GET", "/v1/streams"))["streams"]
        return streams

    async def describe_stream(self, name: str) -> dict[str, Any]:
        return await self._call("GET", _path(name))

    async def delete_stream(self, name: str) -> None:
        await self._call("DELETE", _path(name))

    async def put(
        self, name: str, keys: list[str], data: list[bytes], *, producer: str | None = None, batch: int | None = None
    ) -> dict[str, Any]:
        """Stores records; see docs/native-api.md for the answer."""
        body: dict[str, Any] = {"keys": keys, "data": data}
        if producer is not None:
            body |= {"producer": producer, "batch": batch}
        return await self._call("POST", f"{_path(name)}/records", body)

    async def read(
        self, name: str, shard: str, position: str = "trim_horizon", *, limit: int = 10_000, wait_ms: int = 0
    ) -> dict[str, Any]:
        """Reads a shard from a position; with `wait_ms` it waits for a commit when there is nothing yet."""
        query = f"position={quote(position, safe=':')}&limit={limit}&wait_ms={wait_ms}"
        return await self._call("GET", f"{_path(name)}/shards/{quote(shard, safe='')}/records?{query}")

    async def checkpoints(self, name: str, consumer: str) -> dict[str, int]:
        return await self._call("GET", f"{_path(name)}/consumers/{quote(consumer, safe='')}/checkpoints")

    async def save_checkpoints(self, name: str, consumer: str, positions: dict[str, int]) -> None:
        await self._call("PUT", f"{_path(name)}/consumers/{quote(consumer, safe='')}/checkpoints", positions)

    async def delete_checkpoints(self, name: str, consumer: str) -> None:
        await self._call("DELETE", f"{_path(name)}/consumers/{quote(consumer, safe='')}/checkpoints")

    async def mappings(self) -> list[dict[str, Any]]:
        """All event source mappings; see docs/event-source-mappings.md for this and the next two."""
        found: list[dict[str, Any]] = (await self._call("GET", "/v1/mappings"))["mappings"]
        return found

    async def mapping(self, uuid: str) -> dict[str, Any]:
        return await self._call("GET", f"/v1/mappings/{quote(uuid, safe='')}")

    async def use_mapping(self, uuid: str, tool: str, **options: Any) -> dict[str, Any]:
        """`tool` is pause, resume, skip, dry-run or replay."""
        return await self._call("POST", f"/v1/mappings/{quote(uuid, safe='')}/{tool}", options)

    async def snapshots(self) -> list[dict[str, Any]]:
        """All snapshots of the broker; see docs/snapshots.md for this and the next three."""
        found: list[dict[str, Any]] = (await self._call("GET", "/v1/snapshots"))["snapshots"]
        return found

    async def create_snapshot(self, description: str = "", tags: dict[str, str] | None = None) -> dict[str, Any]:
        """Returns when the copy is made; its moment is when the request came."""
        return await self._call("POST", "/v1/snapshots", {"description": description, "tags": tags or {}})

    async def delete_snapshot(self, snapshot: str) -> None:
        await self._call("DELETE", f"/v1/snapshots/{quote(snapshot, safe='')}")

    async def prune_snapshots(self, older_than_ms: int) -> list[str]:
        """Deletes those that began before that Unix time; their ids."""
        gone: list[str] = (await self._call("POST", "/v1/snapshots/prune", {"older_than_ms": older_than_ms}))["deleted"]
        return gone

    async def signed(self, keys: Keys, method: str, path: str, body: object = None) -> dict[str, Any]:
        """A request with a signature instead of a token, as root makes them."""
        data = b"" if body is None else _ENCODER.encode(body)
        at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        host = URL(self.url).raw_authority
        return await self._call(
            method, path, body, signed_headers(keys, "streamcore", "us-east-1", at, method, host, path, "", {}, data)
        )

    async def _call(
        self, method: str, path: str, body: object = None, more: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)
            )
        data = None if body is None else _ENCODER.encode(body)
        headers = {"content-type": "application/msgpack"} if data is not None else {}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        headers |= more or {}
        try:
            async with self._session.request(method, self.url + path, data=data, headers=headers) as response:
                raw = await response.read()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(url=self.url, reason=str(error) or type(error).__name__) from error
        if response.status >= 400:
            raise _api_error(response.status, raw)
        answer: dict[str, Any] = msgspec.msgpack.decode(raw) if raw else {}
        return answer


def _path(name: str) -> str:
    return f"/v1/streams/{quote(name, safe='')}"


def _api_error(status: int, raw: bytes) -> ApiError:
    try:
        answer = msgspec.msgpack.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError:
        return ApiError(status, "http", raw[:200].decode(errors="replace").strip())
    return ApiError(status, str(answer.get("error", "http")), str(answer.get("message", "")))
