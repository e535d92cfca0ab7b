"""OpenAPI 3.0 and Swagger 2.0 documents with API Gateway's extensions, as the content of an API.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec

from runtime.errors import ApiGatewayError
from runtime.model.apigateway.openapi_document import referred
from runtime.model.apigateway.put_checks import (
    TIMEOUT_MAX_MS,
    check_api,
    check_authorizer,
    check_gateway_response,
    check_integration,
    check_mappings,
    check_method,
    check_response_type,
)
from runtime.model.apigateway.structure import check_path_part, with_resource
from runtime.model.apigateway.values import (
    Authorizer,
    Content,
    GatewayResponse,
    Integration,
    IntegrationResponse,
    Method,
    MethodResponse,
    Model,
    RequestValidator,
    Resource,
    changed,
)

_X: Final = "x-amazon-apigateway-"
_METHODS: Final = {each.lower(): each for each in ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD")} | {
    f"{_X}any-method": "ANY"
}
_PLACES: Final = {"path": "path", "query": "querystring", "header": "header"}
_SCHEMA_REF: Final = re.compile(r"#/(?:definitions|components/schemas)/(.+)")

V = TypeVar("V", bound=msgspec.Struct)
#: Length → an id that nobody has.
NewId = Callable[[int], str]


class Importer:
    """Puts one document over a content. `warnings` is what had no meaning here."""

    def __init__(self, document: dict[str, Any], content: Content, new_id: NewId) -> None:
        self.document = document
        self.content = content
        self.warnings: list[str] = []
        self._new_id = new_id
        self._security: dict[str, Mapping[str, Any]] = {}

    def run(self) -> Content:
        """Raises ApiGatewayError."""
        self._api()
        self._models()
        self._validators()
        self._security_schemes()
        self._gateway_responses()
        for path, item in self.document["paths"].items():
            self._path(str(path), referred(self.document, item))
        return self.content

    # ------------------------------------------------------------ the whole

    def _api(self) -> None:
        info, api = self.document.get("info") or {}, self.content.api
        types = self._extension("binary-media-types")
        if types is not None and (not isinstance(types, list) or not all(isinstance(each, str) for each in types)):
            raise ApiGatewayError(f"Invalid OpenAPI input: {_X}binary-media-types is a list of texts.")
        size = self._extension("minimum-compression-size")
        policy = self._extension("policy")
        after = changed(
            api,
            name=str(info.get("title") or api.name),
            description=str(info["description"]) if info.get("description") else api.description,
            version=str(info["version"]) if info.get("version") else api.version,
            binary_media_types=types or api.binary_media_types,
            minimum_compression_size=size if isinstance(size, int) else api.minimum_compression_size,
            api_key_source=str(self._extension("api-key-source") or api.api_key_source),
            policy=json.dumps(policy) if policy else api.policy,
        )
        check_api(changed(after, name=after.name or "-"))
        self.content = changed(self.content, api=after)

    def _extension(self, name: str) -> Any:
        return self.document.get(_X + name)

    def _models(self) -> None:
        components = self.document.get("components") or {}
        schemas = self.document.get("definitions") or components.get("schemas") or {}
        for name, schema in schemas.items():
            self._add_model(_model_name(str(name)), schema)

    def _add_model(self, name: str, schema: Any) -> str:
        before = self.content.models.get(name)
        text = json.dumps(_with_model_urls(schema, self.content.api.id))
        made = Model(
            id=self._new_id(6) if before is None else before.id, name=name, schema=text, content_type="application/json"
        )
        self.content = changed(self.content, models=self.content.models | {name: made})
        return name

    def _validators(self) -> None:
        known = {each.name: each.id for each in self.content.validators.values()}
        made = {}
        for name, given in (self._extension("request-validators") or {}).items():
            key = known.get(name) or self._new_id(6)
            made[key] = RequestValidator(
                id=key,
                name=str(name),
                validate_request_body=given.get("validateRequestBody") is True,
                validate_request_parameters=given.get("validateRequestParameters") is True,
            )
        self.content = changed(self.content, validators=self.content.validators | made)

    def _security_schemes(self) -> None:
        components = self.document.get("components") or {}
        schemes = self.document.get("securityDefinitions") or components.get("securitySchemes") or {}
        for name, scheme in schemes.items():
            given = referred(self.document, scheme)
            self._security[str(name)] = given
            if f"{_X}authorizer" in given:
                self._authorizer(str(name), given[f"{_X}authorizer"], given)

    def _authorizer(self, name: str, given: Mapping[str, Any], scheme: Mapping[str, Any]) -> None:
        kind = str(given.get("type", "")).upper()
        if kind not in ("TOKEN", "REQUEST"):
            raise ApiGatewayError(f"Authorizers of type {kind} are not offered.")
        before = next((each for each in self.content.authorizers.values() if each.name == name), None)
        source = given.get("identitySource")
        if kind == "TOKEN" and not source:
            source = f"method.request.header.{scheme.get('name', 'Authorization')}"
        made = Authorizer(
            id=self._new_id(6) if before is None else before.id,
            name=name,
            type=kind,
            auth_type=str(scheme.get(f"{_X}authtype") or "custom"),
            authorizer_uri=str(given.get("authorizerUri") or ""),
            authorizer_credentials=given.get("authorizerCredentials"),
            identity_source=source,
            identity_validation_expression=given.get("identityValidationExpression"),
            authorizer_result_ttl_in_seconds=int(given.get("authorizerResultTtlInSeconds", 300)),
        )
        check_authorizer(made)
        self.content = changed(self.content, authorizers=self.content.authorizers | {made.id: made})

    def _gateway_responses(self) -> None:
        found = dict(self.content.gateway_responses)
        for kind, given in (self._extension("gateway-responses") or {}).items():
            status = given.get("statusCode")
            found[check_response_type(kind)] = GatewayResponse(
                response_type=kind,
                status_code=None if status is None else str(status),
                response_parameters=dict(given.get("responseParameters") or {}),
                response_templates=dict(given.get("responseTemplates") or {}),
                default_response=False,
            )
            check_gateway_response(found[kind])
        self.content = changed(self.content, gateway_responses=found)

    # ------------------------------------------------------------ paths

    def _path(self, path: str, item: dict[str, Any]) -> None:
        if not path.startswith("/"):
            raise ApiGatewayError(f"Invalid OpenAPI input: the path {path[:200]} does not begin with /.")
        resource = self._resource(path)
        shared = item.get("parameters") or []
        for key, operation in item.items():
            if key in _METHODS:
                method = self._method(_METHODS[key], referred(self.document, operation), shared)
                methods = (resource.resource_methods or {}) | {method.http_method: method}
                resource = changed(resource, resource_methods=methods)
        self.content = with_resource(self.content, resource)

    def _resource(self, path: str) -> Resource:
        """The resource of a path, made with those above it."""
        trimmed = path.rstrip("/") or "/"
        found = next((each for each in self.content.resources.values() if each.path == trimmed), None)
        if found is not None:
            return found
        above, _, part = trimmed.rpartition("/")
        parent = self._resource(above or "/")
        check_path_part(self.content, parent, part)
        made = Resource(id=self._new_id(6), parent_id=parent.id, path_part=part, path=trimmed)
        self.content = with_resource(self.content, made)
        return made

    # ------------------------------------------------------------ methods

    def _method(self, name: str, operation: dict[str, Any], shared: list[Any]) -> Method:
        own = [referred(self.document, each) for each in operation.get("parameters") or []]
        given = {(each.get("in"), each.get("name")): each for each in own}
        inherited = [referred(self.document, each) for each in shared]
        parameters = [each for each in inherited if (each.get("in"), each.get("name")) not in given] + own
        validator = operation.get(f"{_X}request-validator") or self._extension("request-validator")
        authorization, authorizer_id, needs_key = self._authorization(operation)
        made = Method(
            http_method=name,
            authorization_type=authorization,
            authorizer_id=authorizer_id,
            api_key_required=needs_key,
            request_validator_id=self._validator_id(validator),
            operation_name=operation.get("operationId"),
            request_parameters=dict(self._parameters(parameters)) or None,
            request_models=dict(self._request_models(operation, parameters)) or None,
            method_responses=self._responses(operation) or None,
        )
        check_method(self.content, made)
        integration = operation.get(f"{_X}integration")
        return made if integration is None else changed(made, method_integration=self._integration(made, integration))

    def _validator_id(self, name: Any) -> str | None:
        if name is None:
            return None
        found = next((each.id for each in self.content.validators.values() if each.name == name), None)
        if found is None:
            raise ApiGatewayError(f"Invalid OpenAPI input: there is no request validator {str(name)[:100]}.")
        return found

    def _authorization(self, operation: dict[str, Any]) -> tuple[str, str | None, bool]:
        """(authorization type, authorizer, whether a key is needed)."""
        kind, authorizer_id, needs_key = "NONE", None, False
        explicit = operation.get(f"{_X}auth")
        if isinstance(explicit, dict) and explicit.get("type"):
            kind = str(explicit["type"]).upper()
        security = operation.get("security", self.document.get("security"))
        for requirement in security or []:
            for name in requirement:
                scheme = self._security.get(name, {})
                found = next((each for each in self.content.authorizers.values() if each.name == name), None)
                if found is not None:
                    kind, authorizer_id = "CUSTOM", found.id
                elif str(scheme.get(f"{_X}authtype", "")).lower() == "awssigv4":
                    kind = "AWS_IAM"
                elif scheme.get("type") == "apiKey":
                    needs_key = True
                else:
                    self.warnings.append(f"The security scheme {name} has no meaning here.")
        return kind, authorizer_id, needs_key

    def _parameters(self, parameters: list[dict[str, Any]]) -> Iterator[tuple[str, bool]]:
        for each in parameters:
            place = _PLACES.get(str(each.get("in")))
            if place is not None:
                yield f"method.request.{place}.{each.get('name')}", each.get("required") is True
            elif each.get("in") != "body":
                self.warnings.append(f"Parameters in {each.get('in')} have no meaning here.")

    def _request_models(self, operation: dict[str, Any], parameters: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
        body = next((each for each in parameters if each.get("in") == "body"), None)
        if body is not None and "schema" in body:
            kinds = operation.get("consumes") or self.document.get("consumes") or ["application/json"]
            for kind in kinds:
                yield str(kind), self._model_of(body["schema"])
        if "requestBody" in operation:
            yield from self._content_models(referred(self.document, operation["requestBody"]))

    def _content_models(self, holder: dict[str, Any]) -> Iterator[tuple[str, str]]:
        for kind, media in (holder.get("content") or {}).items():
            if isinstance(media, dict) and "schema" in media:
                yield str(kind), self._model_of(media["schema"])

    def _model_of(self, schema: Any) -> str:
        """The name of a schema's model; one without a name is made."""
        match = _SCHEMA_REF.fullmatch(str(schema.get("$ref", ""))) if isinstance(schema, dict) else None
        if match is not None:
            return _model_name(match[1])
        return self._add_model(f"MODEL{self._new_id(6)}", schema)

    def _responses(self, operation: dict[str, Any]) -> dict[str, MethodResponse]:
        found = {}
        for status, given in (operation.get("responses") or {}).items():
            if not re.fullmatch(r"[1-5]\d\d", str(status)):
                self.warnings.append(f"The response {status} has no meaning here.")
                continue
            response = referred(self.document, given)
            headers = {f"method.response.header.{name}": False for name in response.get("headers") or {}}
            models = dict(self._content_models(response))
            if "schema" in response:
                kinds = operation.get("produces") or self.document.get("produces") or ["application/json"]
                models |= {str(kind): self._model_of(response["schema"]) for kind in kinds}
            found[str(status)] = MethodResponse(
                status_code=str(status), response_parameters=headers or None, response_models=models or None
            )
        return found

    # ------------------------------------------------------------ integrations

    def _integration(self, method: Method, given: dict[str, Any]) -> Integration:
        kind = str(given.get("type", "")).upper()
        if kind not in ("HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY"):
            raise ApiGatewayError(f"Invalid integration type specified: {kind[:50]}")
        if str(given.get("connectionType", "INTERNET")).upper() == "VPC_LINK":
            raise ApiGatewayError("connectionType VPC_LINK is not offered.")
        responses = given.get("responses") or {}
        fields = {
            "type": kind,
            "http_method": str(given["httpMethod"]).upper() if given.get("httpMethod") else None,
            "uri": given.get("uri"),
            "credentials": given.get("credentials"),
            "request_parameters": given.get("requestParameters") or None,
            "request_templates": given.get("requestTemplates") or None,
            "passthrough_behavior": str(given.get("passthroughBehavior", "WHEN_NO_MATCH")).upper(),
            "content_handling": str(given["contentHandling"]).upper() if given.get("contentHandling") else None,
            "timeout_in_millis": given.get("timeoutInMillis", TIMEOUT_MAX_MS),
            "cache_namespace": str(given.get("cacheNamespace") or "default"),
            "cache_key_parameters": [],
        }
        made = _checked(Integration(**fields))
        check_integration(_declaring(method, made), made)
        answers = {}
        for pattern, response in responses.items():
            answer = _integration_response(str(pattern), response)
            answers[answer.status_code] = answer
        return changed(made, integration_responses=answers or None)


