"""S3 behind an endpoint: requests are told apart from those of other services, answered, and given the headers that all
answers of S3 have."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import Coroutine, Mapping
from importlib import import_module
from random import Random
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import msgspec

from runtime.api.s3.address import address_of, is_marked, may_be_anonymous, signed_for
from runtime.api.s3.app import S3, S3App
from runtime.api.s3.presigned import check_lifetime
from runtime.model.s3 import cors
from runtime.model.s3.errors import S3Error, invalid
from runtime.sqlite import DatabaseFailed
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.rest_xml import CONTENT_TYPE, XmlAction, XmlCall, xml_error_body
from streamcore.api.aws.service import Endpoint, origin_of
from streamcore.api.aws.sigv4 import identify, scope_of
from streamcore.api.http import Request, Response, StreamingResponse
from streamcore.config import Settings
from streamcore.errors import BrokerClosed, StorageFailed, StorageFull
from streamcore.model.stream import Scope
from streamcore.model.xml import parse

if TYPE_CHECKING:
    from streamcore.api.aws.access import Access

log = logging.getLogger(__name__)

QUERY_PARTS_MAX: Final = 200
_FULL: Final = "No space left; nothing of this request was stored."
_STREAMED: Final = ("PUT", "POST")


class S3Api:
    """The last API of a server: what is S3's it answers, everything else is the endpoint's."""

    def __init__(self, app: S3App, endpoint: Endpoint, settings: Settings, access: Access | None = None) -> None:
        """Without `access` nobody is refused."""
        self._access = access
        self._app = app
        self._endpoint = endpoint
        self._settings = settings
        self._random = Random()  # ids only have to differ
        self._is_loaded = False

    def handle(self, request: Request) -> Coroutine[Any, Any, Response | StreamingResponse]:
        """No step more for the requests of others than a look at one header."""
        if "x-amz-target" in request.headers or not self.claims(request):
            return self._endpoint.handle(request)
        return self.answer(request)

    def claims(self, request: Request) -> bool:
        """A signature says whose a request is; without one the host may, else it is for whoever knows its path, and S3
        comes last."""
        headers, query = request.headers, request.query
        if is_marked(headers, query):
            return True
        if signed_for(headers, query) or self._endpoint.claims(request):
            return False
        return may_be_anonymous(request.method, request.path, headers, query, self._app.store.buckets.__contains__)

    def streams(self, method: str, path: str, headers: Mapping[str, str], query: str) -> bool:
        """Whether a body is to come piece by piece: those of S3."""
        if method not in _STREAMED or "x-amz-target" in headers:
            return False
        return self.claims(Request(method, path, headers, b"", query))

    def start_draining(self) -> None:
        self._endpoint.start_draining()

    # ------------------------------------------------------------

    async def answer(self, request: Request) -> Response | StreamingResponse:
        """Answers any request of S3; never raises, except when it is cancelled."""
        random = self._random.randbytes(8 + 56)
        request_id, id_2 = random[:8].hex().upper(), b64encode(random[8:]).decode()
        bucket, action = "", None
        try:
            call = self._call(request, request_id, id_2)
            bucket = call.bucket
            if request.method == "OPTIONS":
                answered: Response | StreamingResponse = self._preflight(call)
            else:
                if self._access is None:
                    check_lifetime(call.query, self._app.store.clock.now_ms())
                else:
                    call = self._admitted(self._access, call)
                if not self._is_loaded:
                    await asyncio.to_thread(import_module, "runtime.api.s3.actions")
                    self._is_loaded = True
                action = S3.find(call)
                found = _found(action, call)
                if self._access is not None and call.grant is not None:
                    self._access.allow(call.grant, found.operation, call, call)
                answered = await found.handler(self._app, call)
        except Exception as error:  # noqa: BLE001  what is no answer is logged in _told
            answered = _error(_told(error, request_id), request, request_id, id_2)
        answered.headers["x-amz-request-id"] = request_id
        answered.headers["x-amz-id-2"] = id_2
        if "origin" in request.headers and request.method != "OPTIONS":
            answered.headers.update(self._cors(bucket, request))
        return answered if action is None else msgspec.structs.replace(answered, operation=action.operation)

    def _call(self, request: Request, request_id: str, id_2: str) -> XmlCall:
        _check_texts(request.headers)
        address = address_of(request.path, request.headers)
        try:
            pairs = parse_qsl(request.query, keep_blank_values=True, errors="replace", max_num_fields=QUERY_PARTS_MAX)
        except ValueError:
            raise S3Error("InvalidRequest", f"More than {QUERY_PARTS_MAX} parameters in the query string") from None
        scope = self._scope(request)
        origin = origin_of(request, self._settings)
        return XmlCall(request, address.bucket, address.key, dict(pairs), scope, request_id, id_2, origin)

    def _admitted(self, access: Access, call: XmlCall) -> XmlCall:
        from runtime.api.s3.access import admitted

        return admitted(access, call, self._app.store.clock.now_ms())

    def _scope(self, request: Request) -> Scope:
        """Who asks; whoever did not sign is the configured account."""
        try:
            in_query = "X-Amz-Algorithm" in request.query
            return scope_of(identify(request.headers, request.query if in_query else ""), self._settings.scope)
        except AwsError:
            return self._settings.scope

    def _rules(self, bucket: str) -> list[cors.CorsRule]:
        found = self._app.store.buckets.get(bucket)
        text = None if found is None else found.settings.get("cors")
        return [] if text is None else cors.rules_of(parse(text.encode()))

    def _preflight(self, call: XmlCall) -> Response:
        origin = call.headers.get("origin", "")
        method = call.headers.get("access-control-request-method", "")
        if not origin or not method:
            raise S3Error("AccessForbidden", "Insufficient information. Origin request header needed.")
        asked = call.headers.get("access-control-request-headers", "")
        names = [name.strip() for name in asked.split(",") if name.strip()]
        self._app.store.bucket(call.bucket)
        rules = self._rules(call.bucket)
        if not rules:
            raise S3Error(
                "AccessForbidden",
                "CORSResponse: CORS is not enabled for this bucket.",
                Method=method,
                ResourceType="BUCKET",
            )
        rule = cors.rule_for(rules, origin, method, names)
        if rule is None:
            text = (
                "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, "
                "request method / Access-Control-Request-Method or Access-Control-Request-Headers are not whitelisted "
                "by the resource's CORS spec."
            )
            raise S3Error("AccessForbidden", text, Method=method, ResourceType="OBJECT" if call.key else "BUCKET")
        return Response(200, rule.answer(origin, names))

    def _cors(self, bucket: str, request: Request) -> dict[str, str]:
        origin = request.headers["origin"]
        rule = cors.rule_for(self._rules(bucket), origin, request.method)
        return {} if rule is None else rule.answer(origin)

    def __repr__(self) -> str:
        return f"<S3Api {self._app.store!r} before {self._endpoint!r}>"


def _check_texts(headers: Mapping[str, str]) -> None:
    """Raises S3Error: InvalidArgument for a header that is no UTF-8: it could be neither kept nor told."""
    for name, value in headers.items():
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise invalid(name[:100], "", "Header value is not UTF-8") from None


def _found(action: XmlAction | None, call: XmlCall) -> XmlAction:
    """Raises S3Error: MethodNotAllowed, NotImplemented."""
    if action is not None:
        return action
    named = sorted(S3.not_offered & set(call.query))
    if named:
        raise S3Error("NotImplemented", f"{call.request.method} ?{named[0]} is not implemented.")
    raise S3Error("MethodNotAllowed", Method=call.request.method[:20], ResourceType=call.level.upper())


def _told(error: Exception, request_id: str) -> S3Error:
    """The answer to what was raised; faults nobody foresaw are logged."""
    match error:
        case S3Error():
            return error
        case StorageFull():
            return S3Error("ServiceUnavailable", _FULL)
        case DatabaseFailed() if "full" in error.reason:
            return S3Error("ServiceUnavailable", _FULL)
        case StorageFailed() | DatabaseFailed() | BrokerClosed():
            log.error("request %s failed: %s", request_id, error)
            return S3Error("ServiceUnavailable")
    log.exception("request %s failed", request_id, exc_info=error)
    return S3Error("InternalError")


def _error(error: S3Error, request: Request, request_id: str, id_2: str) -> Response:
    if error.status == 304 or request.method == "HEAD":
        headers = {} if error.status == 304 else {"content-type": CONTENT_TYPE}
        return Response(error.status, {**headers, **error.headers}, error=error.code)
    body = xml_error_body(error.code, error.message, error.members, request_id, id_2)
    return Response(error.status, {"content-type": CONTENT_TYPE, **error.headers}, body, error=error.code)
