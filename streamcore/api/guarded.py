"""A door in front of an API that knows no AWS protocol: bearer tokens, or a signature, and a permission.

It stands there only where authentication is on; an API without it has no step more.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from random import Random
from typing import Final

import msgspec

from streamcore.api.aws.access import origin_of
from streamcore.api.http import Api, Request, Response, StreamingResponse
from streamcore.identity import errors
from streamcore.identity.authenticator import BEARER
from streamcore.identity.callers import Caller
from streamcore.identity.guard import Guard, Need, Origin
from streamcore.model.iam import sigv4
from streamcore.model.iam.sigv4 import SignatureError, Signed

log = logging.getLogger(__name__)

#: What a request needs; None for what anybody may ask.
NeedOf = Callable[[Request], Need | None]
#: The services that a signature may be for: the native API's own, and Lambda's, by whose clients some paths are used.
SERVICES: Final = ("streamcore", "lambda")
_WANTED: Final = 'Bearer realm="streamcore"'


class Guarded:
    """Hands on to `api` what `need_of` says the caller may."""

    def __init__(self, api: Api, guard: Guard, need_of: NeedOf, *, in_json: bool = False) -> None:
        self._api = api
        self._guard = guard
        self._need_of = need_of
        self._in_json = in_json
        self._random = Random()  # ids only have to differ

    async def handle(self, request: Request) -> Response | StreamingResponse:
        origin = origin_of(request, self._random.randbytes(8).hex())
        try:
            need = self._need_of(request)
            if need is not None:
                self._guard.check(caller_of(self._guard, request, origin), need, origin)
        except errors.Denied as error:
            return self._refusal(403, error.code, str(error))
        except errors.IdentityUnavailable:
            log.exception("%s %s failed", request.method, request.path)
            return self._refusal(500, "internal", "The broker failed; the cause is in its log.")
        except errors.AccessError as error:
            refusal = self._refusal(401, error.code, f"{error}".partition("\n")[0])
            refusal.headers["www-authenticate"] = _WANTED
            return refusal
        return await self._api.handle(request)

    def start_draining(self) -> None:
        self._api.start_draining()

    def _refusal(self, status: int, code: str, message: str) -> Response:
        if self._in_json:
            return Response(
                status, {"content-type": "application/json"}, msgspec.json.encode({"code": code, "message": message})
            )
        body = msgspec.msgpack.encode({"error": code, "message": message})
        return Response(status, {"content-type": "application/msgpack"}, body, error=code)


def caller_of(guard: Guard, request: Request, origin: Origin) -> Caller:
    """By a token or by a signature. Raises AccessError."""
    authorization = request.headers.get("authorization", "")
    if authorization.startswith(BEARER) or not authorization:
        return guard.verify_token(authorization, origin)
    service = SERVICES[0]
    try:
        named = sigv4.from_header(authorization, request.headers).credential.service
        service = named if named in SERVICES else service
    except SignatureError:
        pass  # told by what follows
    payload = hashlib.sha256(request.body).hexdigest()
    signed = Signed(request.method, request.path, request.query, request.headers, payload)
    return guard.verify(signed, service, origin)


__all__ = ["Guarded", "NeedOf", "caller_of"]
