"""Posts to HTTP endpoints outside: one session, made when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import aiohttp

#: AWS gives an endpoint of a topic fifteen seconds.
TIMEOUT_S: Final = 15.0
CONNECTIONS_MAX: Final = 100


class WebPoster:
    """Answers are not read beyond their status, redirects are not followed."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        """The status of the answer. Raises OSError when there is none, TimeoutError when none came in time."""
        import aiohttp  # here, so that a broker without such endpoints never loads it

        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX),
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                auto_decompress=False,
            )
        try:
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status
        except (aiohttp.ClientError, ValueError) as error:
            raise OSError(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
