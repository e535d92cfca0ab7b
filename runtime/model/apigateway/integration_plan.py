"""How a request goes to an integration, and how what it returns goes to the client: mappings and templates, read once.

https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-integration-settings.html
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from runtime.model.apigateway.exchange import Exchange, Returned, Source, source
from runtime.model.apigateway.gateway_responses import Refused, internal_error
from runtime.model.apigateway.integration_uri import FunctionUri, Uri, read_uri, with_stage_variables
from runtime.model.apigateway.proxy_event import Answered, is_binary
from runtime.model.apigateway.values import Integration, IntegrationResponse
from runtime.model.apigateway.variables import NO_PARAMETERS, UTIL, Input
from runtime.model.apigateway.vtl.template import RenderError, Template
from runtime.model.apigateway.vtl.values import written
from runtime.model.given_pattern import GivenPattern, PatternTooSlow

PROXIES: Final = frozenset({"AWS_PROXY", "HTTP_PROXY"})
_REQUEST_PLACES: Final = ("header", "querystring", "path")
_UNSUPPORTED: Final = "Unsupported Media Type"


class Outgoing(msgspec.Struct, kw_only=True):
    """What an integration is given, beside its URI."""

    headers: dict[str, str]
    query: list[tuple[str, str]]
    path: dict[str, str]
    body: bytes


class IntegrationPlan:
    """An integration of a stage. `binary_types` are the API's."""

    def __init__(
        self, integration: Integration, stage_variables: Mapping[str, str], binary_types: Sequence[str]
    ) -> None:
        """Raises SourceError, TemplateError, UriError, PatternError."""
        self.kind = integration.type
        self.method = integration.http_method
        self.uri: Uri | None = None
        if integration.type != "MOCK":
            self.uri = read_uri(integration.type, with_stage_variables(integration.uri or "", stage_variables))
        self.timeout_s = integration.timeout_in_millis / 1000
        self.content_handling = integration.content_handling
        self.passthrough = integration.passthrough_behavior
        self.binary_types = binary_types
        self._templates = _templates(integration.request_templates)
        self._parameters = _request_parameters(integration.request_parameters or {})
        responses = (integration.integration_responses or {}).values()
        plans = [ResponsePlan(each, binary_types) for each in responses]
        self._responses = [plan for plan in plans if plan.pattern is not None]
        self._default = next((plan for plan in plans if plan.pattern is None), None)

    # ------------------------------------------------------------ to the integration

    def outgoing(self, exchange: Exchange) -> Outgoing:
        """Raises Refused: no template for the content type; a template beyond its bounds."""
        found = Outgoing(headers={}, query=[], path={}, body=self._body(exchange))
        for place, name, read in self._parameters:
            value = read(exchange, None)
            if value is not None:
                _put(found, place, name, value)
        override = exchange.context.get("requestOverride")
        if isinstance(override, Mapping):
            _override(found, override)
        return found

    def mapped(self, exchange: Exchange) -> Outgoing:
        """Of a proxy: what the mappings alone say."""
        found = Outgoing(headers={}, query=[], path={}, body=b"")
        for place, name, read in self._parameters:
            value = read(exchange, None)
            if value is not None:
                _put(found, place, name, value)
        return found

    def _body(self, exchange: Exchange) -> bytes:
        request = exchange.request
        kind = (exchange.header("content-type") or "application/json").partition(";")[0].strip().lower()
        template = self._templates.get(kind, _MISSING)
        if template is _MISSING and not self._may_pass():
            raise Refused("UNSUPPORTED_MEDIA_TYPE", _UNSUPPORTED)
        binary = is_binary(exchange.header("content-type") or "", self.binary_types)
        body = _handled(request.body, self.content_handling, is_binary_body=binary)
        if not isinstance(template, Template):
            return body
        variables = _variables(Input(body.decode(errors="replace"), exchange.parameters), exchange)
        exchange.context.setdefault("requestOverride", {"header": {}, "path": {}, "querystring": {}})
        return _rendered(template, variables).encode(errors="replace")

    def _may_pass(self) -> bool:
        """Whether a body without a template goes on as it is."""
        if self.passthrough == "WHEN_NO_MATCH":
            return True
        return self.passthrough == "WHEN_NO_TEMPLATES" and not self._templates

    # ------------------------------------------------------------ to the client

    def answered(self, exchange: Exchange, returned: Returned) -> Answered:
        """By the response whose pattern fits. Raises Refused when there is none."""
        text = returned.error if returned.error is not None else _pattern_text(self, returned)
        plan = next((each for each in self._responses if each.fits(text)), self._default)
        if plan is None:
            raise internal_error()
        return plan.answered(exchange, returned)


_MISSING: Final = object()


def _pattern_text(plan: IntegrationPlan, returned: Returned) -> str:
    """Patterns see a function's error, and of all others the status."""
    return "" if isinstance(plan.uri, FunctionUri) else str(returned.status)


