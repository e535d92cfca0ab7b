"""GetRestApi: https://docs.aws.amazon.com/apigateway/latest/api/API_GetRestApi.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    RestApi,
)
from streamcore.api.aws.service import Call


class GetRestApiInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId


@APIGATEWAY.action("GetRestApi", "GET", "/restapis/{restapi_id}")
async def get_rest_api(gateway: Gateway, call: Call, input_: GetRestApiInput) -> RestApi:
    """Tells of an API."""
    return gateway.apis.api(call.scope, input_.rest_api_id).content.api
