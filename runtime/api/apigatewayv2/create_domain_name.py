"""CreateDomainName: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.errors import ApiGatewayError
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.service import Call


class CreateDomainNameInput(ApiShape, frozen=True, kw_only=True):
    domain_name: str


@APIGATEWAYV2.action("CreateDomainName", "POST", "/v2/domainnames", status=201)
async def create_domain_name(gateway: HttpGateway, call: Call, input_: CreateDomainNameInput) -> None:
    """Refused: APIs are reached by their ids."""
    raise ApiGatewayError("Custom domain names are not offered; an API is reached by its id.")
