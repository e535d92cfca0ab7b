"""Lambda authorizers at work: the function is asked, what it said is kept for its time."""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.errors import FunctionsError
from runtime.gateway.expiring import Expiring
from runtime.gateway.function_call import FunctionCalls
from runtime.gateway.ports import Behalf
from runtime.model.apigateway.authorization import Decision, Grant, PolicyError, grant_of, identity_of, method_arn
from runtime.model.apigateway.authorizer_event import request_event, token_event
from runtime.model.apigateway.exchange import Exchange
from runtime.model.apigateway.gateway_responses import Refused
from runtime.model.apigateway.served import AuthorizerPlan, ServedStage
from runtime.model.given_pattern import GivenPattern, PatternTooSlow
from streamcore.clock import Clock
from streamcore.model.stream import Scope

#: The longest that an authorizer may take.
TIMEOUT_S = 29.0
_DENIED = "User is not authorized to access this resource"


class Authorizers:
    """Asks authorizers and remembers what they said, by stage, authorizer and identity."""

    def __init__(self, clock: Clock, functions: FunctionCalls) -> None:
        self._clock = clock
        self._functions = functions
        self._grants: Expiring[Grant] = Expiring()

    def forget(self, api_id: str, stage: str) -> None:
        """What was said for a stage is not valid any more."""
        self._grants.drop(api_id, stage)

    async def authorize(self, plan: AuthorizerPlan, served: ServedStage, exchange: Exchange) -> Grant:
        """What a caller was granted. Raises Refused: UNAUTHORIZED, ACCESS_DENIED, AUTHORIZER_FAILURE,
        AUTHORIZER_CONFIGURATION_ERROR."""
        arn = arn_of(served, exchange)
        grant = await self.ask(plan, served, exchange, arn)
        try:
            decision = grant.decide(arn)
        except PolicyError:
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR", None) from None
        if decision is Decision.ALLOWED:
            return grant
        text = f"{_DENIED} with an explicit deny" if decision is Decision.DENIED else _DENIED
        raise Refused("ACCESS_DENIED", text, member="Message")

    async def ask(self, plan: AuthorizerPlan, served: ServedStage, exchange: Exchange, arn: str) -> Grant:
        """From memory, or from the function. Raises Refused."""
        authorizer, ttl_s = plan.authorizer, plan.authorizer.authorizer_result_ttl_in_seconds
        identity = identity_of(plan.sources, exchange)
        if identity is None and (authorizer.type == "TOKEN" or (ttl_s and plan.sources)):
            raise _unauthorized()
        token = "" if not identity else identity[0]
        if authorizer.type == "TOKEN" and plan.pattern is not None and not _fits(plan.pattern, token):
            raise _unauthorized()
        key = (served.api.id, served.stage.stage_name, authorizer.id, identity)
        now = self._clock.monotonic()
        is_kept = bool(ttl_s) and identity is not None and bool(plan.sources)
        grant = self._grants.get(key, now) if is_kept else None
        if grant is None:
            event = token_event(token, arn) if authorizer.type == "TOKEN" else request_event(exchange, arn)
            grant = await self._invoke(plan, served, event, str(exchange.context["requestId"]))
            if is_kept:
                self._grants.put(key, grant, until=now + ttl_s)
        return grant

    async def _invoke(self, plan: AuthorizerPlan, served: ServedStage, event: bytes, request_id: str) -> Grant:
        scope = Scope(served.account, served.region)
        try:
            outcome = await self._functions(
                plan.function_arn,
                event,
                scope=scope,
                request_id=request_id,
                timeout_s=TIMEOUT_S,
                behalf=_behalf_of(plan, served),
            )
        except (FunctionsError, OSError) as error:
            raise Refused("AUTHORIZER_FAILURE", None) from error
        if not outcome.ok:
            if _error_message(outcome.payload) == "Unauthorized":
                raise _unauthorized()
            raise Refused("AUTHORIZER_FAILURE", None)
        try:
            return grant_of(outcome.payload)
        except PolicyError:
            raise Refused("AUTHORIZER_CONFIGURATION_ERROR", None) from None


def _behalf_of(plan: AuthorizerPlan, served: ServedStage) -> Behalf:
    authorizer = plan.authorizer
    arn = f"arn:aws:execute-api:{served.region}:{served.account}:{served.api.id}/authorizers/{authorizer.id}"
    return Behalf(arn, authorizer.authorizer_credentials)


def arn_of(served: ServedStage, exchange: Exchange) -> str:
    """The ARN of the method that is called, with the path that was asked for."""
    request = exchange.request
    return method_arn(
        served.region, served.account, served.api.id, served.stage.stage_name, request.method, request.path
    )


def _error_message(payload: bytes) -> Any:
    try:
        found = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found.get("errorMessage") if isinstance(found, dict) else None


def _fits(pattern: GivenPattern, token: str) -> bool:
    try:
        return pattern.fullmatch(token)
    except PatternTooSlow:
        return False


def _unauthorized() -> Refused:
    return Refused("UNAUTHORIZED", "Unauthorized")