class ResponsePlan:
    """One integration response."""

    def __init__(self, response: IntegrationResponse, binary_types: Sequence[str] = ()) -> None:
        """Raises SourceError, TemplateError, PatternError."""
        self.status = int(response.status_code)
        self.pattern = GivenPattern(response.selection_pattern) if response.selection_pattern else None
        self.binary_types = binary_types
        self._content_handling = response.content_handling
        self._templates = _templates(response.response_templates)
        self._headers = {
            name.removeprefix("method.response.header."): source(text)
            for name, text in (response.response_parameters or {}).items()
        }

    def fits(self, text: str) -> bool:
        """Raises Refused for a pattern that does not come to an end."""
        try:
            return self.pattern is not None and bool(text) and self.pattern.fullmatch(text)
        except PatternTooSlow:
            raise internal_error() from None

    def answered(self, exchange: Exchange, returned: Returned) -> Answered:
        """Raises Refused for a template beyond its bounds."""
        headers = {"Content-Type": "application/json"}
        for name, read in self._headers.items():
            value = read(exchange, returned)
            if value is not None:
                _put_header(headers, name, value)
        kind, body = self._body(exchange, returned)
        if kind is not None and not any(name.lower() == "content-type" for name in self._headers):
            headers["Content-Type"] = kind
        status = self.status
        override = exchange.context.get("responseOverride")
        if isinstance(override, Mapping):
            status = _status(override.get("status"), status)
            for name, value in (override.get("header") or {}).items():
                _put_header(headers, name, written(value))
        return Answered(status=status, headers=headers, body=body)

    def _body(self, exchange: Exchange, returned: Returned) -> tuple[str | None, bytes]:
        content_type = "".join(returned.header("content-type")[-1:])
        binary = is_binary(content_type, self.binary_types)
        body = _handled(returned.body, self._content_handling, is_binary_body=binary)
        if not self._templates:
            return None, body
        accept = (exchange.header("accept") or "").partition(",")[0].partition(";")[0].strip().lower()
        kind = accept if accept in self._templates else next(iter(self._templates))
        template = self._templates[kind]
        if template is None:
            return kind, body
        exchange.context["responseOverride"] = {"header": {}}
        variables = _variables(Input(body.decode(errors="replace"), NO_PARAMETERS), exchange)
        return kind, _rendered(template, variables).encode(errors="replace")


def mock_status(body: bytes) -> int:
    """The `statusCode` of what a MOCK integration's template wrote. Raises Refused."""
    try:
        found = msgspec.json.decode(body)
        return int(found["statusCode"])
    except (msgspec.DecodeError, ValueError, KeyError, TypeError, RecursionError):
        match = _MOCK.fullmatch(body)  # keys without quotes are taken as well
        if match is None:
            raise internal_error() from None
        return int(match[1])


_MOCK: Final = re.compile(rb"\s*\{\s*[\"']?statusCode[\"']?\s*:\s*(\d{3})\s*\}\s*")


def _templates(given: Mapping[str, str | None] | None) -> dict[str, Template | None]:
    return {kind.lower(): None if text is None else Template(text) for kind, text in (given or {}).items()}


def _request_parameters(given: Mapping[str, str]) -> list[tuple[str, str, Source]]:
    found = []
    for name, text in given.items():
        _, _, rest = name.partition("integration.request.")
        place, _, key = rest.partition(".")
        if place in _REQUEST_PLACES and key:
            found.append((place, key, source(text)))
    return found


def _put(found: Outgoing, place: str, name: str, value: str) -> None:
    if place == "header":
        _put_header(found.headers, name, value)
    elif place == "querystring":
        found.query.append((name, value))
    else:
        found.path[name] = value


def _put_header(headers: dict[str, str], name: str, value: str) -> None:
    """A line end in it would be another header: such a value is not sent."""
    if set(f"{name}{value}") & set("\r\n\0"):
        return
    for known in [each for each in headers if each.lower() == name.lower()]:
        del headers[known]
    headers[name] = value


def _override(found: Outgoing, override: Mapping[str, Any]) -> None:
    for name, value in (override.get("header") or {}).items():
        _put_header(found.headers, name, written(value))
    for name, value in (override.get("querystring") or {}).items():
        found.query = [(known, each) for known, each in found.query if known != name] + [(name, written(value))]
    for name, value in (override.get("path") or {}).items():
        found.path[name] = written(value)


def _status(value: Any, default: int) -> int:
    try:
        status = int(written(value)) if value is not None else default
    except ValueError:
        return default
    return status if 100 <= status <= 599 else default


def _variables(given: Input, exchange: Exchange) -> dict[str, Any]:
    return {
        "input": given,
        "context": exchange.context,
        "stageVariables": dict(exchange.stage_variables),
        "util": UTIL,
    }


def _rendered(template: Template, variables: Mapping[str, Any]) -> str:
    try:
        return template.render(variables)
    except RenderError:
        raise internal_error() from None


def _handled(body: bytes, handling: str | None, *, is_binary_body: bool) -> bytes:
    """https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html"""
    if handling == "CONVERT_TO_TEXT" and is_binary_body:
        return b64encode(body)
    if handling == "CONVERT_TO_BINARY" and not is_binary_body:
        try:
            return b64decode(body, validate=True)
        except ValueError:
            raise internal_error() from None
    return body
