"""Function URLs: HTTP in, an event in payload format 2.0 to the function, its answer out; whole or streamed.

A URL is `http://{id}.lambda-url.{region}.localhost:port/`, and for programs that do not find names below `localhost`,
`http://localhost:port/_streamcore/url/{id}/`.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from runtime.app import Functions
from runtime.errors import EventTooLargeError, FunctionsError, ThrottledError
from runtime.functions.streaming import StreamedInvocation, begin
from runtime.model.cors import Cors, answer_headers, preflight_headers
from runtime.model.http_event import HttpAnswer, HttpRequest, Place, answer_v2, event_v2, prelude
from runtime.model.names import FunctionKey, FunctionRef
from runtime.model.settings import UrlConfig
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.sigv4 import identify
from streamcore.api.http import Request, Response, StreamingResponse

if TYPE_CHECKING:
    from streamcore.api.aws.access import Access

log = logging.getLogger(__name__)

HOST_PART: Final = ".lambda-url."
PATH_PREFIX: Final = "/_streamcore/url/"
_OPERATION: Final = "lambda.FunctionUrl"
_FORBIDDEN: Final = (
    "Forbidden. For troubleshooting Function URL authorization issues, see: "
    "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"
)
#: Headers of the connection, not of the answer.
_HOP_BY_HOP: Final = {"connection", "transfer-encoding", "content-length", "keep-alive", "upgrade"}


class FunctionUrlApi:
    """Answers the requests of all function URLs."""

    def __init__(self, functions: Functions, access: Access | None = None) -> None:
        """Without `access` a signature is looked for and not verified."""
        self._functions = functions
        self._access = access

    async def handle(self, request: Request) -> Response | StreamingResponse:
        request_id = str(uuid.uuid4())
        try:
            answer = await self._answer(request, request_id)
        except ThrottledError:
            answer = _message(429, "Too Many Requests")
        except EventTooLargeError:
            answer = _message(413, "Request Entity Too Large")
        except (FunctionsError, OSError) as error:
            log.warning("the function of %s%s: %s", request.headers.get("host", ""), request.path[:80], error)
            answer = _failed()
        answer.headers["x-amzn-RequestId"] = request_id
        return answer

    def start_draining(self) -> None:
        """Nothing here waits for something new."""

    # ------------------------------------------------------------

    async def _answer(self, request: Request, request_id: str) -> Response | StreamingResponse:
        url_id, path = _named(request)
        found = self._find(url_id)
        if found is None:
            return _message(403, "Forbidden")
        ref, config = found
        origin = request.headers.get("origin", "")
        if config.cors and origin and request.method == "OPTIONS":
            return Response(200, preflight_headers(_rules(config.cors), origin), operation=_OPERATION)
        if not self._may(request, ref, config, request_id):
            return _message(403, _FORBIDDEN)
        event = self._event(request, path, ref, url_id, request_id)
        if config.invoke_mode == "RESPONSE_STREAM":
            answer = await self._streamed(ref, event, request_id)
        else:
            answer = await self._whole(ref, event, request_id)
        if config.cors and origin:
            answer.headers.update(answer_headers(_rules(config.cors), origin))
        return answer

    def _may(self, request: Request, ref: FunctionRef, config: UrlConfig, request_id: str) -> bool:
        """Who may: with AWS_IAM who is allowed to, else whom the function's policy lets in without a signature."""
        is_open = config.auth_type != "AWS_IAM"
        if self._access is None:
            return is_open or _is_signed(request)
        from runtime.api.lambda_.url_access import may_invoke

        return may_invoke(self._access, request, ref, is_open=is_open, request_id=request_id)

    def _find(self, url_id: str) -> tuple[FunctionRef, UrlConfig] | None:
        for owner, qualifier, config in self._functions.catalog.urls:
            if config.url_id == url_id:
                return FunctionRef(FunctionKey(*owner), qualifier or None), config
        return None

    def _event(self, request: Request, path: str, ref: FunctionRef, url_id: str, request_id: str) -> bytes:
        headers = {name.lower(): value for name, value in request.headers.items()}
        host = headers.get("host", "")
        place = Place(account=ref.key.account, api_id=url_id, domain=host.rpartition(":")[0] or host)
        asked = HttpRequest(
            method=request.method, path=unquote(path), query=request.query, headers=headers, body=request.body
        )
        return event_v2(asked, place, request_id, self._functions.catalog.now_ms())

    async def _whole(self, ref: FunctionRef, event: bytes, request_id: str) -> Response:
        done = await self._functions.call(ref.arn, event, scope=ref.key.scope, request_id=request_id)
        answer = answer_v2(done.outcome.payload) if done.outcome.ok else None
        if answer is None:
            return _failed()
        cookies = tuple(map(_octets, answer.cookies))
        return Response(answer.status, _sent(answer), answer.body, operation=_OPERATION, cookies=cookies)

    async def _streamed(self, ref: FunctionRef, event: bytes, request_id: str) -> Response | StreamingResponse:
        started = await begin(
            lambda stream: self._functions.call(
                ref.arn, event, scope=ref.key.scope, request_id=request_id, stream=stream
            )
        )
        first = await anext(started, b"")
        if not first and not (await started.outcome()).outcome.ok:
            return _failed()
        head = await _with_prelude(started, first)
        if head is None:
            about = HttpAnswer(status=200, headers={"content-type": started.content_type or "application/octet-stream"})
            head = about, first
        about, rest = head
        cookies = tuple(map(_octets, about.cookies))
        pieces = _Pieces(started, rest)
        return StreamingResponse(about.status, _sent(about), pieces, operation=_OPERATION, cookies=cookies)


