"""DeleteAuthorizer: https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteAuthorizer.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.errors import ApiConflictError
from runtime.gateway.service import Gateway
from runtime.model.apigateway.structure import (
    authorizer_of,
    methods_of,
    without,
)
from runtime.model.apigateway.values import (
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class DeleteAuthorizerInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    authorizer_id: Annotated[str, label("authorizer_id")]


@APIGATEWAY.action("DeleteAuthorizer", "DELETE", "/restapis/{restapi_id}/authorizers/{authorizer_id}", status=202)
async def delete_authorizer(gateway: Gateway, call: Call, input_: DeleteAuthorizerInput) -> None:
    """One that no method has."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        content = record.content
        found = authorizer_of(content, input_.authorizer_id)
        if any(each.authorizer_id == found.id for each in methods_of(content)):
            raise ApiConflictError(f"Cannot delete authorizer '{found.name}', is referenced in a method.")
        await gateway.apis.save(record, changed(content, authorizers=without(content.authorizers, found.id)))
