"""GetAuthorizer: https://docs.aws.amazon.com/apigateway/latest/api/API_GetAuthorizer.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.structure import (
    authorizer_of,
)
from runtime.model.apigateway.values import (
    Authorizer,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class GetAuthorizerInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    authorizer_id: Annotated[str, label("authorizer_id")]


@APIGATEWAY.action("GetAuthorizer", "GET", "/restapis/{restapi_id}/authorizers/{authorizer_id}")
async def get_authorizer(gateway: Gateway, call: Call, input_: GetAuthorizerInput) -> Authorizer:
    """Tells of an authorizer."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)
    return authorizer_of(record.content, input_.authorizer_id)
