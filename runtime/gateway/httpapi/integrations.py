"""Integrations of HTTP APIs at work: functions, HTTP servers, actions of services here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from runtime.errors import EventTooLargeError, FunctionsError
from runtime.gateway.function_call import FunctionCalls
from runtime.gateway.ids import new_request_id
from runtime.gateway.integrations import HOP_BY_HOP, REMAPPED, url_of
from runtime.gateway.ports import HttpCall, HttpCallError, Ports, ServiceCall
from runtime.model.apigateway.proxy_event import Answered, answer_v1, merged_headers
from runtime.model.http_event import answer_v2
from runtime.model.httpapi.events import function_event_v1, function_event_v2
from runtime.model.httpapi.exchange import HttpExchange
from runtime.model.httpapi.mapping import Mapped, answered, mapped
from runtime.model.httpapi.served import (
    FunctionTarget,
    IntegrationPlan,
    ServedHttpStage,
    ServedRoute,
    ServerTarget,
    ServiceTarget,
)
from runtime.model.httpapi.subtypes import SubtypeError
from streamcore.model.stream import Scope

#: What HTTP APIs take the body of an answer for that does not say it.
_TEXT: Final = "text/plain; charset=utf-8"


class IntegrationError(Exception):
    """No answer of an integration: the gateway answers with `status` itself; `reason` goes into the access log."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class HttpIntegrations:
    """Carries requests to where they go."""

    def __init__(self, ports: Ports, functions: FunctionCalls) -> None:
        self._ports = ports
        self._functions = functions

    async def __call__(
        self, served: ServedHttpStage, route: ServedRoute, plan: IntegrationPlan, exchange: HttpExchange
    ) -> Answered:
        """Raises IntegrationError."""
        given = mapped(plan.request, exchange)
        try:
            match plan.target:
                case FunctionTarget():
                    answer = await self._function(served, route, plan, plan.target, exchange, given)
                case ServerTarget():
                    answer = await self._server(plan, plan.target, exchange, given)
                case ServiceTarget():
                    answer = await self._service(served, plan, plan.target, exchange)
        except TimeoutError:
            raise IntegrationError(503, "the integration takes too long") from None
        changes = plan.responses.get(str(answer.status))
        return answer if changes is None else answered(changes, exchange, answer)

    # ------------------------------------------------------------ functions

    async def _function(
        self,
        served: ServedHttpStage,
        route: ServedRoute,
        plan: IntegrationPlan,
        target: FunctionTarget,
        exchange: HttpExchange,
        given: Mapped,
    ) -> Answered:
        if target.is_v1:
            event = function_event_v1(served, route, exchange, given)
        else:
            event = function_event_v2(served, route, exchange, given)
        request_id = new_request_id()
        exchange.context["integration"] = {"requestId": request_id}
        scope = Scope(served.account, served.region)
        try:
            outcome = await self._functions(
                target.arn, event, scope=scope, request_id=request_id, timeout_s=plan.timeout_s
            )
        except TimeoutError:
            raise
        except EventTooLargeError:
            raise IntegrationError(413, "the event is too large") from None
        except (FunctionsError, OSError) as error:
            raise IntegrationError(500, str(error)) from error
        if not outcome.ok:
            raise IntegrationError(500, "the function failed")
        answer = _answer_v1(outcome.payload) if target.is_v1 else _answer_v2(outcome.payload)
        if answer is None:
            raise IntegrationError(500, "The response from the Lambda function doesn't match the expected format")
        exchange.context["integration"]["status"] = answer.status
        return answer

    # ------------------------------------------------------------ HTTP servers

    async def _server(
        self, plan: IntegrationPlan, target: ServerTarget, exchange: HttpExchange, given: Mapped
    ) -> Answered:
        request = exchange.request
        headers = [(name, value) for name, value in given.headers if name.lower() not in HOP_BY_HOP]
        url = url_of(target.url, exchange.path_parameters, [])
        if given.path is not None:
            url = urlunsplit(urlsplit(url)._replace(path=quote(given.path, safe="/%:@!$&'()*+,;=~-._")))
        if given.is_query_changed:
            url = url_of(url, {}, given.query)
        elif exchange.query_string:
            url = f"{url}{'&' if '?' in url else '?'}{exchange.query_string}"
        call = HttpCall(
            method=target.method or request.method,
            url=url,
            headers=headers,
            body=request.body,
            timeout_s=plan.timeout_s,
        )
        try:
            result = await self._ports.call_http(call)
        except HttpCallError as error:
            raise IntegrationError(503, str(error)) from error
        exchange.context["integration"] = {"status": result.status}
        kept = [(REMAPPED.get(name.lower(), name), value) for name, value in result.headers]
        merged = merged_headers(pair for pair in kept if pair[0].lower() != "set-cookie")
        cookies = [value for name, value in kept if name.lower() == "set-cookie"]
        return Answered(status=result.status, headers=_passed_on(merged), body=result.body, cookies=cookies)

    # ------------------------------------------------------------ services

    async def _service(
        self, served: ServedHttpStage, plan: IntegrationPlan, target: ServiceTarget, exchange: HttpExchange
    ) -> Answered:
        """A parameter that is mapped has to be there, also one that the action could do without."""
        values: dict[str, str] = {}
        for name, read in target.parameters.items():
            value = read(exchange, None)
            if not value:
                raise IntegrationError(400, f"{name} has no value")
            values[name] = value
        try:
            asked = target.subtype.ask(values)
        except SubtypeError as error:
            raise IntegrationError(400, str(error)) from None
        headers = {"content-type": asked.content_type}
        if asked.target:
            headers["x-amz-target"] = asked.target
        call = ServiceCall(
            service=asked.service,
            scope=Scope(served.account, values.get("Region", served.region)),
            method="POST",
            path="/",
            query="",
            headers=headers,
            body=asked.body,
        )
        async with asyncio.timeout(plan.timeout_s):
            result = await self._ports.call_service(call)
        exchange.context["integration"] = {"status": result.status}
        if result.status >= 300:
            raise IntegrationError(500, result.body[:1024].decode(errors="replace"))
        kind = next((value for name, value in result.headers if name.lower() == "content-type"), "application/json")
        return Answered(status=result.status, headers={"content-type": kind}, body=result.body)


def _answer_v2(payload: bytes) -> Answered | None:
    found = answer_v2(payload, default_type=_TEXT)
    if found is None or found.status < 200:
        return None
    headers = _passed_on(found.headers)
    return Answered(status=found.status, headers=headers, body=found.body, cookies=list(found.cookies))


def _answer_v1(payload: bytes) -> Answered | None:
    found = answer_v1(payload, takes_binary=True)
    if found is not None:
        found.headers = _passed_on(found.headers)
    return found


def _passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
