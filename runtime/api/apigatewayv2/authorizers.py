"""What the actions about authorizers share."""

from __future__ import annotations

from enum import StrEnum

from runtime.api.apigateway.shapes import ApiShape


class AuthorizerType(StrEnum):
    REQUEST = "REQUEST"
    JWT = "JWT"


class JwtShape(ApiShape, frozen=True, kw_only=True):
    audience: list[str] | None = None
    issuer: str | None = None
