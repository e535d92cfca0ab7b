"""What a method leads to: a function, a service, an HTTP server, or nothing (MOCK)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from runtime.errors import EventTooLargeError, FunctionsError
from runtime.gateway.function_call import FunctionCalls
from runtime.gateway.ports import Behalf, HttpCall, HttpCallError, HttpResult, NotAssumed, Ports
from runtime.gateway.service_requests import service_call
from runtime.gateway.trace import Trace
from runtime.model.apigateway.authorization import method_arn
from runtime.model.apigateway.exchange import Exchange, Returned
from runtime.model.apigateway.gateway_responses import Refused, internal_error
from runtime.model.apigateway.integration_plan import IntegrationPlan, Outgoing, mock_status
from runtime.model.apigateway.integration_uri import FunctionUri, HttpUri, ServiceUri, with_labels
from runtime.model.apigateway.proxy_event import Answered, answer_v1, event_v1, is_binary, merged_headers
from runtime.model.apigateway.served import ServedMethod, ServedStage
from runtime.model.invocation import Outcome
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

#: Headers of a connection, which go no further.
HOP_BY_HOP: Final = frozenset(
    {
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "te", "trailer", "transfer-encoding", "upgrade",
    }
)  # fmt: skip
#: Headers of an HTTP server that API Gateway passes on under another name.
REMAPPED: Final = {"date": "x-amzn-Remapped-Date", "server": "x-amzn-Remapped-Server"}
_INVOCATION_TYPE: Final = "x-amz-invocation-type"


class Integrations:
    """Carries requests to where they go. Raises Refused for what does not come back."""

    def __init__(self, ports: Ports, functions: FunctionCalls) -> None:
        self._ports = ports
        self._functions = functions

    async def __call__(self, served: ServedStage, target: ServedMethod, exchange: Exchange, trace: Trace) -> Answered:
        plan = target.integration
        try:
            match plan.kind:
                case "AWS_PROXY":
                    return await self._function_proxy(served, target, exchange, trace)
                case "HTTP_PROXY":
                    return await self._http_proxy(plan, exchange, trace)
            outgoing = plan.outgoing(exchange)
            trace.outgoing(outgoing)
            returned = await self._returned(served, target, outgoing, exchange)
        except NotAssumed as error:
            trace.note(f"Execution failed due to configuration error: {error}")
            log.warning("%s: %s", behalf_of(served, target, exchange).source_arn, error)
            raise internal_error() from None
        except TimeoutError:
            raise Refused("INTEGRATION_TIMEOUT", "Endpoint request timed out") from None
        trace.returned(returned)
        return plan.answered(exchange, returned)

    async def _returned(
        self, served: ServedStage, target: ServedMethod, outgoing: Outgoing, exchange: Exchange
    ) -> Returned:
        plan = target.integration
        if plan.kind == "MOCK":
            return Returned(status=mock_status(outgoing.body), headers=[], body=b"")
        match plan.uri:
            case FunctionUri():
                return await self._function(served, target, plan.uri, outgoing, exchange)
            case ServiceUri():
                made = service_call(plan.uri, plan.method or "POST", outgoing, served.account)
                call = msgspec.structs.replace(made, behalf=behalf_of(served, target, exchange))
                return _returned(await _within(plan.timeout_s, self._ports.call_service(call)))
            case HttpUri():
                headers = list(outgoing.headers.items())
                if outgoing.body and "content-type" not in {name.lower() for name in outgoing.headers}:
                    headers.append(("Content-Type", exchange.header("content-type") or "application/json"))
                url = url_of(plan.uri.url, outgoing.path, outgoing.query)
                method = plan.method or exchange.request.method
                return _returned(await self._http(plan, method, url, headers, outgoing.body))
        raise internal_error()

    # ------------------------------------------------------------ functions

    async def _function_proxy(
        self, served: ServedStage, target: ServedMethod, exchange: Exchange, trace: Trace
    ) -> Answered:
        plan = target.integration
        if not isinstance(plan.uri, FunctionUri) or plan.method != "POST":
            raise internal_error()
        event = event_v1(
            exchange.request,
            exchange.context,
            resource=target.resource.path,
            path_parameters=exchange.path_parameters,
            stage_variables=served.variables,
            binary_types=served.binary_types,
        )
        trace.event(event)
        outcome = await self._run(served, target, plan.uri, event, exchange)
        trace.result(outcome.payload)
        accept = (exchange.header("accept") or "").partition(",")[0]
        takes_binary = bool(served.binary_types) and is_binary(accept, served.binary_types)
        answer = answer_v1(outcome.payload, takes_binary=takes_binary) if outcome.ok else None
        if answer is None:
            raise internal_error(502)
        _drop(answer.headers)
        return answer

    async def _function(
        self, served: ServedStage, target: ServedMethod, uri: FunctionUri, outgoing: Outgoing, exchange: Exchange
    ) -> Returned:
        event = outgoing.body or b"{}"
        kind = next((value for name, value in outgoing.headers.items() if name.lower() == _INVOCATION_TYPE), "")
        if kind.lower() == "event":
            await self._queue(served, target, uri, event, exchange)
            return Returned(status=202, headers=[], body=b"")
        outcome = await self._run(served, target, uri, event, exchange)
        error = _error_of(outcome.payload)
        return Returned(status=200, headers=[("Content-Type", "application/json")], body=outcome.payload, error=error)

    async def _run(
        self, served: ServedStage, target: ServedMethod, uri: FunctionUri, event: bytes, exchange: Exchange
    ) -> Outcome:
        try:
            return await self._functions(
                uri.arn,
                event,
                scope=Scope(served.account, served.region),
                request_id=str(exchange.context["requestId"]),
                timeout_s=target.integration.timeout_s,
                behalf=behalf_of(served, target, exchange),
            )
        except TimeoutError:
            raise
        except EventTooLargeError as error:
            raise Refused("REQUEST_TOO_LARGE", "Request Too Long") from error
        except (FunctionsError, OSError) as error:
            raise internal_error() from error

    async def _queue(
        self, served: ServedStage, target: ServedMethod, uri: FunctionUri, event: bytes, exchange: Exchange
    ) -> None:
        scope, request_id = Scope(served.account, served.region), str(exchange.context["requestId"])
        behalf = behalf_of(served, target, exchange)
        try:
            await self._ports.queue_function(uri.arn, event, scope, request_id=request_id, behalf=behalf)
        except FunctionsError as error:
            raise internal_error() from error

    # ------------------------------------------------------------ HTTP

    async def _http_proxy(self, plan: IntegrationPlan, exchange: Exchange, trace: Trace) -> Answered:
        if not isinstance(plan.uri, HttpUri):
            raise internal_error()
        request, mapped = exchange.request, plan.mapped(exchange)
        own = {name.lower() for name in mapped.headers}
        headers = [
            (name, value)
            for name, value in request.headers
            if name.lower() not in HOP_BY_HOP and name.lower() not in own
        ]
        url = url_of(plan.uri.url, exchange.path_parameters | mapped.path, [*request.query, *mapped.query])
        method = request.method if plan.method in (None, "ANY") else plan.method or "GET"
        trace.note(f"Endpoint request URI: {url}")
        result = await self._http(plan, method, url, [*headers, *mapped.headers.items()], request.body)
        trace.returned(_returned(result))
        kept = [(REMAPPED.get(name.lower(), name), value) for name, value in result.headers]
        merged = merged_headers(pair for pair in kept if pair[0].lower() != "set-cookie")
        _drop(merged)
        cookies = [value for name, value in kept if name.lower() == "set-cookie"]
        return Answered(status=result.status, headers=merged, body=result.body, cookies=cookies)

    async def _http(
        self, plan: IntegrationPlan, method: str, url: str, headers: list[tuple[str, str]], body: bytes
    ) -> HttpResult:
        call = HttpCall(method=method, url=url, headers=headers, body=body, timeout_s=plan.timeout_s)
        try:
            return await self._ports.call_http(call)
        except HttpCallError as error:
            raise Refused("INTEGRATION_FAILURE", "Internal server error", status=500) from error


def behalf_of(served: ServedStage, target: ServedMethod, exchange: Exchange) -> Behalf:
    """For which method something is called: with the path of its resource, as policies of functions name it."""
    arn = method_arn(
        served.region,
        served.account,
        served.api.id,
        served.stage.stage_name,
        exchange.request.method,
        target.resource.path,
    )
    return Behalf(arn, target.integration.credentials)


async def _within(seconds: float, work: Awaitable[HttpResult]) -> HttpResult:
    async with asyncio.timeout(seconds):
        return await work


def _returned(result: HttpResult) -> Returned:
    return Returned(status=result.status, headers=result.headers, body=result.body)


def _drop(headers: dict[str, str]) -> None:
    for name in [each for each in headers if each.lower() in HOP_BY_HOP]:
        del headers[name]


def _error_of(payload: bytes) -> str | None:
    """What selection patterns look at: the `errorMessage` of a result, whether the function raised or returned it."""
    if b"errorMessage" not in payload:
        return None
    try:
        found = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    message = found.get("errorMessage") if isinstance(found, dict) else None
    return message if isinstance(message, str) else None


def url_of(url: str, labels: Mapping[str, str], query: list[tuple[str, str]]) -> str:
    """The URL with its labels filled in, percent-encoded (a greedy one keeps its slashes), and a query string."""
    filled = with_labels(url, {name: quote(value, safe="/") for name, value in labels.items()})
    if not query:
        return filled
    return f"{filled}{'&' if '?' in filled else '?'}{urlencode(query)}"