async def _with_prelude(started: StreamedInvocation, first: bytes) -> tuple[HttpAnswer, bytes] | None:
    """The head of a result that says that it has one; it may come in several pieces."""
    if "http-integration-response" not in (started.content_type or ""):
        return None
    while prelude(first) is None and len(first) < 65_536:
        piece = await anext(started, None)
        if piece is None:
            break
        first += piece
    return prelude(first)


class _Pieces:
    """A body: what came with its head, then the rest."""

    def __init__(self, started: StreamedInvocation, first: bytes) -> None:
        self._started = started
        self._first = first

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        return await anext(self._started)

    async def aclose(self) -> None:
        await self._started.aclose()


def _named(request: Request) -> tuple[str, str]:
    """The id of the URL, and the path below it."""
    if request.path.startswith(PATH_PREFIX):
        url_id, _, rest = request.path[len(PATH_PREFIX) :].partition("/")
        return url_id, f"/{rest}"
    return request.headers.get("host", "").partition(".")[0], request.path


def _is_signed(request: Request) -> bool:
    try:
        identify(request.headers, request.query)
    except (AwsError, ValueError):
        return False
    return True


def _sent(answer: HttpAnswer) -> dict[str, str]:
    return {name: _octets(value) for name, value in answer.headers.items() if name not in _HOP_BY_HOP}


def _octets(text: str) -> str:
    """Text beyond ASCII goes out as UTF-8, which HTTP's headers carry as it is."""
    return text if text.isascii() else text.encode(errors="replace").decode("latin-1")


def _message(status: int, text: str) -> Response:
    body = b'{"Message":"%s"}' % text.encode()
    return Response(status, {"content-type": "application/json"}, body, operation=_OPERATION)


def _failed() -> Response:
    return Response(502, {"content-type": "text/plain"}, b"Internal Server Error", operation=_OPERATION)


def _rules(cors: Mapping[str, Any]) -> Cors:
    """The configuration as Lambda keeps it."""
    return Cors(
        allow_credentials=cors.get("AllowCredentials"),
        allow_headers=cors.get("AllowHeaders"),
        allow_methods=cors.get("AllowMethods"),
        allow_origins=cors.get("AllowOrigins"),
        expose_headers=cors.get("ExposeHeaders"),
        max_age=cors.get("MaxAge"),
    )
