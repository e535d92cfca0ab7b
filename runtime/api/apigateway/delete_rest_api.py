"""DeleteRestApi: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteRestApi.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.gateway.service import Gateway
from streamcore.api.aws.service import Call


class DeleteRestApiInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId


@APIGATEWAY.action("DeleteRestApi", "DELETE", "/restapis/{restapi_id}", status=202)
async def delete_rest_api(gateway: Gateway, call: Call, input_: DeleteRestApiInput) -> None:
    """With all that is in it, its deployments and stages."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        await gateway.apis.delete(record)
