"""Whether parts of an API can be what they are said to be, in AWS's words. All raise ApiGatewayError, or
ApiNotFoundError for what they refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from runtime.errors import ApiConflictError, ApiGatewayError, ApiNotFoundError
from runtime.model.apigateway.access_log import FORMAT_MAX_CHARS, LineFormat
from runtime.model.apigateway.exchange import SourceError, source
from runtime.model.apigateway.gateway_responses import TYPES, GatewayResponses
from runtime.model.apigateway.integration_uri import FunctionUri, UriError, check_uri, read_uri
from runtime.model.apigateway.json_schema import compile_schema
from runtime.model.apigateway.request_checks import SchemaError, whole_schema
from runtime.model.apigateway.structure import methods_of
from runtime.model.apigateway.values import (
    Authorizer,
    Content,
    GatewayResponse,
    Integration,
    IntegrationResponse,
    Method,
    MethodResponse,
    Model,
    RestApi,
    Stage,
    changed,
)
from runtime.model.apigateway.vtl.bounds import TemplateError
from runtime.model.apigateway.vtl.template import Template
from runtime.model.given_pattern import GivenPattern, PatternError

METHODS: Final = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
TIMEOUT_MIN_MS: Final = 50
TIMEOUT_MAX_MS: Final = 29_000
PASSTHROUGH: Final = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
COMPRESSION_MAX_BYTES: Final = 10_485_760
TTL_MAX_S: Final = 3600

_REQUEST: Final = re.compile(
    r"(?a)\Amethod\.request\.(?:path|querystring|header|multivaluequerystring|multivalueheader)\.[A-Za-z0-9._$-]+\Z"
)
_INTEGRATION: Final = re.compile(r"(?a)\Aintegration\.request\.(?:path|querystring|header)\.[A-Za-z0-9._$-]+\Z")
_RESPONSE: Final = re.compile(r"(?a)\Amethod\.response\.header\.[A-Za-z0-9._$-]+\Z")
_STATUS: Final = re.compile(r"(?a)\A[1-5]\d\d\Z")
_STAGE_NAME: Final = re.compile(r"(?a)\A[A-Za-z0-9_-]{1,128}\Z")
_VARIABLE: Final = re.compile(r"(?a)\A[A-Za-z0-9_]{1,64}\Z")
_VARIABLE_VALUE: Final = re.compile(r"(?a)\A[A-Za-z0-9\-._~:/?#&=,]{0,512}\Z")
_MODEL_NAME: Final = re.compile(r"(?a)\A[A-Za-z0-9]{1,128}\Z")
_LOG_GROUP: Final = re.compile(r"\Aarn:aws[a-z-]*:logs:[a-z0-9-]+:\d{12}:log-group:[^:*]{1,512}(?::\*)?\Z")


def expression_error(parameters: Iterable[str]) -> ApiGatewayError:
    told = ", ".join(f"Invalid mapping expression parameter specified: {each}" for each in parameters)
    return ApiGatewayError(f"Invalid mapping expression specified: Validation Result: warnings : [], errors : [{told}]")


def check_api(api: RestApi) -> None:
    if not api.name.strip():
        raise ApiGatewayError("Name cannot be empty")
    if api.api_key_source not in ("HEADER", "AUTHORIZER"):
        raise ApiGatewayError("Invalid API key source specified: it is HEADER or AUTHORIZER")
    if not set(api.endpoint_configuration.types) <= {"EDGE", "REGIONAL"} or not api.endpoint_configuration.types:
        raise ApiGatewayError("Invalid endpoint type specified: it is EDGE or REGIONAL; private APIs are not offered")
    if api.endpoint_configuration.ip_address_type not in ("ipv4", "dualstack"):
        raise ApiGatewayError("Invalid IP address type specified: it is ipv4 or dualstack")
    check_compression(api.minimum_compression_size)


def check_content_handling(handling: str | None) -> None:
    if handling not in (None, "CONVERT_TO_BINARY", "CONVERT_TO_TEXT"):
        raise ApiGatewayError("Invalid content handling specified: it is CONVERT_TO_BINARY or CONVERT_TO_TEXT")


def check_method(content: Content, method: Method) -> None:
    if method.http_method not in METHODS:
        raise ApiGatewayError(f"Invalid HttpMethod specified. Valid options are {', '.join(METHODS)}")
    if method.authorization_type == "COGNITO_USER_POOLS":
        raise ApiGatewayError("Authorization by COGNITO_USER_POOLS is not offered.")
    if method.authorization_type not in ("NONE", "AWS_IAM", "CUSTOM"):
        raise ApiGatewayError(f"Invalid Authorization type specified: {method.authorization_type}")
    if method.authorization_type == "CUSTOM" and method.authorizer_id not in content.authorizers:
        raise ApiGatewayError(
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires "
            "a valid authorizer."
        )
    if method.request_validator_id and method.request_validator_id not in content.validators:
        raise ApiGatewayError("Invalid Request Validator identifier specified")
    _check_names(_REQUEST, method.request_parameters)
    _check_models(content, method.request_models)


def check_method_response(content: Content, response: MethodResponse) -> None:
    _check_names(_RESPONSE, response.response_parameters)
    _check_models(content, response.response_models)


def check_integration(method: Method, integration: Integration) -> None:
    if not TIMEOUT_MIN_MS <= integration.timeout_in_millis <= TIMEOUT_MAX_MS:
        raise ApiGatewayError("Timeout should be between 50 ms and 29000 ms")
    if integration.passthrough_behavior not in PASSTHROUGH:
        raise ApiGatewayError(
            f"Invalid passthrough behavior specified: {integration.passthrough_behavior}. "
            f"It is one of {', '.join(PASSTHROUGH)}"
        )
    if integration.type != "MOCK":
        if integration.http_method not in METHODS:
            raise ApiGatewayError("Enumeration value for HttpMethod must be non-empty")
        try:
            check_uri(integration.type, integration.uri or "")
        except UriError as error:
            raise ApiGatewayError(str(error)) from None
    _check_names(_INTEGRATION, integration.request_parameters)
    declared = method.request_parameters or {}
    undeclared = [
        text
        for text in (integration.request_parameters or {}).values()
        if _REQUEST.match(text) and text not in declared and not text.startswith("method.request.path.")
    ]
    if undeclared:
        raise expression_error(undeclared)
    check_content_handling(integration.content_handling)
    check_sources(integration.request_parameters)
    check_templates(integration.request_templates)


def check_integration_response(method: Method, response: IntegrationResponse) -> None:
    """Its status and its headers have to be declared by the method."""
    declared = (method.method_responses or {}).get(response.status_code)
    if declared is None:
        raise ApiNotFoundError("Invalid Response status code specified")
    _check_names(_RESPONSE, response.response_parameters)
    undeclared = [
        name for name in response.response_parameters or {} if name not in (declared.response_parameters or {})
    ]
    if undeclared:
        raise expression_error(undeclared)
    check_mappings(response)


def check_mappings(response: IntegrationResponse) -> None:
    """Of an integration response, whatever its method declares."""
    check_content_handling(response.content_handling)
    check_sources(response.response_parameters)
    check_templates(response.response_templates)
    check_pattern(response.selection_pattern, "selection pattern")


def check_sources(parameters: Mapping[str, str] | None) -> None:
    """The right sides of mappings."""
    for text in (parameters or {}).values():
        try:
            source(text)
        except SourceError:
            raise expression_error([text]) from None


def check_templates(templates: Mapping[str, str | None] | None) -> None:
    for kind, text in (templates or {}).items():
        try:
            Template(text or "")
        except TemplateError as error:
            raise ApiGatewayError(f"Invalid mapping template for {kind}: {error}") from None


def check_pattern(pattern: str | None, what: str) -> None:
    try:
        GivenPattern(pattern or "")
    except PatternError as error:
        raise ApiGatewayError(f"Invalid {what} specified: {error}") from None


def check_authorizer(authorizer: Authorizer) -> None:
    if not 0 <= authorizer.authorizer_result_ttl_in_seconds <= TTL_MAX_S:
        raise ApiGatewayError("Authorizer result TTL is 0 to 3600 seconds")
    try:
        check_uri("AWS", authorizer.authorizer_uri)
        uri = read_uri("AWS", authorizer.authorizer_uri)
    except UriError:
        uri = None
    if not isinstance(uri, FunctionUri):
        raise ApiGatewayError("Invalid Authorizer URI: " + authorizer.authorizer_uri[:300])
    sources = [each.strip() for each in (authorizer.identity_source or "").split(",") if each.strip()]
    if not sources and (authorizer.type == "TOKEN" or authorizer.authorizer_result_ttl_in_seconds):
        raise ApiGatewayError("Identity source is required: it is what is cached by, and where a token is")
    if authorizer.type == "TOKEN" and (len(sources) != 1 or not sources[0].startswith("method.request.header.")):
        raise ApiGatewayError("The identity source of a TOKEN authorizer is one header: method.request.header.<name>")
    check_sources({each: each for each in sources})
    check_pattern(authorizer.identity_validation_expression, "identity validation expression")


def check_model_name(name: str) -> None:
    if not _MODEL_NAME.match(name):
        raise ApiGatewayError("Model name must be alphanumeric: " + name[:200])


def check_model(content: Content, model: Model) -> None:
    """Its schema, with those that it refers to."""
    try:
        compile_schema(whole_schema(changed(content, models=content.models | {model.name: model}), model.name))
    except SchemaError as error:
        raise ApiGatewayError(str(error)) from None


def check_model_unused(content: Content, name: str) -> None:
    for method in methods_of(content):
        if name in (method.request_models or {}).values():
            raise ApiConflictError(f"Cannot delete model '{name}', is referenced in method request.")
        if any(name in (each.response_models or {}).values() for each in (method.method_responses or {}).values()):
            raise ApiConflictError(f"Cannot delete model '{name}', is referenced in method response.")
    for model in content.models.values():
        if model.name != name and f'/models/{name}"' in model.schema:
            raise ApiConflictError(f"Cannot delete model '{name}', is referenced in model '{model.name}'.")


def check_response_type(kind: str) -> str:
    if kind not in TYPES:
        raise ApiGatewayError(f"Invalid gateway response type specified: {kind}. It is one of {', '.join(TYPES)}")
    return kind


def check_gateway_response(response: GatewayResponse) -> None:
    if response.status_code is not None and not _STATUS.match(response.status_code):
        raise ApiGatewayError("Invalid status code specified: it has three digits")
    wrong = [name for name in response.response_parameters if not name.startswith("gatewayresponse.header.")]
    if wrong:
        raise expression_error(wrong)
    try:
        GatewayResponses({response.response_type: response})
    except SourceError as error:
        raise expression_error([error.text]) from None


def check_compression(size: int | None) -> int | None:
    if size is not None and not 0 <= size <= COMPRESSION_MAX_BYTES:
        raise ApiGatewayError(
            "Invalid minimum compression size, must be between 0 and 10485760 (or null to disable compression)"
        )
    return size


def check_stage_name(name: str) -> None:
    if not _STAGE_NAME.match(name):
        raise ApiGatewayError("Stage name only allows a-zA-Z0-9_-")


def check_variables(variables: Mapping[str, str] | None) -> dict[str, str] | None:
    for name, value in (variables or {}).items():
        if not _VARIABLE.match(name) or not _VARIABLE_VALUE.match(value):
            raise ApiGatewayError(
                "Stage variable names only allow a-zA-Z0-9_, and values only up to 512 of a-zA-Z0-9-._~:/?#&=,"
            )
    return dict(variables) if variables else None


def check_stage(stage: Stage) -> None:
    check_variables(stage.variables)
    settings = stage.access_log_settings
    if settings is not None and (settings.format or settings.destination_arn):
        text = settings.format or ""
        if not 0 < len(text) <= FORMAT_MAX_CHARS or not LineFormat(text).has_request_id:
            raise ApiGatewayError(
                "Invalid access log format: it has up to 3072 characters, with $context.requestId or "
                "$context.extendedRequestId among them"
            )
        if settings.destination_arn and not _LOG_GROUP.match(settings.destination_arn):
            raise ApiGatewayError("Invalid ARN specified in the request: access logs go to a log group")
    for each in stage.method_settings.values():
        if each.throttling_burst_limit < 0 or each.throttling_rate_limit < 0:
            raise ApiGatewayError("Throttling limits are not negative")


def _check_names(pattern: re.Pattern[str], parameters: Mapping[str, Any] | None) -> None:
    wrong = [name for name in parameters or {} if not pattern.match(name)]
    if wrong:
        raise expression_error(wrong)


def _check_models(content: Content, models: Mapping[str, str] | None) -> None:
    for name in (models or {}).values():
        if name not in content.models:
            raise ApiGatewayError(f"Invalid model identifier specified: {name}")
