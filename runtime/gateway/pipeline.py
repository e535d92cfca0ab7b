"""A request through a REST API: route, authorizer, API key, throttle, validation, integration; what goes wrong on the
way is a gateway response."""

from __future__ import annotations

import gzip
import logging
import secrets
import uuid
from base64 import b64encode
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from runtime.gateway.apis import Apis
from runtime.gateway.authorizers import Authorizers
from runtime.gateway.integrations import Integrations
from runtime.gateway.keys import Keys
from runtime.gateway.ports import Door, WriteLog
from runtime.gateway.trace import SILENT, Trace
from runtime.model.apigateway.authorization import Grant, method_arn
from runtime.model.apigateway.context import Caller, context_of, enter, signer_of
from runtime.model.apigateway.exchange import Exchange
from runtime.model.apigateway.gateway_responses import Refused, internal_error
from runtime.model.apigateway.proxy_event import Answered, Arrived
from runtime.model.apigateway.route_tree import Match
from runtime.model.apigateway.served import BrokenMethod, ServedMethod, ServedStage
from streamcore.clock import Clock
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

#: A body, in and out (API Gateway quotas).
PAYLOAD_MAX_BYTES: Final = 10 * 1024 * 1024
_NO_ROUTE: Final = "Missing Authentication Token"


class _Entry(NamedTuple):
    """The door, and the path by which it is told what is asked for: as the route was found by it, so that no other
    spelling of it is another resource."""

    door: Door
    path: str

    def check(self, served: ServedStage, target: ServedMethod, exchange: Exchange) -> None:
        """Raises Refused."""
        scope, stage = Scope(served.account, served.region), served.stage.stage_name
        arn = method_arn(served.region, served.account, served.api.id, stage, exchange.request.method, self.path)
        if target.authorizer is not None:
            self.door.check_denied(arn)
        elif target.method.authorization_type == "AWS_IAM":
            exchange.context["identity"] |= self.door.admit_signed(arn, scope)
        else:
            self.door.admit_anybody(arn, scope)


