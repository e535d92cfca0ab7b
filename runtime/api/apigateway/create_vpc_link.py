"""CreateVpcLink: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateVpcLink.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
)
from runtime.errors import ApiGatewayError
from runtime.gateway.service import Gateway
from streamcore.api.aws.service import Call


class CreateVpcLinkInput(ApiShape, frozen=True, kw_only=True):
    name: str


@APIGATEWAY.action("CreateVpcLink", "POST", "/vpclinks", status=202)
async def create_vpc_link(gateway: Gateway, call: Call, input_: CreateVpcLinkInput) -> None:
    """Refused: there are no VPCs."""
    raise ApiGatewayError("VPC links are not offered.")
