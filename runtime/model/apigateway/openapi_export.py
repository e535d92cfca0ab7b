"""The document of a deployment: OpenAPI 3.0 or Swagger 2.0, JSON or YAML, with or without API Gateway's extensions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from runtime.model.apigateway.values import Authorizer, Content, Integration, Method

_X: Final = "x-amazon-apigateway-"
_MODEL_URL: Final = re.compile(r"https://apigateway\.amazonaws\.com/restapis/[a-z0-9]+/models/([A-Za-z0-9]+)")
_PLACES: Final = {"path": "path", "querystring": "query", "header": "header"}


def headers_of(kind: str, *, is_yaml: bool) -> dict[str, str]:
    """Content type and file name."""
    suffix = "yaml" if is_yaml else "json"
    return {"content-type": f"application/{suffix}", "content-disposition": f'attachment; filename="{kind}.{suffix}"'}


def exported(content: Content, stage: str, *, kind: str, is_yaml: bool, with_extensions: bool) -> bytes:
    """`kind` is `oas30` or `swagger`."""
    document = _Exporter(content, is_oas3=kind == "oas30", with_extensions=with_extensions).document(stage)
    if not is_yaml:
        return json.dumps(document, indent=2).encode()
    import yaml

    text: str = yaml.safe_dump(document, sort_keys=False)
    return text.encode()


class _Exporter:
    def __init__(self, content: Content, *, is_oas3: bool, with_extensions: bool) -> None:
        self._content = content
        self._is_oas3 = is_oas3
        self._with_extensions = with_extensions

    def document(self, stage: str) -> dict[str, Any]:
        api = self._content.api
        info = {"title": api.name, "version": api.version or _date(api.created_date)}
        if api.description:
            info["description"] = api.description
        found: dict[str, Any] = {"openapi": "3.0.1"} if self._is_oas3 else {"swagger": "2.0"}
        found["info"] = info
        if self._is_oas3:
            found["servers"] = [{"url": f"/{stage}"}]
        else:
            found |= {"basePath": f"/{stage}", "schemes": ["http"]}
        found["paths"] = self._paths()
        schemas = {name: _with_refs(json.loads(each.schema), self._prefix) for name, each in self._models().items()}
        schemes = self._schemes()
        if self._is_oas3:
            components = {"schemas": schemas, "securitySchemes": schemes}
            found["components"] = {name: each for name, each in components.items() if each}
        else:
            found |= {"securityDefinitions": schemes} if schemes else {}
            found |= {"definitions": schemas} if schemas else {}
        return found | (self._extensions() if self._with_extensions else {})

    @property
    def _prefix(self) -> str:
        return "#/components/schemas/" if self._is_oas3 else "#/definitions/"

    def _models(self) -> Mapping[str, Any]:
        return {name: each for name, each in self._content.models.items() if name != "Error"}

    def _paths(self) -> dict[str, Any]:
        return {
            resource.path: {
                f"{_X}any-method" if name == "ANY" else name.lower(): self._operation(method)
                for name, method in resource.resource_methods.items()
            }
            for resource in sorted(self._content.resources.values(), key=lambda each: each.path)
            if resource.resource_methods
        }

    def _operation(self, method: Method) -> dict[str, Any]:
        found: dict[str, Any] = {}
        if method.operation_name:
            found["operationId"] = method.operation_name
        parameters = [self._parameter(name, required) for name, required in (method.request_parameters or {}).items()]
        models = method.request_models or {}
        if models and self._is_oas3:
            found["requestBody"] = {"content": {kind: {"schema": self._ref(name)} for kind, name in models.items()}}
        elif models:
            found["consumes"] = list(models)
            name = next(iter(models.values()))
            parameters.append({"in": "body", "name": name, "required": True, "schema": self._ref(name)})
        if parameters:
            found["parameters"] = parameters
        found["responses"] = self._responses(method)
        security = self._security(method)
        if security:
            found["security"] = security
        if self._with_extensions:
            found |= self._operation_extensions(method)
        return found

    def _parameter(self, name: str, required: bool) -> dict[str, Any]:
        place, _, key = name.removeprefix("method.request.").partition(".")
        told = {"name": key, "in": _PLACES.get(place, place), "required": required or place == "path"}
        return told | ({"schema": {"type": "string"}} if self._is_oas3 else {"type": "string"})

    def _ref(self, name: str) -> dict[str, str]:
        return {"$ref": f"{self._prefix}{name}"}

    def _responses(self, method: Method) -> dict[str, Any]:
        found = {}
        text = {"schema": {"type": "string"}} if self._is_oas3 else {"type": "string"}
        for status, response in (method.method_responses or {}).items():
            told: dict[str, Any] = {"description": f"{status} response"}
            headers = [name.removeprefix("method.response.header.") for name in response.response_parameters or {}]
            if headers:
                told["headers"] = dict.fromkeys(headers, text)
            models = response.response_models or {}
            if models and self._is_oas3:
                told["content"] = {kind: {"schema": self._ref(name)} for kind, name in models.items()}
            elif models:
                told["schema"] = self._ref(next(iter(models.values())))
            found[status] = told
        return found

    def _security(self, method: Method) -> list[dict[str, list[str]]]:
        found: list[dict[str, list[str]]] = []
        authorizer = self._content.authorizers.get(method.authorizer_id or "")
        if authorizer is not None:
            found.append({authorizer.name: []})
        if method.authorization_type == "AWS_IAM":
            found.append({"sigv4": []})
        if method.api_key_required:
            found.append({"api_key": []})
        return found

    def _schemes(self) -> dict[str, Any]:
        methods = [each for one in self._content.resources.values() for each in (one.resource_methods or {}).values()]
        found = {each.name: _scheme(each, self._with_extensions) for each in self._content.authorizers.values()}
        if any(each.api_key_required for each in methods):
            found["api_key"] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        if any(each.authorization_type == "AWS_IAM" for each in methods):
            found["sigv4"] = {"type": "apiKey", "name": "Authorization", "in": "header", f"{_X}authtype": "awsSigv4"}
        return found

    def _operation_extensions(self, method: Method) -> dict[str, Any]:
        found: dict[str, Any] = {}
        validator = self._content.validators.get(method.request_validator_id or "")
        if validator is not None:
            found[f"{_X}request-validator"] = validator.name
        if method.method_integration is not None:
            found[f"{_X}integration"] = _integration(method.method_integration)
        return found

    def _extensions(self) -> dict[str, Any]:
        api, content = self._content.api, self._content
        validators = {
            each.name: {
                "validateRequestBody": each.validate_request_body,
                "validateRequestParameters": each.validate_request_parameters,
            }
            for each in content.validators.values()
        }
        responses = {
            kind: _members(each, "responseType", "defaultResponse") for kind, each in content.gateway_responses.items()
        }
        told = {
            "request-validators": validators,
            "gateway-responses": responses,
            "binary-media-types": api.binary_media_types,
            "minimum-compression-size": api.minimum_compression_size,
            "api-key-source": api.api_key_source if api.api_key_source != "HEADER" else None,
        }
        return {f"{_X}{name}": each for name, each in told.items() if each not in (None, {}, [])}


def _members(value: msgspec.Struct, *left_out: str) -> dict[str, Any]:
    return {name: each for name, each in msgspec.to_builtins(value).items() if name not in left_out}


def _integration(integration: Integration) -> dict[str, Any]:
    told = _members(integration, "integrationResponses", "cacheNamespace", "cacheKeyParameters")
    told["type"] = integration.type.lower()
    told["passthroughBehavior"] = integration.passthrough_behavior.lower()
    responses = (integration.integration_responses or {}).values()
    if responses:
        told["responses"] = {
            each.selection_pattern or "default": _members(each, "selectionPattern") for each in responses
        }
    return told


def _scheme(authorizer: Authorizer, with_extensions: bool) -> dict[str, Any]:
    first = (authorizer.identity_source or "").partition(",")[0]
    name = first.rpartition(".")[2] if authorizer.type == "TOKEN" else "Unused"
    found: dict[str, Any] = {"type": "apiKey", "name": name, "in": "header"}
    if with_extensions:
        told = _members(authorizer, "id", "name", "authType")
        found |= {f"{_X}authtype": "custom", f"{_X}authorizer": told | {"type": authorizer.type.lower()}}
    return found


def _with_refs(schema: Any, prefix: str) -> Any:
    if isinstance(schema, dict):
        found = {key: _with_refs(each, prefix) for key, each in schema.items() if key not in ("$schema", "id")}
        match = _MODEL_URL.fullmatch(found["$ref"]) if isinstance(found.get("$ref"), str) else None
        return found if match is None else found | {"$ref": f"{prefix}{match[1]}"}
    if isinstance(schema, list):
        return [_with_refs(each, prefix) for each in schema]
    return schema


def _date(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
