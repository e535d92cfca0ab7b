"""What an authorizer says of a caller, and how that is told to integrations.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from runtime.model.apigateway.authorization import Decision, PolicyError, decide, grant_of

#: Algorithms of tokens: those of API Gateway (RSA), and elliptic curves.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")


class Refusal(Exception):
    """An authorizer lets nobody through. `challenge` is the `www-authenticate` of the answer; `reason` goes into the
    access log."""

    def __init__(self, status: int, reason: str, challenge: str | None = None) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.challenge = challenge


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    """What a Lambda authorizer said: a policy, or whether it says yes. `context` is told to integrations."""

    is_authorized: bool | None
    policy: Any
    principal: str | None
    context: dict[str, Any]

    def check(self, arn: str) -> None:
        """Raises Refusal for what this permits not."""
        if self.is_authorized is None:
            try:
                allowed = decide(self.policy, arn) is Decision.ALLOWED
            except PolicyError as error:
                raise Refusal(500, str(error)) from None
        else:
            allowed = self.is_authorized
        if not allowed:
            raise Refusal(403, "the authorizer denies it")

    def told(self, *, is_v1: bool) -> dict[str, Any]:
        """`requestContext.authorizer` of an event."""
        if not is_v1:
            return {"lambda": self.context or None}
        principal = {} if self.principal is None else {"principalId": self.principal}
        return principal | self.context


def permit_of(payload: bytes, *, is_simple: bool) -> Permit:
    """The result of an authorizer's function. Raises PolicyError."""
    if not is_simple:
        return _policy(payload)
    try:
        result = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        raise PolicyError("the result is no JSON") from None
    if not isinstance(result, dict) or not isinstance(result.get("isAuthorized"), bool):
        raise PolicyError("the result has no isAuthorized")
    context = result.get("context") or {}
    if not isinstance(context, dict):
        raise PolicyError("the context is no object")
    return Permit(is_authorized=result["isAuthorized"], policy=None, principal=None, context=context)


def _policy(payload: bytes) -> Permit:
    grant = grant_of(payload)
    return Permit(is_authorized=None, policy=grant.policy, principal=grant.principal, context=dict(grant.context))


# ---------------------------------------------------------------- JSON Web Tokens


def bearer(text: str) -> str:
    """The token of `Bearer <token>`, or of the token alone."""
    scheme, _, token = text.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else text.strip()


def check_claims(claims: Mapping[str, Any], issuer: str, audience: Sequence[str], now_s: float) -> None:
    """What API Gateway demands of a token whose signature is good. Raises Refusal (401)."""
    if claims.get("iss") != issuer:
        raise invalid("the token has an invalid issuer")
    said = claims["aud"] if claims.get("aud") else claims.get("client_id")
    if not set(_texts(said)) & set(audience):
        raise invalid("the token has an invalid audience")
    expires, begins, issued = (_time(claims, name) for name in ("exp", "nbf", "iat"))
    if expires is None or expires <= now_s:
        raise invalid("the token has expired")
    if begins is not None and begins > now_s:
        raise invalid("the token is not valid yet")
    if issued is not None and issued > now_s:
        raise invalid("the token was issued in the future")


def check_scopes(claims: Mapping[str, Any], wanted: Sequence[str]) -> list[str] | None:
    """Those of a route that the token has; None when the route wants none. Raises Refusal (403)."""
    if not wanted:
        return None
    said = claims.get("scope", claims.get("scp"))
    has = said.split(" ") if isinstance(said, str) else _texts(said)
    found = [scope for scope in wanted if scope in has]
    if not found:
        text = "the token does not have the required scopes"
        raise Refusal(403, text, _challenge(text, "insufficient_scope", wanted))
    return found


def told_claims(claims: Mapping[str, Any]) -> dict[str, str]:
    """Claims as integrations are told them: all are texts, an array is `[a b]`."""
    return {name: _told(value) for name, value in claims.items()}


def invalid(reason: str) -> Refusal:
    return Refusal(401, reason, _challenge(reason, "invalid_token"))


MISSING: Final = "Bearer"


def _challenge(reason: str, error: str, scopes: Sequence[str] = ()) -> str:
    scope = f'scope="{" ".join(scopes)}" ' if scopes else ""
    return f'Bearer {scope}error="{error}" error_description="{reason}"'


def _texts(value: Any) -> list[str]:
    values: Iterable[Any] = value if isinstance(value, list) else [value]
    return [each for each in values if isinstance(each, str)]


def _time(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"the token has an invalid {name}")
    return value


def _told(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(_told, value))}]"
    if isinstance(value, str):
        return value
    return json.dumps(value)