class Pipeline:
    """Serves the stages of `apis`."""

    def __init__(
        self,
        clock: Clock,
        apis: Apis,
        keys: Keys,
        authorizers: Authorizers,
        integrations: Integrations,
        write_log: WriteLog,
    ) -> None:
        self._clock = clock
        self._apis = apis
        self._keys = keys
        self._authorizers = authorizers
        self._integrations = integrations
        self._write_log = write_log

    async def serve(
        self,
        api_id: str,
        stage: str,
        segments: list[str],
        request: Arrived,
        caller: Caller,
        door: Door | None = None,
    ) -> Answered:
        """Answers any request; `segments` are those of the path below the stage, still percent-encoded. `door` is there
        where authentication is on."""
        served = self._apis.served(api_id, stage)
        if served is None or served.api.disable_execute_api_endpoint:
            return forbidden()
        exchange = self.exchange(served, request, caller)
        match = served.routes.find(request.method, segments)
        entry = None if door is None else _Entry(door, "/".join(map(unquote, segments)))
        answer = await self._answer(served, match, exchange, entry)
        self._tell(served, exchange, answer)
        return answer

    def exchange(self, served: ServedStage, request: Arrived, caller: Caller) -> Exchange:
        """A request with its `$context`."""
        context = context_of(
            served,
            request,
            caller,
            request_id=str(uuid.uuid4()),
            extended_id=b64encode(secrets.token_bytes(11)).decode(),
            now_ms=self._clock.now_ms(),
        )
        return Exchange(request, context, {}, served.variables)

    async def _answer(
        self,
        served: ServedStage,
        match: Match[ServedMethod | BrokenMethod] | None,
        exchange: Exchange,
        entry: _Entry | None,
    ) -> Answered:
        try:
            if len(exchange.request.body) > PAYLOAD_MAX_BYTES:
                raise Refused("REQUEST_TOO_LARGE", "Request Too Long")
            if match is None:
                raise Refused("MISSING_AUTHENTICATION_TOKEN", _NO_ROUTE)
            target = self.enter(match, exchange)
            await self._admit(served, target, exchange, entry)
            answer = await self.run(served, target, exchange)
            if len(answer.body) > PAYLOAD_MAX_BYTES:
                raise internal_error()
        except Refused as refused:
            answer = served.responses.answer(refused, exchange)
        except Exception:
            log.exception("request %s failed", exchange.context["requestId"])
            answer = served.responses.answer(internal_error(), exchange)
        self._finish(served, exchange, answer)
        return answer

    def enter(self, match: Match[ServedMethod | BrokenMethod], exchange: Exchange) -> ServedMethod:
        """What a route adds to the request. Raises Refused for one that cannot be served."""
        target = match.target
        enter(exchange.context, target.resource)
        for name, value in match.parameters.items():
            exchange.path_parameters[name] = unquote(value)
        if isinstance(target, BrokenMethod):
            log.warning("%s %s cannot be served: %s", target.method.http_method, target.resource.path, target.reason)
            raise internal_error()
        return target

    async def run(
        self, served: ServedStage, target: ServedMethod, exchange: Exchange, trace: Trace = SILENT
    ) -> Answered:
        """Validation and integration. Raises Refused."""
        if target.check is not None:
            target.check.check(exchange)
        began = self._clock.monotonic()
        try:
            return await self._integrations(served, target, exchange, trace)
        finally:
            latency_ms = round((self._clock.monotonic() - began) * 1000)
            exchange.context["integrationLatency"] = latency_ms

    async def _admit(self, served: ServedStage, target: ServedMethod, exchange: Exchange, entry: _Entry | None) -> None:
        """Raises Refused."""
        if entry is not None:
            entry.check(served, target, exchange)
        grant: Grant | None = None
        if target.authorizer is not None:
            grant = await self._authorizers.authorize(target.authorizer, served, exchange)
            told: dict[str, Any] = {name: _told(value) for name, value in grant.context.items()}
            exchange.context["authorizer"] = {"principalId": grant.principal, **told, "integrationLatency": 0}
        elif target.method.authorization_type == "AWS_IAM" and entry is None:
            key = signer_of(exchange)
            if key is None:
                raise Refused("MISSING_AUTHENTICATION_TOKEN", _NO_ROUTE)
            exchange.context["identity"] |= {"accessKey": key, "accountId": served.account}
        if target.method.api_key_required:
            self._admit_key(served, target, exchange, grant)
        if target.bucket is not None and not target.bucket.take(self._clock.monotonic()):
            raise Refused("THROTTLED", "Too Many Requests")

    def _admit_key(self, served: ServedStage, target: ServedMethod, exchange: Exchange, grant: Grant | None) -> None:
        if served.api.api_key_source == "AUTHORIZER":
            value = None if grant is None else grant.usage_key
        else:
            value = exchange.header("x-api-key")
        key = self._keys.admit(
            Scope(served.account, served.region),
            value,
            served.api.id,
            served.stage.stage_name,
            target.resource.path,
            target.method.http_method,
        )
        exchange.context["identity"] |= {"apiKey": key.value, "apiKeyId": key.id}

    def _finish(self, served: ServedStage, exchange: Exchange, answer: Answered) -> None:
        least = served.api.minimum_compression_size
        accepted = exchange.header("accept-encoding") or ""
        is_encoded = any(name.lower() == "content-encoding" for name in answer.headers)
        if least is not None and len(answer.body) >= least and "gzip" in accepted and not is_encoded:
            answer.body = gzip.compress(answer.body, 6, mtime=0)
            answer.headers["Content-Encoding"] = "gzip"
        answer.headers["x-amzn-RequestId"] = exchange.context["requestId"]
        answer.headers["x-amz-apigw-id"] = exchange.context["extendedRequestId"]

    def _tell(self, served: ServedStage, exchange: Exchange, answer: Answered) -> None:
        """A line into the access log, if the stage has one."""
        if served.access_log is None or not served.log_group_arn:
            return
        context, now_ms = exchange.context, self._clock.now_ms()
        context["status"] = answer.status
        context["responseLength"] = len(answer.body)
        context["responseLatency"] = now_ms - context["requestTimeEpoch"]
        line = served.access_log.line(context)
        self._write_log(served.log_group_arn, f"{served.api.id}/{served.stage.stage_name}", now_ms, line)


def forbidden() -> Answered:
    """What there is no API or stage for."""
    headers = {"Content-Type": "application/json", "x-amzn-ErrorType": "ForbiddenException"}
    return Answered(status=403, headers=headers, body=b'{"message":"Forbidden"}')


def _told(value: str | float | bool) -> str:
    """The context of an authorizer is told as texts."""
    return str(value).lower() if isinstance(value, bool) else str(value)
