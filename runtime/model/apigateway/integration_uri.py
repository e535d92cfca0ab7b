"""Where an integration leads: a function, an action of a service, an HTTP server.

https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html#apigw-PutIntegration-request-uri
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

_ARN: Final = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):apigateway:(?P<region>[a-z0-9-]+):(?:(?P<subdomain>[\w-]+)\.)?(?P<service>[a-z0-9-]+)"
    r":(?P<kind>path|action)/(?P<rest>.*)",
    re.DOTALL,
)
_FUNCTION: Final = re.compile(r"2015-03-31/functions/(?P<arn>.+)/invocations/?")
_STAGE_VARIABLE: Final = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")
_LABEL: Final = re.compile(r"\{([^{}/]+)\}")


class UriError(ValueError):
    """No URI of an integration; the text is AWS's."""


class FunctionUri(msgspec.Struct, frozen=True):
    """ARN of a function, version or alias."""

    arn: str


class ServiceUri(msgspec.Struct, frozen=True):
    """`action` of a service, or `path` on it; the other is empty."""

    region: str
    service: str
    action: str
    path: str


class HttpUri(msgspec.Struct, frozen=True):
    """May have `{labels}` in it."""

    url: str


Uri = FunctionUri | ServiceUri | HttpUri


def read_uri(kind: str, uri: str) -> Uri:
    """The URI of an integration of this type, with its stage variables filled in. Raises UriError."""
    if kind in ("HTTP", "HTTP_PROXY"):
        return _http(uri)
    match = _ARN.fullmatch(uri)
    if match is None:
        is_arn = uri.startswith("arn:")
        raise UriError(
            "AWS ARN for integration must contain path or action" if is_arn else "Invalid ARN specified in the request"
        )
    if match["service"] == "lambda":
        found = _FUNCTION.fullmatch(match["rest"])
        if found is None:
            raise UriError("AWS ARN for integration contains invalid path")
        return FunctionUri(found["arn"])
    if kind == "AWS_PROXY":
        raise UriError(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."
        )
    if match["kind"] == "action":
        return ServiceUri(match["region"], match["service"], match["rest"], "")
    return ServiceUri(match["region"], match["service"], "", f"/{match['rest']}")


def _http(uri: str) -> HttpUri:
    try:
        parts = urlsplit(_LABEL.sub("x", uri))
        _ = parts.port
    except ValueError:
        raise UriError("Invalid HTTP endpoint specified for URI") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[\s\x00-\x1f]", uri):
        raise UriError("Invalid HTTP endpoint specified for URI")
    return HttpUri(uri)


def with_stage_variables(text: str, variables: Mapping[str, str]) -> str:
    """`${stageVariables.name}` filled in; one that is not there is left out."""
    return _STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), text)


def check_uri(kind: str, uri: str) -> None:
    """Whether this can be the URI of an integration, whatever its stage variables will be. Raises UriError."""
    read_uri(kind, _STAGE_VARIABLE.sub("x", uri))


def with_labels(text: str, values: Mapping[str, str]) -> str:
    """`{name}` filled in; one that is not there stays, as it may be part of the URL."""
    return _LABEL.sub(lambda found: values.get(found[1], found[0]), text)
