"""Authorizers of HTTP APIs at work: tokens are verified, functions are asked, what they said is kept for its time."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import msgspec

from runtime.errors import FunctionsError
from runtime.gateway.expiring import Expiring
from runtime.gateway.function_call import FunctionCalls
from runtime.gateway.httpapi.keys import IssuerKeys, KeysUnavailable
from runtime.gateway.ids import new_request_id
from runtime.model.apigateway.authorization import PolicyError, method_arn
from runtime.model.apigateway.context import signer_of
from runtime.model.httpapi.events import authorizer_event
from runtime.model.httpapi.exchange import HttpExchange, Passed
from runtime.model.httpapi.identity import (
    ALGORITHMS,
    MISSING,
    Permit,
    Refusal,
    bearer,
    check_claims,
    check_scopes,
    invalid,
    permit_of,
    told_claims,
)
from runtime.model.httpapi.served import AuthorizerPlan, ServedHttpStage, ServedRoute
from streamcore.clock import Clock
from streamcore.model.stream import Scope

#: The longest that an authorizer's function may take (API Gateway quotas for HTTP APIs).
TIMEOUT_S: Final = 10.0


class HttpAuthorizers:
    """Lets requests through or refuses them. `forget` is told when what a stage serves has changed."""

    def __init__(self, clock: Clock, functions: FunctionCalls, keys: IssuerKeys) -> None:
        self._clock = clock
        self._functions = functions
        self._keys = keys
        self._permits: Expiring[Permit] = Expiring()

    def forget(self, api_id: str, stage: str) -> None:
        self._permits.drop(api_id, stage)

    async def authorize(self, served: ServedHttpStage, route: ServedRoute, exchange: HttpExchange) -> None:
        """Puts what it finds into the exchange. Raises Refusal."""
        if route.route.authorization_type == "AWS_IAM":
            exchange.passed = _signed(served, exchange)
        elif route.authorizer is not None and route.authorizer.authorizer.authorizer_type == "JWT":
            exchange.passed = await self._token(route, route.authorizer, exchange)
        elif route.authorizer is not None:
            exchange.passed = await self._function(served, route, route.authorizer, exchange)
        if exchange.passed is not None:
            exchange.context["authorizer"] = exchange.passed.v1

    # ------------------------------------------------------------ tokens

    async def _token(self, route: ServedRoute, plan: AuthorizerPlan, exchange: HttpExchange) -> Passed:
        text = plan.sources[0](exchange, None)
        if not text:
            raise Refusal(401, "no token", MISSING)
        configuration = plan.authorizer.jwt_configuration
        assert configuration is not None  # a JWT authorizer is not kept without
        issuer = configuration.issuer or ""
        claims = await self._claims(bearer(text), issuer)
        check_claims(claims, issuer, configuration.audience or [], self._clock.now_ms() / 1000)
        scopes = check_scopes(claims, route.route.authorization_scopes or [])
        told = {"claims": told_claims(claims), "scopes": scopes}
        return Passed(v1=told, v2={"jwt": told})

    async def _claims(self, token: str, issuer: str) -> dict[str, Any]:
        """Of a token whose signature is good. Raises Refusal."""
        import jwt  # cryptography with it; nobody who has no JWT authorizer loads them

        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise invalid("the token is malformed") from None
        if header.get("alg") not in ALGORITHMS or not isinstance(header.get("kid"), str):
            raise invalid("the token has no key id, or an algorithm that is not taken")
        try:
            key = await self._keys.find(issuer, header["kid"])
        except KeysUnavailable:
            raise invalid("the issuer's keys cannot be had") from None
        if key is None or key.algorithm_name != header["alg"]:
            raise invalid("signing key not found")
        try:
            # Its times and names are checked against the broker's clock, in check_claims.
            return jwt.decode(token, key, algorithms=[header["alg"]], options=_SIGNATURE_ALONE)
        except jwt.PyJWTError:
            raise invalid("the token has an invalid signature") from None

    # ------------------------------------------------------------ functions

    async def _function(
        self, served: ServedHttpStage, route: ServedRoute, plan: AuthorizerPlan, exchange: HttpExchange
    ) -> Passed:
        authorizer = plan.authorizer
        sources = [read(exchange, None) for read in plan.sources]
        if any(not each for each in sources):
            raise Refusal(401, "an identity source is missing")
        identity = [each or "" for each in sources]
        request = exchange.request
        path = quote(request.path, safe="/")
        arn = method_arn(
            served.region, served.account, served.api.api_id, served.stage.stage_name, request.method, path
        )
        ttl_s = authorizer.authorizer_result_ttl_in_seconds or 0
        key = (served.api.api_id, served.stage.stage_name, authorizer.authorizer_id, *identity)
        now = self._clock.monotonic()
        permit = self._permits.get(key, now) if ttl_s and identity else None
        if permit is None:
            is_v1 = authorizer.authorizer_payload_format_version == "1.0"
            event = authorizer_event(served, route, exchange, identity, arn, is_v1=is_v1)
            permit = await self._ask(served, plan, event)
            if ttl_s and identity:
                self._permits.put(key, permit, until=now + ttl_s)
        permit.check(arn)
        return Passed(v1=permit.told(is_v1=True), v2=permit.told(is_v1=False))

    async def _ask(self, served: ServedHttpStage, plan: AuthorizerPlan, event: bytes) -> Permit:
        scope = Scope(served.account, served.region)
        try:
            outcome = await self._functions(
                plan.function_arn, event, scope=scope, request_id=new_request_id(), timeout_s=TIMEOUT_S
            )
        except (FunctionsError, OSError, TimeoutError) as error:
            raise Refusal(500, f"the authorizer cannot be asked: {error!r}") from error
        if not outcome.ok:
            if _error_message(outcome.payload) == "Unauthorized":
                raise Refusal(401, "the authorizer says Unauthorized")
            raise Refusal(500, "the authorizer failed")
        try:
            return permit_of(outcome.payload, is_simple=plan.authorizer.enable_simple_responses is True)
        except PolicyError as error:
            raise Refusal(500, str(error)) from None


_SIGNATURE_ALONE: Final[Any] = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def _signed(served: ServedHttpStage, exchange: HttpExchange) -> Passed:
    """The caller of a signed request. The signature is not verified."""
    key = signer_of(exchange)
    if key is None:
        raise Refusal(403, "the request is not signed")
    exchange.context["identity"] |= {"accessKey": key, "accountId": served.account}
    caller = {
        "accessKey": key,
        "accountId": served.account,
        "callerId": key,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:aws:iam::{served.account}:root",
        "userId": key,
    }
    return Passed(v1={}, v2={"iam": caller})


def _error_message(payload: bytes) -> Any:
    try:
        found = msgspec.json.decode(payload)
    except (msgspec.DecodeError, RecursionError):
        return None
    return found.get("errorMessage") if isinstance(found, dict) else None