def _integration_response(pattern: str, given: dict[str, Any]) -> IntegrationResponse:
    answer = _checked(
        IntegrationResponse(
            status_code=str(given.get("statusCode", "200")),
            selection_pattern=None if pattern == "default" else pattern,
            response_parameters=given.get("responseParameters") or None,
            response_templates=given.get("responseTemplates") or None,
            content_handling=str(given["contentHandling"]).upper() if given.get("contentHandling") else None,
        )
    )
    if not re.fullmatch(r"[1-5]\d\d", answer.status_code):
        raise ApiGatewayError("Invalid OpenAPI input: a status code has three digits.")
    check_mappings(answer)
    return answer


def _checked(value: V) -> V:
    """A value whose members have their types. Raises ApiGatewayError."""
    try:
        return msgspec.convert(msgspec.to_builtins(value), type(value))
    except msgspec.ValidationError as error:
        raise ApiGatewayError(f"Invalid OpenAPI input: {error}") from None


def _declaring(method: Method, integration: Integration) -> Method:
    """A document need not declare the parameters that its integration uses."""
    used = dict.fromkeys((integration.request_parameters or {}).values(), False)
    return changed(method, request_parameters=used | (method.request_parameters or {}))


def _model_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", name) or "Model"


def _with_model_urls(schema: Any, api_id: str) -> Any:
    if isinstance(schema, dict):
        found = {key: _with_model_urls(each, api_id) for key, each in schema.items()}
        match = _SCHEMA_REF.fullmatch(found["$ref"]) if isinstance(found.get("$ref"), str) else None
        if match is not None:
            found["$ref"] = f"https://apigateway.amazonaws.com/restapis/{api_id}/models/{_model_name(match[1])}"
        return found
    if isinstance(schema, list):
        return [_with_model_urls(each, api_id) for each in schema]
    return schema
