"""UpdateAuthorizer: https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateAuthorizer.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.roles import check_passes
from runtime.api.apigateway.shapes import (
    ApiShape,
    Patch,
    RestApiId,
    operations,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.patch import patched
from runtime.model.apigateway.patches import (
    AUTHORIZER,
)
from runtime.model.apigateway.put_checks import (
    check_authorizer,
)
from runtime.model.apigateway.structure import (
    authorizer_of,
)
from runtime.model.apigateway.values import (
    Authorizer,
    changed,
)
from streamcore.api.aws.binding import label
from streamcore.api.aws.service import Call


class UpdateAuthorizerInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    authorizer_id: Annotated[str, label("authorizer_id")]
    patch_operations: Patch | None = None


@APIGATEWAY.action("UpdateAuthorizer", "PATCH", "/restapis/{restapi_id}/authorizers/{authorizer_id}")
async def update_authorizer(gateway: Gateway, call: Call, input_: UpdateAuthorizerInput) -> Authorizer:
    """Changes an authorizer."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        after = patched(
            authorizer_of(record.content, input_.authorizer_id), operations(input_.patch_operations), AUTHORIZER
        )
        check_authorizer(after)
        check_passes(call, [after.authorizer_credentials])
        await gateway.apis.save(
            record, changed(record.content, authorizers=record.content.authorizers | {after.id: after})
        )
        return after
