"""CreateDomainName: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDomainName.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.errors import ApiGatewayError
from runtime.gateway.service import Gateway
from streamcore.api.aws.service import Call


class CreateDomainNameInput(ApiShape, frozen=True, kw_only=True):
    domain_name: str


@APIGATEWAY.action("CreateDomainName", "POST", "/domainnames", status=201)
async def create_domain_name(gateway: Gateway, call: Call, input_: CreateDomainNameInput) -> None:
    """Refused: APIs are reached by their ids."""
    raise ApiGatewayError("Custom domain names are not offered; an API is reached by its id.")
