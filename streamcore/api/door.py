"""What both front doors share: how much may be under way, and which API a path belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from streamcore.api.clients import Clients
from streamcore.api.http import Api, Response, StreamsBody
from streamcore.config import Settings

#: 10 MiB of records as base64 with their keys and braces, or the native API's 10,000 keys beside them. A route that
#: takes more says so (`BodyLimit`).
BODY_MAX_BYTES: Final = 24 * 1024 * 1024
#: What a body that is taken piece by piece holds at a time: two reads of the socket and what is being written.
STREAM_HELD_BYTES: Final = 1024 * 1024
TEXT: Final = {"content-type": "text/plain; charset=utf-8"}

#: (method, path) → the most bytes that a body may have there.
BodyLimit = Callable[[str, str], int]
#: (headers, query) → whether a request is for the fallback although its path has another API's prefix.
Claims = Callable[[Mapping[str, str], str], bool]


def _nothing(*_: object) -> bool:
    return False


class Door:
    """The bounds and the routes of one broker, whichever HTTP a request comes in."""

    def __init__(
        self,
        settings: Settings,
        apis: dict[str, Api],
        fallback: Api,
        larger: BodyLimit | None = None,
        streams: StreamsBody | None = None,
        claims: Claims | None = None,
    ) -> None:
        self._settings = settings
        self._apis = apis
        self._fallback = fallback
        self._larger = larger
        self.streams: StreamsBody = streams or _nothing
        self._claims: Claims = claims or _nothing
        #: Of the bodies of all requests in progress.
        self.inflight_bytes = 0
        self.clients = Clients(settings)

    def body_limit(self, method: str, path: str) -> int:
        """The most bytes that a body may have at this path."""
        return BODY_MAX_BYTES if self._larger is None else max(BODY_MAX_BYTES, self._larger(method, path))

    def takes(self, size_bytes: int, method: str, path: str) -> bool:
        """Whether a body of this size is within the bound of its path."""
        return size_bytes <= BODY_MAX_BYTES or size_bytes <= self.body_limit(method, path)

    def refuse(self, size_bytes: int, method: str, path: str) -> Response | None:
        """The refusal of a body, or of more of one; None when it may come in."""
        if not self.takes(size_bytes, method, path):
            return self.too_large(method, path)
        if self.inflight_bytes + size_bytes > self._settings.max_inflight_bytes:
            return Response(503, {**TEXT, "retry-after": "1"}, b"Too many bytes are in progress; try again.\n")
        return None

    def too_large(self, method: str, path: str) -> Response:
        return Response(413, dict(TEXT), f"A request has at most {self.body_limit(method, path)} bytes.\n".encode())

    def too_many(self) -> Response:
        """The refusal of a request beyond what its client may have under way."""
        text = f"A client has at most {self._settings.max_requests_per_client} requests in progress.\n"
        return Response(503, {**TEXT, "retry-after": "1"}, text.encode())

    def too_slow(self) -> Response:
        text = f"The request did not arrive within {self._settings.request_timeout_s:g} s.\n"
        return Response(408, dict(TEXT), text.encode())

    def api(self, path: str, headers: Mapping[str, str], query: str) -> Api:
        """The API whose prefix the path has; the last resort is the fallback. A prefix without a slash at its end is
        the whole path."""
        for prefix, api in self._apis.items():
            if path.startswith(prefix) and (len(path) == len(prefix) or prefix[-1] == "/"):
                return self._fallback if self._claims(headers, query) else api
        return self._fallback

    def start_draining(self) -> None:
        for api in (*self._apis.values(), self._fallback):
            api.start_draining()
