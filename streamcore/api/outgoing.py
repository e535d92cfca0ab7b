"""Requests that go out: the HTTP client of those services that call other servers. Bounded in time and size; redirects
are not followed, bodies are not unpacked, cookies are not kept, proxies of the environment are not used.

    client = HttpClient()
    answer = await client.request("GET", "http://127.0.0.1:8080/x?y=1", headers, b"", timeout_s=5.0, most_bytes=1_000)
    await client.close()
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import aiohttp
from yarl import URL

#: Connections at once, all servers together.
CONNECTIONS_MAX = 256


class OutgoingAnswer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class OutgoingError(Exception):
    """No answer: nobody is there, it is no HTTP, or it is too large."""


class HttpClient:
    """Made when the first request goes out."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        *,
        timeout_s: float,
        most_bytes: int,
    ) -> OutgoingAnswer:
        """`url` is sent as it is. Raises OutgoingError, TimeoutError."""
        session = self._session
        if session is None:
            session = self._session = aiohttp.ClientSession(
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        try:
            async with session.request(
                method,
                URL(url, encoded=True),
                headers=list(headers),
                data=body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as answer:
                found = await _bounded(answer, most_bytes)
                return OutgoingAnswer(answer.status, list(answer.headers.items()), found)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise OutgoingError(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


async def _bounded(answer: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    pieces, size = [], 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > most_bytes:
            raise OutgoingError(f"the answer has more than {most_bytes} bytes")
        pieces.append(piece)
    return b"".join(pieces)
