"""GetResource: https://docs.aws.amazon.com/apigateway/latest/api/API_GetResource.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    ResourceId,
    RestApiId,
)
from runtime.api.apigateway.views import resource_view, told
from runtime.gateway.service import Gateway
from runtime.model.apigateway.structure import (
    resource_of,
)
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


class GetResourceInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    resource_id: ResourceId
    embed: Annotated[list[str], query("embed")] | None = None


@APIGATEWAY.action("GetResource", "GET", "/restapis/{restapi_id}/resources/{resource_id}")
async def get_resource(gateway: Gateway, call: Call, input_: GetResourceInput) -> Response:
    """Tells of a resource; with its methods for `embed=methods`."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)

    found = resource_of(record.content, input_.resource_id)
    return told(resource_view(found, is_whole="methods" in (input_.embed or [])))
