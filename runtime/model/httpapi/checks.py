"""Whether parts of an HTTP API can be what they are said to be. All raise ApiGatewayError, or ApiNotFoundError for what
they refer to. Bounds are API Gateway's quotas for HTTP APIs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from runtime.errors import ApiConflictError, ApiGatewayError, ApiNotFoundError
from runtime.model.apigateway.access_log import FORMAT_MAX_CHARS, LineFormat
from runtime.model.apigateway.integration_uri import UriError
from runtime.model.apigateway.values import AccessLogSettings
from runtime.model.cors import Cors
from runtime.model.httpapi.expressions import ExpressionError, read
from runtime.model.httpapi.mapping import MappingError, read_request, read_responses
from runtime.model.httpapi.route_key import DEFAULT, check_key
from runtime.model.httpapi.served import function_of, target_of
from runtime.model.httpapi.subtypes import SUBTYPES, SubtypeError
from runtime.model.httpapi.values import (
    HttpAuthorizer,
    HttpContent,
    HttpIntegration,
    HttpRoute,
    HttpStage,
    RouteSettings,
)

TIMEOUT_MIN_MS: Final = 50
TIMEOUT_MAX_MS: Final = 30_000
TTL_MAX_S: Final = 3600
ROUTES_MAX: Final = 300
INTEGRATIONS_MAX: Final = 300
AUTHORIZERS_MAX: Final = 10
AUDIENCES_MAX: Final = 50
SCOPES_MAX: Final = 10
PARAMETERS_MAX: Final = 50
VERBS: Final = frozenset({"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})

_VARIABLES: Final = re.compile(r"\$\{stageVariables\.[A-Za-z0-9_]+\}")
_ORIGIN: Final = re.compile(r"(?a)\*|[a-z][a-z0-9+.-]*://[^\s/]+")
_TOKEN: Final = re.compile(r"(?a)\*|[A-Za-z0-9!#$%&'*+.^_`|~-]{1,256}")
_STAGE: Final = re.compile(r"(?a)\$default|[A-Za-z0-9_-]{1,128}")
_VARIABLE: Final = re.compile(r"(?a)[A-Za-z0-9_]{1,64}")
_VALUE: Final = re.compile(r"(?a)[A-Za-z0-9\-._~:/?#&=,]{0,2048}")
_LOG_GROUP: Final = re.compile(r"arn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:[^:*]{1,512}(?::\*)?")


def mapping_error(text: str) -> ApiGatewayError:
    return ApiGatewayError(f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{text}]")


def check_cors(cors: Cors | None) -> Cors | None:
    if cors is None:
        return None
    lists = (cors.allow_headers, cors.allow_methods, cors.allow_origins, cors.expose_headers)
    if any(len(each or ()) > 100 for each in lists):
        raise ApiGatewayError("Invalid CORS configuration: a list has at most 100 members")
    for origin in cors.allow_origins or ():
        if not _ORIGIN.fullmatch(origin):
            raise ApiGatewayError(f"Invalid format for origin {origin[:200]}. Origins have a scheme, or are *.")
    for name in (*(cors.allow_headers or ()), *(cors.expose_headers or ())):
        if not _TOKEN.fullmatch(name):
            raise ApiGatewayError(f"Invalid format for header {name[:200]}.")
    wrong = sorted(set(cors.allow_methods or ()) - VERBS - {"*"})
    if wrong:
        raise ApiGatewayError(f"Invalid CORS method: {wrong[0][:50]}")
    if cors.allow_credentials and "*" in (cors.allow_origins or ()):
        raise ApiGatewayError("Cannot allow credentials when the allowed origins are *")
    return cors


def check_integration(integration: HttpIntegration) -> None:
    if not TIMEOUT_MIN_MS <= integration.timeout_in_millis <= TIMEOUT_MAX_MS:
        raise ApiGatewayError("Timeout should be between 50 ms and 30000 ms")
    if integration.integration_type not in ("AWS_PROXY", "HTTP_PROXY"):
        raise ApiGatewayError("HTTP APIs only support AWS_PROXY and HTTP_PROXY integrations")
    if integration.payload_format_version not in ("1.0", "2.0"):
        raise ApiGatewayError("Invalid PayloadFormatVersion specified: it is 1.0 or 2.0")
    many = [integration.request_parameters or {}, *(integration.response_parameters or {}).values()]
    if any(len(each) > PARAMETERS_MAX for each in many):
        raise ApiGatewayError(f"An integration has at most {PARAMETERS_MAX} mappings of one kind")
    if integration.integration_subtype is not None:
        _check_service(integration)
    else:
        _check_proxy(integration)
    try:
        read_responses(integration.response_parameters)
    except MappingError as error:
        raise mapping_error(str(error)) from None


def _check_service(integration: HttpIntegration) -> None:
    subtype = SUBTYPES.get(integration.integration_subtype or "")
    if subtype is None or integration.integration_type != "AWS_PROXY":
        raise ApiGatewayError(f"Integrations of subtype {integration.integration_subtype} are not offered.")
    if integration.payload_format_version != "1.0":
        raise ApiGatewayError("Service integrations have the PayloadFormatVersion 1.0")
    if not integration.credentials_arn:
        raise ApiGatewayError("CredentialsArn is a required parameter for service integrations")
    try:
        subtype.check(integration.request_parameters or {})
        target_of(integration, {})
    except (SubtypeError, UriError) as error:
        raise ApiGatewayError(str(error)) from None
    except ExpressionError as error:
        raise mapping_error(f"Invalid source: {error}") from None


def _check_proxy(integration: HttpIntegration) -> None:
    if not integration.integration_uri:
        raise ApiGatewayError("IntegrationUri is a required parameter for integration")
    if integration.integration_type == "HTTP_PROXY":
        if integration.integration_method not in VERBS:
            raise ApiGatewayError("Integration method must be one of " + ", ".join(sorted(VERBS)))
        if integration.payload_format_version != "1.0":
            raise ApiGatewayError("HTTP_PROXY integrations have the PayloadFormatVersion 1.0")
    elif integration.integration_method not in (None, "POST"):
        raise ApiGatewayError("IntegrationMethod must be POST for AWS_PROXY integrations")
    try:
        probe = _VARIABLES.sub("x", integration.integration_uri)
        target_of(msgspec.structs.replace(integration, integration_uri=probe), {})
        read_request(integration.request_parameters)
    except UriError as error:
        raise ApiGatewayError(str(error)) from None
    except MappingError as error:
        raise mapping_error(str(error)) from None


def check_route(content: HttpContent, route: HttpRoute) -> None:
    """With the other routes of the API, of which it may be one."""
    check_key(route.route_key)
    for other in content.routes.values():
        if other.route_key == route.route_key and other.route_id != route.route_id:
            raise ApiConflictError(f"Route with key {route.route_key} already exists for this API")
    if route.target is not None:
        prefix, _, integration = route.target.partition("/")
        if prefix != "integrations" or not integration:
            raise ApiGatewayError("Invalid target: it is integrations/<integration id>")
        if integration not in content.integrations:
            raise ApiNotFoundError("Invalid Integration identifier specified")
    _check_authorization(content, route)


def _check_authorization(content: HttpContent, route: HttpRoute) -> None:
    kind, scopes = route.authorization_type, route.authorization_scopes or []
    if kind not in ("NONE", "AWS_IAM", "JWT", "CUSTOM"):
        raise ApiGatewayError(f"Invalid authorization type specified: {kind[:50]}")
    if route.api_key_required:
        raise ApiGatewayError("ApiKeyRequired is not currently supported for HTTP APIs")
    if len(scopes) > SCOPES_MAX:
        raise ApiGatewayError(f"A route has at most {SCOPES_MAX} authorization scopes")
    if scopes and kind != "JWT":
        raise ApiGatewayError("Authorization scopes are only supported for JWT authorizers")
    if kind not in ("JWT", "CUSTOM"):
        if route.authorizer_id:
            raise ApiGatewayError("An authorizer needs the authorization type JWT or CUSTOM")
        return
    found = content.authorizers.get(route.authorizer_id or "")
    if found is None:
        raise ApiNotFoundError("Invalid Authorizer identifier specified")
    if (found.authorizer_type == "JWT") != (kind == "JWT"):
        raise ApiGatewayError(f"The authorizer {found.authorizer_id} is no authorizer of type {kind}")


def check_authorizer(content: HttpContent, authorizer: HttpAuthorizer) -> None:
    """With the others of the API, of which it may be one."""
    for other in content.authorizers.values():
        if other.name == authorizer.name and other.authorizer_id != authorizer.authorizer_id:
            raise ApiConflictError(f"Authorizer name must be unique. Authorizer {authorizer.name} already exists.")
    ttl_s = authorizer.authorizer_result_ttl_in_seconds
    if ttl_s is not None and not 0 <= ttl_s <= TTL_MAX_S:
        raise ApiGatewayError("Authorizer result TTL is 0 to 3600 seconds")
    if authorizer.authorizer_type == "JWT":
        _check_jwt(authorizer)
    else:
        _check_function(authorizer)


def _check_jwt(authorizer: HttpAuthorizer) -> None:
    refused = (
        authorizer.authorizer_uri,
        authorizer.authorizer_payload_format_version,
        authorizer.authorizer_result_ttl_in_seconds,
        authorizer.enable_simple_responses,
    )
    if any(each is not None for each in refused):
        raise ApiGatewayError("A JWT authorizer has no URI, payload format, TTL or simple responses")
    _check_sources(authorizer.identity_source, ("$request.header.", "$request.querystring."))
    if len(authorizer.identity_source) != 1:
        raise ApiGatewayError("A JWT authorizer has one identity source")
    jwt = authorizer.jwt_configuration
    issuer = "" if jwt is None else jwt.issuer or ""
    parts = urlsplit(issuer) if _is_text(issuer) else None
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname:
        raise ApiGatewayError("Invalid issuer: it is the URL of an OpenID Connect provider")
    if jwt is None or not 1 <= len(jwt.audience or []) <= AUDIENCES_MAX:
        raise ApiGatewayError(f"A JWT authorizer has 1 to {AUDIENCES_MAX} audiences")


def _check_function(authorizer: HttpAuthorizer) -> None:
    if authorizer.jwt_configuration is not None:
        raise ApiGatewayError("A REQUEST authorizer has no JWT configuration")
    if authorizer.authorizer_payload_format_version not in ("1.0", "2.0"):
        raise ApiGatewayError(
            "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer: it is 1.0 or 2.0"
        )
    if authorizer.enable_simple_responses and authorizer.authorizer_payload_format_version != "2.0":
        raise ApiGatewayError("Simple responses need the payload format 2.0")
    try:
        function_of(_VARIABLES.sub("x", authorizer.authorizer_uri or ""))
    except UriError:
        raise ApiGatewayError(f"Invalid Authorizer URI: {(authorizer.authorizer_uri or '')[:300]}") from None
    sources = ("$request.header.", "$request.querystring.", "$context.", "$stageVariables.")
    _check_sources(authorizer.identity_source, sources)
    if authorizer.authorizer_result_ttl_in_seconds and not authorizer.identity_source:
        raise ApiGatewayError("Caching needs an identity source")


def _check_sources(sources: Iterable[str], prefixes: tuple[str, ...]) -> None:
    for text in sources:
        try:
            read(text)
        except ExpressionError:
            raise mapping_error(f"Invalid source: {text[:300]}") from None
        if not text.startswith(prefixes):
            raise mapping_error(f"Invalid source: {text[:300]}")


def _is_text(url: str) -> bool:
    return 0 < len(url) <= 2048 and not re.search(r"[\s\x00-\x1f]", url)


def check_unused(content: HttpContent, *, integration: str = "", authorizer: str = "") -> None:
    """Whether no route needs what is to be deleted. Raises ApiConflictError."""
    for route in content.routes.values():
        if integration and route.target == f"integrations/{integration}":
            raise ApiConflictError(
                f"Cannot delete Integration '{integration}' as it is referenced by Route '{route.route_id}'"
            )
        if authorizer and route.authorizer_id == authorizer:
            raise ApiConflictError(
                f"Cannot delete authorizer '{authorizer}', is referenced in route: {route.route_key}"
            )


def check_stage(content: HttpContent, stage: HttpStage) -> None:
    if not _STAGE.fullmatch(stage.stage_name):
        raise ApiGatewayError("Stage name only allows a-zA-Z0-9_- or $default")
    check_variables(stage.stage_variables)
    check_access_log(stage.access_log_settings)
    check_settings(stage.default_route_settings)
    keys = {route.route_key for route in content.routes.values()}
    for key, each in stage.route_settings.items():
        if key not in keys and key != DEFAULT:
            raise ApiNotFoundError(f"Unable to find Route by key {key[:300]} within the provided RouteSettings")
        check_settings(each)


def check_variables(variables: Mapping[str, str]) -> None:
    if len(variables) > 100 or not all(
        _VARIABLE.fullmatch(name) and _VALUE.fullmatch(value) for name, value in variables.items()
    ):
        raise ApiGatewayError(
            "Stage variable names only allow a-zA-Z0-9_, and values only up to 2048 of a-zA-Z0-9-._~:/?#&=,"
        )


def check_access_log(settings: AccessLogSettings | None) -> None:
    if settings is None:
        return
    text = settings.format or ""
    if not 0 < len(text) <= FORMAT_MAX_CHARS or not LineFormat(text).has_request_id:
        raise ApiGatewayError(
            "Invalid access log format: it has up to 3072 characters, with $context.requestId or "
            "$context.extendedRequestId among them"
        )
    if not _LOG_GROUP.fullmatch(settings.destination_arn or ""):
        raise ApiGatewayError("Invalid ARN specified in the request: access logs go to a log group")


def check_settings(settings: RouteSettings) -> None:
    if (settings.throttling_burst_limit or 0) < 0 or (settings.throttling_rate_limit or 0) < 0:
        raise ApiGatewayError("Throttling limits are not negative")
    if settings.data_trace_enabled or settings.logging_level not in (None, "OFF"):
        raise ApiGatewayError("Execution logs are not supported on protocolType HTTP")
