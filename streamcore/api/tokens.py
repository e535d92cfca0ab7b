"""Bearer tokens of the native API, under /v1/tokens: msgpack, as the rest of it.

    GET    /v1/tokens          {"tokens": [{"name", "policy", "created_ms", "expires_ms"}]}
    POST   /v1/tokens          {"name", "policy", "expires_s"?} → {"name", "token"}: the only time that it is told
    DELETE /v1/tokens/{name}

`streamcore token` speaks it, signed with root's credentials. A token may what its policy says, whoever made it: who may
`streamcore:CreateToken` may give away anything.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Annotated, Any, Final
from urllib.parse import unquote

import msgspec

from streamcore.api.http import Request, Response
from streamcore.identity.app import IdentityApp
from streamcore.identity.guard import Need
from streamcore.identity.values import Token
from streamcore.model.iam.document import PolicyError, PolicyKind, read_policy

PATH: Final = "/v1/tokens"
TOKENS_MAX: Final = 1000
POLICY_MAX_CHARS: Final = 6144
PREFIX: Final = "sct_"
_NAME: Final = re.compile(r"(?a)\A[\w+=,.@-]{1,64}\Z")
_ACTIONS: Final = {"GET": "streamcore:ListTokens", "POST": "streamcore:CreateToken", "DELETE": "streamcore:DeleteToken"}


class CreateBody(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    policy: Annotated[str, msgspec.Meta(max_length=131_072)]
    expires_s: Annotated[int, msgspec.Meta(ge=1, le=10 * 366 * 86_400)] | None = None


_CREATE: Final = msgspec.msgpack.Decoder(CreateBody)


def need_of(request: Request) -> Need:
    """What a request here needs."""
    return Need(_ACTIONS.get(request.method, "streamcore:Unknown"), "*")


class TokensApi:
    """Tokens of the configured account."""

    def __init__(self, app: IdentityApp) -> None:
        self._app = app

    async def handle(self, request: Request) -> Response:
        name = unquote(request.path.removeprefix(PATH).strip("/"))
        try:
            match request.method, bool(name):
                case "GET", False:
                    return self._list()
                case "POST", False:
                    return await self._create(_CREATE.decode(request.body))
                case "DELETE", True:
                    return await self._delete(name)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return _refusal(400, "malformed_body", f"The body is not what this path takes: {error}")
        except PolicyError as error:
            return _refusal(400, "invalid_argument", f"policy: {error}")
        return _refusal(405, "no_such_method", "GET and POST /v1/tokens, DELETE /v1/tokens/{name}.")

    def start_draining(self) -> None:
        """Nothing here waits for something new."""

    def _list(self) -> Response:
        tokens = self._app.identities.tokens.of(self._app.identities.account)
        return _answer({"tokens": [_shown(token) for token in tokens]})

    async def _create(self, body: CreateBody) -> Response:
        identities, now_ms = self._app.identities, self._app.now_ms()
        if not _NAME.match(body.name):
            return _refusal(400, "invalid_argument", "A token's name has 1 to 64 of a-z A-Z 0-9 _ + = , . @ -")
        if len(body.policy) > POLICY_MAX_CHARS:
            return _refusal(400, "invalid_argument", f"A token's policy has at most {POLICY_MAX_CHARS} characters.")
        read_policy(body.policy, PolicyKind.IDENTITY, body.name)
        async with identities.changing:
            if identities.tokens.get(identities.account, body.name) is not None:
                return _refusal(409, "token_exists", f"There is a token {body.name} already.")
            if len(identities.tokens.of(identities.account)) >= TOKENS_MAX:
                return _refusal(429, "limit_exceeded", f"There are at most {TOKENS_MAX} tokens.")
            secret = PREFIX + secrets.token_urlsafe(32)
            token = Token(
                account=identities.account,
                name=body.name,
                sha256=hashlib.sha256(secret.encode()).hexdigest(),
                policy=body.policy,
                created_ms=now_ms,
                expires_ms=0 if body.expires_s is None else now_ms + body.expires_s * 1000,
            )
            await identities.tokens.put(token)
        return _answer({"name": token.name, "token": secret}, 201)

    async def _delete(self, name: str) -> Response:
        identities = self._app.identities
        async with identities.changing:
            token = identities.tokens.get(identities.account, name)
            if token is None:
                return _refusal(404, "token_not_found", f"There is no token {name[:100]}.")
            await identities.tokens.remove(token)
        return _answer({})


def _shown(token: Token) -> dict[str, Any]:
    return {
        "name": token.name,
        "policy": token.policy,
        "created_ms": token.created_ms,
        "expires_ms": token.expires_ms or None,
    }


def _answer(value: object, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/msgpack"}, msgspec.msgpack.encode(value))


def _refusal(status: int, code: str, message: str) -> Response:
    return _answer({"error": code, "message": message}, status)
