"""Types and shapes that several actions share, with the constraints of the service model."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import msgspec

from runtime.api.apigateway.shapes import ApiShape, paged
from runtime.errors import ApiGatewayError
from runtime.model.apigateway.values import Value
from streamcore.api.aws.binding import label, query
from streamcore.api.aws.shapes import Shape, number, text

T = TypeVar("T")

ApiId = Annotated[str, label("apiId")]
RouteId = Annotated[str, label("routeId")]
IntegrationId = Annotated[str, label("integrationId")]
AuthorizerId = Annotated[str, label("authorizerId")]
DeploymentId = Annotated[str, label("deploymentId")]
StageName = Annotated[str, label("stageName")]
ResourceArn = Annotated[str, label("resource-arn")]
MaxResults = Annotated[str, query("maxResults")]
NextToken = Annotated[str, query("nextToken")]

Name = Annotated[str, text(1, 128)]
Description = Annotated[str, text(0, 1024)]
Uri = Annotated[str, text(1, 2048)]
Short = Annotated[str, text(1, 64)]
TtlS = Annotated[int, number(0, 3600)]
TimeoutMs = Annotated[int, number(50, 30_000)]
Texts = dict[str, str]
Page = tuple[list[T], str | None]

RESULTS_MAX: Final = 500


class CorsShape(ApiShape, frozen=True, kw_only=True):
    allow_credentials: bool | None = None
    allow_headers: list[str] | None = None
    allow_methods: list[str] | None = None
    allow_origins: list[str] | None = None
    expose_headers: list[str] | None = None
    max_age: Annotated[int, number(-1, 86_400)] | None = None


def given(input_: Shape, *names: str) -> dict[str, Any]:
    """Those of the members that the request has, for `changed`."""
    return {name: value for name in names if (value := getattr(input_, name)) is not None}


def results(items: Mapping[str, T], max_results: str | None, next_token: str | None) -> Page[T]:
    """A page in the order of the keys. Raises ApiGatewayError."""
    if max_results is not None and not (max_results.isascii() and max_results.isdigit() and len(max_results) < 8):
        raise ApiGatewayError(f"Invalid maxResults specified: it is 1 to {RESULTS_MAX}")
    return paged(items, next_token, None if max_results is None else int(max_results))


def converted(shape: Shape | None, kind: type[T]) -> T | None:
    """A nested shape as the value that it is kept as."""
    return None if shape is None else msgspec.convert(msgspec.to_builtins(shape), kind)


class Listed(Value, frozen=True, kw_only=True):
    """Base of lists."""

    next_token: str | None = None


class AuthorizationType(StrEnum):
    NONE = "NONE"
    AWS_IAM = "AWS_IAM"
    CUSTOM = "CUSTOM"
    JWT = "JWT"
