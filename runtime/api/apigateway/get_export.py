"""GetExport: https://docs.aws.amazon.com/apigateway/latest/api/API_GetExport.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
    StageName,
)
from runtime.errors import ApiGatewayError
from runtime.gateway.service import Gateway
from runtime.model.apigateway.openapi_export import exported, headers_of
from streamcore.api.aws.binding import header, label, query
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


class GetExportInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId

    stage_name: StageName
    export_type: Annotated[str, label("export_type")]
    accepts: Annotated[str, header("Accept")] | None = None
    extensions: Annotated[str, query("extensions")] | None = None


@APIGATEWAY.action("GetExport", "GET", "/restapis/{restapi_id}/stages/{stage_name}/exports/{export_type}")
async def get_export(gateway: Gateway, call: Call, input_: GetExportInput) -> Response:
    """The document of what a stage serves; `extensions` = integrations, authorizers (also `apigateway`)."""
    record = gateway.apis.api(call.scope, input_.rest_api_id)
    stage = gateway.apis.stage(record, input_.stage_name).stage
    deployed = gateway.apis.deployment(record, stage.deployment_id)
    if input_.export_type not in ("oas30", "swagger"):
        raise ApiGatewayError("Invalid export type specified: it is oas30 or swagger")
    is_yaml = (input_.accepts or "").startswith("application/yaml")
    text = exported(
        deployed.content,
        stage.stage_name,
        kind=input_.export_type,
        is_yaml=is_yaml,
        with_extensions=bool(input_.extensions),
    )
    return Response(200, headers_of(input_.export_type, is_yaml=is_yaml), text)
