"""CreateVpcLink: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/vpclinks.html"""

from __future__ import annotations

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.errors import ApiGatewayError
from runtime.gateway.httpapi.service import HttpGateway
from streamcore.api.aws.service import Call


class CreateVpcLinkInput(ApiShape, frozen=True, kw_only=True):
    name: str
    subnet_ids: list[str]


@APIGATEWAYV2.action("CreateVpcLink", "POST", "/v2/vpclinks", status=201)
async def create_vpc_link(gateway: HttpGateway, call: Call, input_: CreateVpcLinkInput) -> None:
    """Refused: there are no VPCs."""
    raise ApiGatewayError("VPC links are not offered.")
