"""OpenAPI 3.0 documents with API Gateway's extensions, as the content of an HTTP API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from runtime.errors import ApiGatewayError
from runtime.model.apigateway.openapi_document import referred
from runtime.model.apigateway.values import changed
from runtime.model.cors import Cors
from runtime.model.httpapi.checks import (
    TIMEOUT_MAX_MS,
    check_authorizer,
    check_cors,
    check_integration,
    check_route,
)
from runtime.model.httpapi.defaults import FUNCTION_TTL_S, description_of
from runtime.model.httpapi.route_key import DEFAULT
from runtime.model.httpapi.values import (
    HttpAuthorizer,
    HttpContent,
    HttpIntegration,
    HttpRoute,
    JwtConfiguration,
)

_X: Final = "x-amazon-apigateway-"
_ANY: Final = f"{_X}any-method"
_METHODS: Final = ("get", "put", "post", "delete", "patch", "options", "head")
#: How the path of servers is taken (`basepath`).
BASEPATHS: Final = ("ignore", "prepend", "split")
_NOT_OFFERED: Final = ("binary-media-types", "gateway-responses", "policy", "request-validators", "api-key-source")

V = TypeVar("V")
NewId = Callable[[], str]


class HttpImporter:
    """Makes the content of one document. `content` has the API that it is for; `warnings` is what had no meaning."""

    def __init__(self, document: dict[str, Any], content: HttpContent, basepath: str, new_id: NewId) -> None:
        self.document = document
        self.content = changed(content, routes={}, integrations={}, authorizers={})
        self.warnings: list[str] = []
        self._prefix = _prefix(document, basepath)
        self._new_id = new_id
        self._schemes: dict[str, Mapping[str, Any]] = {}

    def run(self) -> HttpContent:
        """Raises ApiGatewayError."""
        if not str(self.document.get("openapi", "")).startswith("3.0"):
            raise ApiGatewayError("Unable to import: HTTP APIs take OpenAPI 3.0 documents.")
        self._api()
        for name, scheme in (self._components().get("securitySchemes") or {}).items():
            self._scheme(str(name), referred(self.document, scheme))
        for path, item in self.document["paths"].items():
            self._path(str(path), referred(self.document, item))
        return self.content

    def _components(self) -> Mapping[str, Any]:
        return self.document.get("components") or {}

    # ------------------------------------------------------------ the API

    def _api(self) -> None:
        info, api = self.document.get("info") or {}, self.content.api
        cors = self.document.get(f"{_X}cors")
        tags = {
            str(tag["name"]): str(tag[f"{_X}tag-value"])
            for tag in self.document.get("tags") or []
            if f"{_X}tag-value" in tag
        }
        for name in _NOT_OFFERED:
            if f"{_X}{name}" in self.document:
                self.warnings.append(f"{_X}{name} is not supported for HTTP APIs.")
        self.content = changed(
            self.content,
            api=changed(
                api,
                name=str(info.get("title") or api.name),
                description=description_of(info.get("description")),
                version=None if info.get("version") is None else str(info["version"])[:64],
                cors_configuration=None if cors is None else check_cors(_converted(cors, Cors)),
                tags={**(api.tags or {}), **tags} or None,
            ),
        )
        if not self.content.api.name or len(self.content.api.name) > 128:
            raise ApiGatewayError("Invalid OpenAPI input: info.title is missing, or has more than 128 characters.")

    def _scheme(self, name: str, scheme: Mapping[str, Any]) -> None:
        self._schemes[name] = scheme
        given = scheme.get(f"{_X}authorizer")
        if given is None:
            return
        kind = str(given.get("type", "")).upper()
        if kind not in ("JWT", "REQUEST"):
            raise ApiGatewayError(f"Authorizers of type {kind[:50]} are not offered for HTTP APIs.")
        is_jwt = kind == "JWT"
        made = HttpAuthorizer(
            authorizer_id=self._new_id(),
            name=name,
            authorizer_type=kind,
            identity_source=_sources(given.get("identitySource")),
            jwt_configuration=_converted(given.get("jwtConfiguration") or {}, JwtConfiguration) if is_jwt else None,
            authorizer_uri=given.get("authorizerUri"),
            authorizer_credentials_arn=given.get("authorizerCredentials"),
            authorizer_payload_format_version=_text(given.get("authorizerPayloadFormatVersion")),
            authorizer_result_ttl_in_seconds=given.get(
                "authorizerResultTtlInSeconds", None if is_jwt else FUNCTION_TTL_S
            ),
            enable_simple_responses=given.get("enableSimpleResponses"),
        )
        made = _converted(msgspec.to_builtins(made), HttpAuthorizer)
        check_authorizer(self.content, made)
        self.content = changed(self.content, authorizers=self.content.authorizers | {made.authorizer_id: made})

    # ------------------------------------------------------------ routes

    def _path(self, path: str, item: dict[str, Any]) -> None:
        if not path.startswith("/") and path != DEFAULT:
            raise ApiGatewayError(f"Invalid OpenAPI input: the path {path[:200]} does not begin with /.")
        for key, operation in item.items():
            if key in _METHODS or key == _ANY:
                self._operation(path, "ANY" if key == _ANY else key.upper(), referred(self.document, operation))
            elif key == f"{_X}integration":
                raise ApiGatewayError(f"Invalid OpenAPI input: {key} belongs to an operation.")

    def _operation(self, path: str, method: str, operation: dict[str, Any]) -> None:
        is_default = path in (DEFAULT, f"/{DEFAULT}") or operation.get("isDefaultRoute") is True
        kind, authorizer_id, scopes = self._authorization(operation)
        given = operation.get(f"{_X}integration")
        target = None
        if given is None:
            self.warnings.append(f"{method} {path} has no integration.")
        else:
            integration = self._integration(referred(self.document, given))
            target = f"integrations/{integration.integration_id}"
        made = HttpRoute(
            route_id=self._new_id(),
            route_key=DEFAULT if is_default else f"{method} {self._prefix}{path}",
            api_key_required=False,
            authorization_type=kind,
            authorization_scopes=scopes or None,
            authorizer_id=authorizer_id,
            operation_name=None if operation.get("operationId") is None else str(operation["operationId"])[:64],
            target=target,
        )
        check_route(self.content, made)
        self.content = changed(self.content, routes=self.content.routes | {made.route_id: made})

    def _authorization(self, operation: dict[str, Any]) -> tuple[str, str | None, list[str]]:
        explicit = operation.get(f"{_X}auth")
        if isinstance(explicit, dict) and str(explicit.get("type", "")).upper() == "AWS_IAM":
            return "AWS_IAM", None, []
        for requirement in operation.get("security", self.document.get("security")) or []:
            for name, scopes in requirement.items():
                found = next((each for each in self.content.authorizers.values() if each.name == name), None)
                if found is not None:
                    is_jwt = found.authorizer_type == "JWT"
                    return ("JWT" if is_jwt else "CUSTOM"), found.authorizer_id, list(scopes) if is_jwt else []
                self.warnings.append(f"The security scheme {str(name)[:100]} has no authorizer.")
        return "NONE", None, []

    def _integration(self, given: dict[str, Any]) -> HttpIntegration:
        if str(given.get("connectionType", "INTERNET")).upper() != "INTERNET":
            raise ApiGatewayError("connectionType VPC_LINK is not offered.")
        for name in ("requestTemplates", "tlsConfig", "passthroughBehavior", "contentHandling", "responses"):
            if name in given:
                self.warnings.append(f"{name} of an integration is not supported for HTTP APIs.")
        subtype = given.get("integrationSubtype", given.get("subtype"))
        kind = str(given.get("type", "")).upper()
        method = given.get("httpMethod")
        fields = {
            "integrationId": self._new_id(),
            "integrationType": kind,
            "integrationSubtype": subtype,
            "integrationMethod": None if method is None else _method(str(method)),
            "integrationUri": None if subtype is not None else given.get("uri"),
            "connectionType": "INTERNET",
            "credentialsArn": given.get("credentials"),
            "payloadFormatVersion": _text(given.get("payloadFormatVersion", "1.0")),
            "requestParameters": given.get("requestParameters"),
            "responseParameters": given.get("responseParameters"),
            "timeoutInMillis": given.get("timeoutInMillis", TIMEOUT_MAX_MS),
        }
        told = {name: value for name, value in fields.items() if value is not None}
        if kind == "AWS_PROXY" and subtype is None:
            told.setdefault("integrationMethod", "POST")
        made = _converted(told, HttpIntegration)
        check_integration(made)
        self.content = changed(self.content, integrations=self.content.integrations | {made.integration_id: made})
        return made


def _prefix(document: Mapping[str, Any], basepath: str) -> str:
    if basepath == "ignore":
        return ""
    servers = document.get("servers") or [{}]
    server = servers[0]
    url = str(server.get("url", ""))
    for name, variable in (server.get("variables") or {}).items():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    path = urlsplit(url).path.rstrip("/")
    if basepath == "split":
        _, _, rest = path.lstrip("/").partition("/")
        return f"/{rest}" if rest else ""
    return path


def _method(text: str) -> str:
    return "ANY" if text.lower() == _ANY else text.upper()


def _sources(given: Any) -> list[str]:
    if given is None:
        return []
    return [each.strip() for each in given.split(",")] if isinstance(given, str) else [str(each) for each in given]


def _text(value: Any) -> str | None:
    """YAML reads 1.0 as a number."""
    return None if value is None else str(value)


def _converted(value: Any, kind: type[V]) -> V:
    """Raises ApiGatewayError."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise ApiGatewayError(f"Invalid OpenAPI input: {error}") from None
