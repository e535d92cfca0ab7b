"""PutRestApi: https://docs.aws.amazon.com/apigateway/latest/api/API_PutRestApi.html"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.roles import check_passes, roles_of
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
)
from runtime.gateway.imports import put_imported
from runtime.gateway.service import Gateway
from runtime.model.apigateway.values import (
    RestApi,
)
from streamcore.api.aws.binding import PAYLOAD, query
from streamcore.api.aws.service import Call


class PutMode(StrEnum):
    MERGE = "merge"
    OVERWRITE = "overwrite"


class PutRestApiInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId

    mode: Annotated[PutMode, query("mode")] | None = None
    fail_on_warnings: Annotated[bool, query("failonwarnings")] = False
    parameters: Annotated[str, query("endpointConfigurationTypes")] | None = None
    body: Annotated[bytes, PAYLOAD]


@APIGATEWAY.action("PutRestApi", "PUT", "/restapis/{restapi_id}")
async def put_rest_api(gateway: Gateway, call: Call, input_: PutRestApiInput) -> RestApi:
    """Puts a document over an API, or merges it into it."""
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        content = put_imported(
            record.content,
            input_.body,
            is_merge=input_.mode is not PutMode.OVERWRITE,
            fail_on_warnings=input_.fail_on_warnings,
        )
        check_passes(call, roles_of(content))
        await gateway.apis.save(record, content)
        return content.api
