"""An HTTP API as an OpenAPI 3.0 document, with API Gateway's extensions or without.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-export.html
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

from runtime.model.httpapi.route_key import DEFAULT, split_key
from runtime.model.httpapi.values import HttpAuthorizer, HttpContent, HttpIntegration, HttpRoute

_X: Final = "x-amazon-apigateway-"
_PARAMETER: Final = re.compile(r"\{([^{}+]+)\+?\}")


def exported(content: HttpContent, endpoint: str, stage: str, *, is_yaml: bool, with_extensions: bool) -> bytes:
    """The text of the document; YAML by PyYAML, imported then."""
    document = document_of(content, endpoint, stage, with_extensions=with_extensions)
    if not is_yaml:
        return json.dumps(document, indent=2).encode()
    import yaml

    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text.encode()


def document_of(content: HttpContent, endpoint: str, stage: str, *, with_extensions: bool) -> dict[str, Any]:
    api = content.api
    info: dict[str, Any] = {"title": api.name, "version": api.version or api.created_date}
    if api.description is not None:
        info["description"] = api.description
    document: dict[str, Any] = {"openapi": "3.0.1", "info": info}
    if endpoint:
        base = "" if stage in (DEFAULT, "") else stage
        variables = {"basePath": {"default": base}}
        document["servers"] = [{"url": f"{endpoint}/{{basePath}}", "variables": variables}]
    if api.tags:
        document["tags"] = [{"name": name, f"{_X}tag-value": value} for name, value in api.tags.items()]
    paths: dict[str, Any] = {}
    for route in content.routes.values():
        method, path = ("ANY", f"/{DEFAULT}") if route.route_key == DEFAULT else split_key(route.route_key)
        key = f"{_X}any-method" if method == "ANY" else method.lower()
        paths.setdefault(path, {})[key] = _operation(content, route, path, with_extensions=with_extensions)
    document["paths"] = paths
    used = {route.authorizer_id for route in content.routes.values()}
    schemes = {
        each.name: _scheme(each, with_extensions=with_extensions)
        for each in content.authorizers.values()
        if each.authorizer_id in used or with_extensions
    }
    if schemes:
        document["components"] = {"securitySchemes": schemes}
    if with_extensions:
        if api.cors_configuration is not None:
            document[f"{_X}cors"] = msgspec.to_builtins(api.cors_configuration)
        document[f"{_X}importexport-version"] = "1.0"
    return document


def _operation(content: HttpContent, route: HttpRoute, path: str, *, with_extensions: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if route.operation_name is not None:
        made["operationId"] = route.operation_name
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(path)
    ]
    if parameters:
        made["parameters"] = parameters
    made["responses"] = {"default": {"description": f"Default response for {route.route_key}"}}
    authorizer = content.authorizers.get(route.authorizer_id or "")
    if authorizer is not None:
        made["security"] = [{authorizer.name: route.authorization_scopes or []}]
    if not with_extensions:
        return made
    if route.route_key == DEFAULT:
        made["isDefaultRoute"] = True
    if route.authorization_type == "AWS_IAM":
        made[f"{_X}auth"] = {"type": "AWS_IAM"}
    integration = content.integrations.get((route.target or "").removeprefix("integrations/"))
    if integration is not None:
        made[f"{_X}integration"] = _integration(integration)
    return made


def _integration(integration: HttpIntegration) -> dict[str, Any]:
    told = {
        "payloadFormatVersion": integration.payload_format_version,
        "type": integration.integration_type.lower(),
        "integrationSubtype": integration.integration_subtype,
        "httpMethod": integration.integration_method,
        "uri": integration.integration_uri,
        "credentials": integration.credentials_arn,
        "connectionType": integration.connection_type,
        "requestParameters": integration.request_parameters,
        "responseParameters": integration.response_parameters,
        "timeoutInMillis": integration.timeout_in_millis,
    }
    return {name: value for name, value in told.items() if value is not None}


def _scheme(authorizer: HttpAuthorizer, *, with_extensions: bool) -> dict[str, Any]:
    is_jwt = authorizer.authorizer_type == "JWT"
    if is_jwt:
        made: dict[str, Any] = {"type": "oauth2", "flows": {}}
    else:
        source = next(iter(authorizer.identity_source), "$request.header.Authorization")
        made = {"type": "apiKey", "name": source.rpartition(".")[2], "in": "header"}
    if not with_extensions:
        return made
    jwt = None if authorizer.jwt_configuration is None else msgspec.to_builtins(authorizer.jwt_configuration)
    told = {
        "type": authorizer.authorizer_type.lower(),
        "identitySource": ",".join(authorizer.identity_source) or None,
        "jwtConfiguration": jwt,
        "authorizerUri": authorizer.authorizer_uri,
        "authorizerCredentials": authorizer.authorizer_credentials_arn,
        "authorizerPayloadFormatVersion": authorizer.authorizer_payload_format_version,
        "authorizerResultTtlInSeconds": authorizer.authorizer_result_ttl_in_seconds,
        "enableSimpleResponses": authorizer.enable_simple_responses,
    }
    made[f"{_X}authorizer"] = {name: value for name, value in told.items() if value is not None}
    return made
