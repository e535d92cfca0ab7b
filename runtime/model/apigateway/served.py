"""A stage as it is served: the routes of its deployment, each with all that a request needs, read and compiled once.

What cannot be compiled (a template that came by an import, a URI that a stage variable spoils) fails the requests of
that method alone, with 500, as at AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from runtime.model.apigateway.access_log import LineFormat
from runtime.model.apigateway.exchange import Source, SourceError, source
from runtime.model.apigateway.gateway_responses import GatewayResponses
from runtime.model.apigateway.integration_plan import IntegrationPlan
from runtime.model.apigateway.integration_uri import FunctionUri, UriError, read_uri, with_stage_variables
from runtime.model.apigateway.json_schema import compile_schema
from runtime.model.apigateway.rates import RateBucket
from runtime.model.apigateway.request_checks import RequestCheck, SchemaError, schemas_of
from runtime.model.apigateway.route_tree import RouteTree
from runtime.model.apigateway.values import Authorizer, Content, Method, MethodSetting, Resource, Stage
from runtime.model.apigateway.vtl.bounds import TemplateError
from runtime.model.given_pattern import GivenPattern, PatternError

#: What reading a method can fail with.
BROKEN: Final = (SourceError, TemplateError, UriError, SchemaError, PatternError)
#: The setting of all methods of a stage.
ALL_METHODS: Final = "*/*"


class AuthorizerPlan(NamedTuple):
    """`pattern` is what a token must look like."""

    authorizer: Authorizer
    function_arn: str
    sources: list[Source]
    pattern: GivenPattern | None


class ServedMethod(NamedTuple):
    """One method of one resource."""

    resource: Resource
    method: Method
    integration: IntegrationPlan
    check: RequestCheck | None
    authorizer: AuthorizerPlan | None
    bucket: RateBucket | None


class BrokenMethod(NamedTuple):
    """A method that cannot be served, and why."""

    resource: Resource
    method: Method
    reason: str


class ServedStage:
    """What a request to a stage needs."""

    def __init__(self, account: str, region: str, content: Content, stage: Stage) -> None:
        self.account = account
        self.region = region
        self.api = content.api
        self.stage = stage
        self.variables: Mapping[str, str] = stage.variables or {}
        self.binary_types = content.api.binary_media_types or []
        self.responses = GatewayResponses(content.gateway_responses)
        settings = stage.access_log_settings
        self.access_log = None if settings is None or not settings.format else LineFormat(settings.format)
        self.log_group_arn = "" if settings is None else settings.destination_arn or ""
        whole = stage.method_settings.get(ALL_METHODS)
        self._shared = None if whole is None else bucket_of(whole)
        methods = [
            (name, resource.path, self._served(content, resource, method))
            for resource in content.resources.values()
            for name, method in (resource.resource_methods or {}).items()
        ]
        self.methods = {(served.resource.id, name): served for name, _, served in methods}
        self.routes = RouteTree(methods)

    def _served(self, content: Content, resource: Resource, method: Method) -> ServedMethod | BrokenMethod:
        if method.method_integration is None:
            return BrokenMethod(resource, method, "no integration is defined")
        try:
            return ServedMethod(
                resource,
                method,
                IntegrationPlan(method.method_integration, self.variables, self.binary_types),
                check_of(content, method),
                self._authorizer(content, method),
                self._bucket(resource, method),
            )
        except BROKEN as error:
            return BrokenMethod(resource, method, str(error))

    def _authorizer(self, content: Content, method: Method) -> AuthorizerPlan | None:
        if method.authorization_type != "CUSTOM":
            return None
        found = content.authorizers.get(method.authorizer_id or "")
        if found is None:
            raise UriError("the authorizer is not there")
        return authorizer_plan(found, self.variables)

    def _bucket(self, resource: Resource, method: Method) -> RateBucket | None:
        """Of the method's own setting; else the one that all methods of the stage share."""
        settings, key = self.stage.method_settings, setting_key(resource.path, method.http_method)
        setting = settings.get(key) or settings.get(key.removeprefix("~1"))
        return self._shared if setting is None else bucket_of(setting)


def authorizer_plan(authorizer: Authorizer, variables: Mapping[str, str]) -> AuthorizerPlan:
    """Raises what BROKEN has."""
    uri = read_uri("AWS", with_stage_variables(authorizer.authorizer_uri, variables))
    if not isinstance(uri, FunctionUri):
        raise UriError("an authorizer is a function")
    sources = [source(each.strip()) for each in (authorizer.identity_source or "").split(",") if each.strip()]
    expression = authorizer.identity_validation_expression
    return AuthorizerPlan(authorizer, uri.arn, sources, GivenPattern(expression) if expression else None)


def check_of(content: Content, method: Method) -> RequestCheck | None:
    """Raises SchemaError, SourceError."""
    validator = content.validators.get(method.request_validator_id or "")
    if validator is None:
        return None
    schemas = schemas_of(content, method, compile_schema) if validator.validate_request_body else {}
    return RequestCheck(validator, method, schemas)


def bucket_of(setting: MethodSetting) -> RateBucket:
    return RateBucket(setting.throttling_rate_limit, setting.throttling_burst_limit)


def setting_key(path: str, method: str) -> str:
    """How the settings of a method are called in a stage: `~1pets~1{id}/GET`."""
    return f"{path.replace('~', '~0').replace('/', '~1')}/{method}"
