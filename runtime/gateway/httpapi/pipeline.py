"""A request through an HTTP API: preflight, route, throttle, authorizer, integration; what goes wrong on the way is
answered in the words of HTTP APIs."""

from __future__ import annotations

import logging
import secrets
from base64 import b64encode
from typing import Final
from urllib.parse import unquote

from runtime.gateway.httpapi.apis import HttpApis
from runtime.gateway.httpapi.authorizers import HttpAuthorizers
from runtime.gateway.httpapi.integrations import HttpIntegrations, IntegrationError
from runtime.gateway.ports import WriteLog
from runtime.model.apigateway.context import Caller
from runtime.model.apigateway.proxy_event import Answered, Arrived
from runtime.model.cors import PREFIX, answer_headers, is_preflight, preflight_headers
from runtime.model.httpapi.context import context_of
from runtime.model.httpapi.exchange import HttpExchange
from runtime.model.httpapi.identity import Refusal
from runtime.model.httpapi.served import ServedHttpStage
from streamcore.clock import Clock

log = logging.getLogger(__name__)

#: A body, in and out (API Gateway quotas).
PAYLOAD_MAX_BYTES: Final = 10 * 1024 * 1024
#: The gateway's own answers.
TEXTS: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    413: "Request Entity Too Large",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


class HttpPipeline:
    """Serves the stages of `apis`."""

    def __init__(
        self,
        clock: Clock,
        apis: HttpApis,
        authorizers: HttpAuthorizers,
        integrations: HttpIntegrations,
        write_log: WriteLog,
    ) -> None:
        self._clock = clock
        self._apis = apis
        self._authorizers = authorizers
        self._integrations = integrations
        self._write_log = write_log

    async def serve(self, api_id: str, path: str, query_string: str, request: Arrived, caller: Caller) -> Answered:
        """Answers any request; `path` is percent-encoded, with the stage in front where it has one. The path of
        `request` is set here."""
        stage, below = self._apis.addressed(api_id, path)
        served = self._apis.served(api_id, stage)
        if served is None or served.api.disable_execute_api_endpoint:
            return own(404)
        request = Arrived(
            method=request.method,
            path=unquote(below),
            query=request.query,
            headers=request.headers,
            body=request.body,
        )
        request_id = b64encode(secrets.token_bytes(11)).decode()
        context = context_of(served, request, caller, request_id=request_id, now_ms=self._clock.now_ms())
        exchange = HttpExchange(request, context, served.variables, query_string)
        answer = await self._answer(served, below, exchange)
        self._finish(served, exchange, answer)
        self._tell(served, exchange, answer)
        return answer

    async def _answer(self, served: ServedHttpStage, path: str, exchange: HttpExchange) -> Answered:
        context = exchange.context
        try:
            if len(exchange.request.body) > PAYLOAD_MAX_BYTES:
                return self._refused(exchange, 413, "the body is too large")
            if served.api.cors_configuration is not None and _is_preflight(exchange):
                return Answered(status=204, headers={})
            return await self._routed(served, path, exchange)
        except Refusal as refusal:
            context["authorizer"] = {"error": refusal.reason}
            answer = self._refused(exchange, refusal.status, refusal.reason)
            if refusal.challenge is not None:
                answer.headers["www-authenticate"] = refusal.challenge
            return answer
        except IntegrationError as error:
            context["integrationErrorMessage"] = error.reason
            context.setdefault("integration", {})["error"] = error.reason
            return self._refused(exchange, error.status, error.reason)
        except Exception:
            log.exception("request %s failed", context["requestId"])
            return self._refused(exchange, 500, "internal error")

    async def _routed(self, served: ServedHttpStage, path: str, exchange: HttpExchange) -> Answered:
        """Raises Refusal, IntegrationError."""
        match = served.find(exchange.request.method, path)
        if match is None:
            return self._refused(exchange, 404, "no route")
        route = match.target
        exchange.context["routeKey"] = route.route.route_key
        exchange.path_parameters = {name: unquote(value) for name, value in match.parameters.items()}
        if route.bucket is not None and not route.bucket.take(self._clock.monotonic()):
            return self._refused(exchange, 429, "too many requests")
        if isinstance(route.plan, str):
            log.warning("%s of %s cannot be served: %s", route.route.route_key, served.api.api_id, route.plan)
            raise IntegrationError(500, route.plan)
        await self._authorizers.authorize(served, route, exchange)
        began = self._clock.monotonic()
        try:
            answer = await self._integrations(served, route, route.plan, exchange)
        finally:
            latency_ms = round((self._clock.monotonic() - began) * 1000)
            exchange.context["integrationLatency"] = latency_ms
        if len(answer.body) > PAYLOAD_MAX_BYTES:
            raise IntegrationError(500, "the answer is too large")
        return answer

    def _refused(self, exchange: HttpExchange, status: int, reason: str) -> Answered:
        text = TEXTS[status]
        exchange.context["error"] = {"message": text, "messageString": f'"{text}"', "responseType": reason}
        return own(status)

    def _finish(self, served: ServedHttpStage, exchange: HttpExchange, answer: Answered) -> None:
        """With a CORS configuration, nothing that an integration says of CORS is passed on."""
        cors = served.api.cors_configuration
        if cors is not None:
            origin = exchange.header("origin") or ""
            is_asked = _is_preflight(exchange)
            kept = {name: value for name, value in answer.headers.items() if not name.lower().startswith(PREFIX)}
            answer.headers = kept | (preflight_headers(cors, origin) if is_asked else answer_headers(cors, origin))
        answer.headers["apigw-requestid"] = exchange.context["requestId"]

    def _tell(self, served: ServedHttpStage, exchange: HttpExchange, answer: Answered) -> None:
        """A line into the access log, if the stage has one."""
        if served.access_log is None or not served.log_group_arn:
            return
        context, now_ms = exchange.context, self._clock.now_ms()
        integration = context.get("integration", {})
        context["integrationStatus"] = integration.get("status")
        context["status"] = answer.status
        context["responseLength"] = len(answer.body)
        context["responseLatency"] = now_ms - context["requestTimeEpoch"]
        line = served.access_log.line(context)
        self._write_log(served.log_group_arn, f"{served.api.api_id}/{served.stage.stage_name}", now_ms, line)


def own(status: int) -> Answered:
    """An answer of the gateway itself."""
    body = b'{"message":"%s"}' % TEXTS[status].encode()
    return Answered(status=status, headers={"content-type": "application/json"}, body=body)


def _is_preflight(exchange: HttpExchange) -> bool:
    names = {name.lower(): value for name, value in exchange.request.headers}
    return is_preflight(exchange.request.method, names)
