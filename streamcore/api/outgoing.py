"""Requests that go out: the one HTTP client of all services that call other servers. Bounded in time, size and number;
redirects are not followed, bodies are not unpacked, cookies are not kept, proxies of the environment are not used.

    client = HttpClient()
    answer = await client.request("GET", "http://127.0.0.1:8080/x?y=1", headers, b"", timeout_s=5.0, most_bytes=1_000)
    await client.close()
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    import aiohttp

#: Connections at once, all servers together, and to one of them.
CONNECTIONS_MAX: Final = 256
CONNECTIONS_PER_SERVER_MAX: Final = 100
#: What an HTTP endpoint that is told something may take; AWS gives one of a topic fifteen seconds.
POST_TIMEOUT_S: Final = 15.0


class OutgoingAnswer(NamedTuple):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class OutgoingError(OSError):
    """No answer: nobody is there, it is no HTTP, or it is too large."""


class HttpClient:
    """Its session, and the library behind it, are there when the first request goes out."""

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
        return await self._send(method, url, headers, body, timeout_s, most_bytes)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The status of the answer, whose body is not read. Raises OutgoingError, TimeoutError."""
        return (await self._send("POST", url, list(headers.items()), body, POST_TIMEOUT_S, None)).status

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX, limit_per_host=CONNECTIONS_PER_SERVER_MAX),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        return self._session

    async def _send(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes,
        timeout_s: float,
        most_bytes: int | None,
    ) -> OutgoingAnswer:
        """Without `most_bytes` nothing is read but the head."""
        import aiohttp
        from yarl import URL

        try:
            async with self._open().request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as answer:
                found = b"" if most_bytes is None else await _bounded(answer, most_bytes)
                return OutgoingAnswer(answer.status, list(answer.headers.items()), found)
        except TimeoutError:
            raise
        except (aiohttp.ClientError, ValueError, OSError) as error:
            raise OutgoingError(str(error) or type(error).__name__) from error


async def _bounded(answer: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    pieces, size = [], 0
    async for piece in answer.content.iter_any():
        size += len(piece)
        if size > most_bytes:
            raise OutgoingError(f"the answer has more than {most_bytes} bytes")
        pieces.append(piece)
    return b"".join(pieces)
