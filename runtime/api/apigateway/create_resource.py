"""CreateResource: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateResource.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.gateway.ids import new_id
from runtime.gateway.service import Gateway
from runtime.model.apigateway.structure import (
    check_path_part,
    resource_of,
    with_resource,
)
from runtime.model.apigateway.values import (
    Resource,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class CreateResourceInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    parent_id: Annotated[str, label("parent_id")]
    path_part: str


@APIGATEWAY.action("CreateResource", "POST", "/restapis/{restapi_id}/resources/{parent_id}", status=201)
async def create_resource(gateway: Gateway, call: Call, input_: CreateResourceInput) -> Resource:
    """Makes a resource below another one."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        content = record.content
        parent = resource_of(content, input_.parent_id)
        check_path_part(content, parent, input_.path_part)
        path = f"{parent.path.rstrip('/')}/{input_.path_part}"
        made = Resource(id=new_id(content.resources, 6), parent_id=parent.id, path_part=input_.path_part, path=path)
        await gateway.apis.save(record, with_resource(content, made))
        return made
