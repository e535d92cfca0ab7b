"""What a gateway itself answers: by type a status, and a body that an API may replace.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from runtime.model.apigateway.exchange import Exchange, Source, SourceError, source
from runtime.model.apigateway.proxy_event import Answered
from runtime.model.apigateway.values import GatewayResponse

#: Type → status and the code of `x-amzn-ErrorType`; the defaults have no status of their own.
TYPES: Final[dict[str, tuple[int | None, str]]] = {
    "ACCESS_DENIED": (403, "AccessDeniedException"),
    "API_CONFIGURATION_ERROR": (500, "InternalServerErrorException"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "AuthorizerConfigurationException"),
    "AUTHORIZER_FAILURE": (500, "AuthorizerConfigurationException"),
    "BAD_REQUEST_BODY": (400, "BadRequestException"),
    "BAD_REQUEST_PARAMETERS": (400, "BadRequestException"),
    "DEFAULT_4XX": (None, "BadRequestException"),
    "DEFAULT_5XX": (None, "InternalServerErrorException"),
    "EXPIRED_TOKEN": (403, "ExpiredTokenException"),
    "INTEGRATION_FAILURE": (504, "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": (504, "InternalServerErrorException"),
    "INVALID_API_KEY": (403, "ForbiddenException"),
    "INVALID_SIGNATURE": (403, "InvalidSignatureException"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "MissingAuthenticationTokenException"),
    "QUOTA_EXCEEDED": (429, "LimitExceededException"),
    "REQUEST_TOO_LARGE": (413, "RequestTooLargeException"),
    "RESOURCE_NOT_FOUND": (404, "NotFoundException"),
    "THROTTLED": (429, "TooManyRequestsException"),
    "UNAUTHORIZED": (401, "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": (415, "BadRequestException"),
    "WAF_FILTERED": (403, "ForbiddenException"),
}
DEFAULT_TEMPLATE: Final = '{"message":$context.error.messageString}'
INTERNAL: Final = "Internal server error"

_VARIABLE: Final = re.compile(
    r"\$\{?((?:context|stageVariables|method\.request\.(?:header|querystring|path|body))\.[A-Za-z0-9_.-]*[A-Za-z0-9_-])\}?"
)


class Refused(Exception):
    """The gateway answers itself. `text` None is told as null; `member` is how its text is called by default."""

    def __init__(self, kind: str, text: str | None, *, status: int | None = None, member: str = "message") -> None:
        super().__init__(kind, text)
        self.kind = kind
        self.text = text
        self.status = status or TYPES[kind][0] or 500
        self.member = member

    @property
    def code(self) -> str:
        return TYPES[self.kind][1]


def internal_error(status: int = 500) -> Refused:
    """What is the integration's or the configuration's fault."""
    return Refused("API_CONFIGURATION_ERROR" if status == 500 else "DEFAULT_5XX", INTERNAL, status=status)


class _Custom:
    """A gateway response of an API, read."""

    def __init__(self, given: GatewayResponse) -> None:
        """Raises SourceError."""
        self.status = None if given.status_code is None else int(given.status_code)
        self.headers = {
            name.removeprefix("gatewayresponse.header."): source(text)
            for name, text in given.response_parameters.items()
            if name.startswith("gatewayresponse.header.")
        }
        self.templates = {kind: _split(text) for kind, text in given.response_templates.items()}

    def answered(self, refused: Refused, exchange: Exchange) -> Answered:
        kind = _chosen(self.templates, exchange.header("accept") or "")
        texts = self.templates.get(kind)
        body = _body(refused, exchange) if texts is None else _filled(texts, exchange)
        headers = {"Content-Type": kind, "x-amzn-ErrorType": refused.code}
        for name, read in self.headers.items():
            value = read(exchange, None)
            if value is not None and not set(value) & set("\r\n\0"):
                headers[name] = value
        return Answered(status=self.status or refused.status, headers=headers, body=body)


class GatewayResponses:
    """Those of an API, by type."""

    def __init__(self, given: Mapping[str, GatewayResponse]) -> None:
        """Raises SourceError."""
        self._custom = {kind: _Custom(each) for kind, each in given.items()}

    def answer(self, refused: Refused, exchange: Exchange) -> Answered:
        """The answer; puts `$context.error` into the exchange."""
        exchange.context["error"] = {
            "message": refused.text,
            "messageString": json.dumps(refused.text, ensure_ascii=False),
            "responseType": refused.kind,
        }
        default = "DEFAULT_4XX" if refused.status < 500 else "DEFAULT_5XX"
        custom = self._custom.get(refused.kind) or self._custom.get(default)
        if custom is not None:
            return custom.answered(refused, exchange)
        headers = {"Content-Type": "application/json", "x-amzn-ErrorType": refused.code}
        return Answered(status=refused.status, headers=headers, body=_body(refused, exchange))


def _body(refused: Refused, exchange: Exchange) -> bytes:
    return f'{{"{refused.member}":{exchange.context["error"]["messageString"]}}}'.encode()


def _split(text: str) -> list[str | Source]:
    parts: list[str | Source] = list(_VARIABLE.split(text))
    for index in range(1, len(parts), 2):
        parts[index] = source(str(parts[index]))
    return parts


def _filled(parts: list[str | Source], exchange: Exchange) -> bytes:
    return "".join(each if isinstance(each, str) else each(exchange, None) or "" for each in parts).encode()


def _chosen(templates: Mapping[str, object], accept: str) -> str:
    """By the client's first wish, else JSON, else the first there is."""
    wanted = accept.partition(",")[0].partition(";")[0].strip()
    for kind in (wanted, "application/json"):
        if kind in templates:
            return kind
    return next(iter(templates), "application/json")


def default_response(kind: str) -> GatewayResponse:
    """What GetGatewayResponse tells of a type that is not customised."""
    status = TYPES[kind][0]
    return GatewayResponse(
        response_type=kind,
        status_code=None if status is None else str(status),
        response_parameters={},
        response_templates={"application/json": DEFAULT_TEMPLATE},
        default_response=True,
    )


__all__ = ["GatewayResponses", "Refused", "SourceError", "default_response", "internal_error"]
