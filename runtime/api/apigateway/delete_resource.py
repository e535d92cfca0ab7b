"""DeleteResource: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteResource.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    ResourceId,
    RestApiId,
)
from runtime.errors import ApiGatewayError
from runtime.gateway.service import Gateway
from runtime.model.apigateway.structure import (
    is_below,
    resource_of,
)
from runtime.model.apigateway.values import (
    changed,
)
from streamcore.api.aws.service import Call


class DeleteResourceInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId


@APIGATEWAY.action("DeleteResource", "DELETE", "/restapis/{restapi_id}/resources/{resource_id}", status=202)
async def delete_resource(gateway: Gateway, call: Call, input_: DeleteResourceInput) -> None:
    """With all resources below it."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        content = record.content
        found = resource_of(content, input_.resource_id)
        if found.parent_id is None:
            raise ApiGatewayError("Root resource cannot be deleted.")
        left = {each.id: each for each in content.resources.values() if not is_below(each, found)}
        await gateway.apis.save(record, changed(content, resources=left))
