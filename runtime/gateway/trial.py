"""TestInvokeMethod and TestInvokeAuthorizer: the API as it is now, not as it is deployed, with a log."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote

import msgspec

from runtime.errors import ApiGatewayError
from runtime.gateway.authorizers import arn_of
from runtime.gateway.records import ApiRecord
from runtime.gateway.service import Gateway
from runtime.gateway.trace import TextTrace
from runtime.model.apigateway.context import Caller
from runtime.model.apigateway.exchange import Exchange
from runtime.model.apigateway.gateway_responses import Refused
from runtime.model.apigateway.proxy_event import Answered, Arrived
from runtime.model.apigateway.route_tree import Match, RouteTree, segments_of
from runtime.model.apigateway.served import BROKEN, ServedStage, authorizer_plan
from runtime.model.apigateway.structure import method_of
from runtime.model.apigateway.values import Authorizer, Resource, Stage, Value

#: The stage that a test invocation has at AWS.
STAGE = "test-invoke-stage"
_CALLER = Caller(host="testPrefix.testDomainName", source_ip="test-invoke-source-ip")
QUERY_PARTS_MAX = 200


class TestedMethod(Value, frozen=True, kw_only=True):
    __test__ = False  # pytest takes the name for a test's

    status: int
    body: str
    headers: dict[str, str]
    multi_value_headers: dict[str, list[str]]
    log: str
    latency: int


class TestedAuthorizer(Value, frozen=True, kw_only=True):
    __test__ = False

    client_status: int
    log: str
    latency: int
    principal_id: str | None = None
    policy: str | None = None
    authorization: dict[str, list[str]] | None = None


def asked(
    path: str | None, headers: Mapping[str, str] | None, several: Mapping[str, list[str]] | None, body: str | None
) -> Arrived:
    """The request of a test; its method is put in later. Raises ApiGatewayError."""
    place, _, query = (path or "/").partition("?")
    pairs = [(name, value) for name, values in (several or {}).items() for value in values]
    named = {name.lower() for name, _ in pairs}
    pairs += [(name, value) for name, value in (headers or {}).items() if name.lower() not in named]
    try:
        parameters = parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=QUERY_PARTS_MAX)
    except ValueError:
        raise ApiGatewayError(f"More than {QUERY_PARTS_MAX} parameters in the query string") from None
    return Arrived(method="", path=place, query=parameters, headers=pairs, body=(body or "").encode())


async def invoke_method(
    gateway: Gateway, record: ApiRecord, resource: Resource, name: str, request: Arrived, variables: dict[str, str]
) -> TestedMethod:
    """Past authorizers, keys and throttles. Raises ApiNotFoundError."""
    method_of(resource, name)
    served = _served(record, variables)
    given = segments_of(request.path)
    path = unquote(request.path) if given else resource.path
    request = msgspec.structs.replace(request, method="POST" if name == "ANY" else name, path=path)
    exchange = gateway.pipeline.exchange(served, request, _CALLER)
    target = served.methods[resource.id, name]
    found = RouteTree([(name, resource.path, target)]).find(request.method, given)
    trace = TextTrace(gateway.clock, str(exchange.context["requestId"]))
    began = gateway.clock.monotonic()
    try:
        entered = gateway.pipeline.enter(found or Match(target, {}), exchange)
        trace.began(exchange)
        answer = await gateway.pipeline.run(served, entered, exchange, trace)
    except Refused as refused:
        trace.note(f"Execution failed due to: {refused.text} ({refused.kind})")
        answer = served.responses.answer(refused, exchange)
    trace.answered(answer)
    latency_ms = round((gateway.clock.monotonic() - began) * 1000)
    return _tested(answer, trace, latency_ms)


def _tested(answer: Answered, trace: TextTrace, latency_ms: int) -> TestedMethod:
    several = {name: [value] for name, value in answer.headers.items()}
    if answer.cookies:
        several["Set-Cookie"] = answer.cookies
    return TestedMethod(
        status=answer.status,
        body=answer.body.decode(errors="replace"),
        headers=answer.headers,
        multi_value_headers=several,
        log=trace.text,
        latency=latency_ms,
    )


async def invoke_authorizer(
    gateway: Gateway,
    record: ApiRecord,
    authorizer: Authorizer,
    request: Arrived,
    variables: dict[str, str],
    context: Mapping[str, str],
) -> TestedAuthorizer:
    """What the authorizer says; nothing is remembered of it. Raises ApiGatewayError when it cannot be asked."""
    served = _served(record, variables)
    request = msgspec.structs.replace(request, method="GET", path=unquote(request.path))
    exchange: Exchange = gateway.pipeline.exchange(served, request, _CALLER)
    exchange.context.update({"resourcePath": "/", **context})
    try:
        plan = authorizer_plan(msgspec.structs.replace(authorizer, authorizer_result_ttl_in_seconds=0), variables)
    except BROKEN as error:
        raise ApiGatewayError(f"The authorizer cannot be asked: {error}") from None
    trace = TextTrace(gateway.clock, str(exchange.context["requestId"]))
    trace.note(f"Starting authorizer: {authorizer.id}")
    began = gateway.clock.monotonic()
    try:
        grant = await gateway.authorizers.ask(plan, served, exchange, arn_of(served, exchange))
    except Refused as refused:
        trace.note(f"Authorizer answered: {refused.text} ({refused.kind})")
        latency_ms = round((gateway.clock.monotonic() - began) * 1000)
        return TestedAuthorizer(client_status=refused.status, log=trace.text, latency=latency_ms)
    latency_ms = round((gateway.clock.monotonic() - began) * 1000)
    policy = msgspec.json.encode(grant.policy).decode()
    trace.note(f"Using policy: {policy}")
    return TestedAuthorizer(
        client_status=200, log=trace.text, latency=latency_ms, principal_id=grant.principal, policy=policy
    )


def _served(record: ApiRecord, variables: dict[str, str]) -> ServedStage:
    stage = Stage(
        deployment_id="",
        stage_name=STAGE,
        cache_cluster_enabled=False,
        cache_cluster_status="NOT_AVAILABLE",
        method_settings={},
        variables=variables,
        tracing_enabled=False,
        created_date=0.0,
        last_updated_date=0.0,
    )
    try:
        return ServedStage(record.account, record.region, record.content, stage)
    except BROKEN as error:
        raise ApiGatewayError(f"A gateway response cannot be used: {error}") from None
