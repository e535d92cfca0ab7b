"""A stage of an HTTP API as it is served: its routes, each with all that a request needs, read once.

What cannot be read (a URI that a stage variable spoils, a route without an integration) fails the requests of that
route alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from runtime.model.apigateway.access_log import LineFormat
from runtime.model.apigateway.integration_uri import FunctionUri, HttpUri, UriError, read_uri, with_stage_variables
from runtime.model.apigateway.rates import RateBucket
from runtime.model.apigateway.route_tree import Match, RouteTree
from runtime.model.httpapi.expressions import ExpressionError, Source, read
from runtime.model.httpapi.mapping import Change, MappingError, read_request, read_responses
from runtime.model.httpapi.route_key import DEFAULT, segments, split_key
from runtime.model.httpapi.subtypes import SUBTYPES, Subtype
from runtime.model.httpapi.values import (
    HttpAuthorizer,
    HttpContent,
    HttpIntegration,
    HttpRoute,
    HttpStage,
    RouteSettings,
)

#: What an account may at most (API Gateway quotas), where a stage says one limit alone.
ACCOUNT_RATE: Final = 10_000.0
ACCOUNT_BURST: Final = 5_000


class FunctionTarget(NamedTuple):
    """`is_v1`: payload format 1.0."""

    arn: str
    is_v1: bool


class ServerTarget(NamedTuple):
    """`method` is None for the client's."""

    url: str
    method: str | None


class ServiceTarget(NamedTuple):
    """`parameters` by name."""

    subtype: Subtype
    parameters: dict[str, Source]


class IntegrationPlan(NamedTuple):
    target: FunctionTarget | ServerTarget | ServiceTarget
    request: list[Change]
    responses: dict[str, list[Change]]
    timeout_s: float


class AuthorizerPlan(NamedTuple):
    """`function_arn` is empty for JWT."""

    authorizer: HttpAuthorizer
    sources: list[Source]
    function_arn: str


class ServedRoute(NamedTuple):
    """`plan` is why it cannot be served, if it cannot."""

    route: HttpRoute
    plan: IntegrationPlan | str
    authorizer: AuthorizerPlan | None
    bucket: RateBucket | None


class ServedHttpStage:
    """What a request to a stage needs."""

    def __init__(self, account: str, region: str, content: HttpContent, stage: HttpStage) -> None:
        self.account = account
        self.region = region
        self.api = content.api
        self.stage = stage
        self.variables: Mapping[str, str] = stage.stage_variables
        settings = stage.access_log_settings
        self.access_log = None if settings is None or not settings.format else LineFormat(settings.format)
        self.log_group_arn = "" if settings is None else settings.destination_arn or ""
        served = {route.route_key: self._served(content, route) for route in content.routes.values()}
        self._default = served.pop(DEFAULT, None)
        self._tree = RouteTree([(*split_key(key), each) for key, each in served.items()], split=segments)

    def find(self, method: str, path: str) -> Match[ServedRoute] | None:
        """The most specific route of a path (still percent-encoded), then `$default`."""
        found = self._tree.find(method, segments(path))
        if found is None and self._default is not None:
            return Match(self._default, {})
        return found

    def _served(self, content: HttpContent, route: HttpRoute) -> ServedRoute:
        bucket = bucket_of(self.stage.route_settings.get(route.route_key), self.stage.default_route_settings)
        found = content.integrations.get((route.target or "").removeprefix("integrations/"))
        try:
            authorizer = self._authorizer(content, route)
            if found is None:
                return ServedRoute(route, "the route has no integration", authorizer, bucket)
            return ServedRoute(route, plan_of(found, self.variables), authorizer, bucket)
        except (ExpressionError, MappingError, UriError) as error:
            return ServedRoute(route, str(error), None, bucket)

    def _authorizer(self, content: HttpContent, route: HttpRoute) -> AuthorizerPlan | None:
        if route.authorization_type not in ("JWT", "CUSTOM"):
            return None
        found = content.authorizers.get(route.authorizer_id or "")
        if found is None:
            raise UriError("the authorizer is not there")
        return authorizer_plan(found, self.variables)


def plan_of(integration: HttpIntegration, variables: Mapping[str, str]) -> IntegrationPlan:
    """Raises ExpressionError, MappingError, UriError."""
    target = target_of(integration, variables)
    is_service = isinstance(target, ServiceTarget)
    return IntegrationPlan(
        target,
        [] if is_service else read_request(integration.request_parameters),
        read_responses(integration.response_parameters),
        integration.timeout_in_millis / 1000,
    )


def target_of(
    integration: HttpIntegration, variables: Mapping[str, str]
) -> FunctionTarget | ServerTarget | ServiceTarget:
    """Raises ExpressionError, UriError."""
    if integration.integration_subtype is not None:
        parameters = {name: read(text) for name, text in (integration.request_parameters or {}).items()}
        return ServiceTarget(SUBTYPES[integration.integration_subtype], parameters)
    text = with_stage_variables(integration.integration_uri or "", variables)
    if integration.integration_type == "AWS_PROXY":
        return FunctionTarget(function_of(text), integration.payload_format_version == "1.0")
    uri = read_uri("HTTP_PROXY", text)
    if not isinstance(uri, HttpUri):
        raise UriError("Invalid HTTP endpoint specified for URI")
    method = integration.integration_method
    return ServerTarget(uri.url, None if method in (None, "ANY") else method)


def authorizer_plan(authorizer: HttpAuthorizer, variables: Mapping[str, str]) -> AuthorizerPlan:
    """Raises ExpressionError, UriError."""
    sources = [read(each) for each in authorizer.identity_source]
    if authorizer.authorizer_type == "JWT":
        return AuthorizerPlan(authorizer, sources, "")
    return AuthorizerPlan(
        authorizer, sources, function_of(with_stage_variables(authorizer.authorizer_uri or "", variables))
    )


def function_of(text: str) -> str:
    """The ARN of a function, given as it is or as the URI of its invocations. Raises UriError."""
    if text.startswith("arn:") and ":lambda:" in text and ":function:" in text and ":apigateway:" not in text:
        return text
    uri = read_uri("AWS_PROXY", text)
    if not isinstance(uri, FunctionUri):
        raise UriError("Invalid function URI")
    return uri.arn


def bucket_of(own: RouteSettings | None, default: RouteSettings) -> RateBucket | None:
    """Of the route's own limits, else of the stage's; None without any."""
    rate, burst = default.throttling_rate_limit, default.throttling_burst_limit
    if own is not None:
        rate = rate if own.throttling_rate_limit is None else own.throttling_rate_limit
        burst = burst if own.throttling_burst_limit is None else own.throttling_burst_limit
    if rate is None and burst is None:
        return None
    return RateBucket(ACCOUNT_RATE if rate is None else rate, ACCOUNT_BURST if burst is None else burst)
