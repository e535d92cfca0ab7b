"""ExportApi: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-exports-specification.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.shapes import ApiShape
from runtime.api.apigatewayv2.registry import APIGATEWAYV2
from runtime.api.apigatewayv2.shapes import ApiId
from runtime.api.apigatewayv2.views import endpoint_of
from runtime.errors import ApiGatewayError
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.httpapi.openapi_export import exported
from streamcore.api.aws.binding import label, query
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


class ExportApiInput(ApiShape, frozen=True, kw_only=True):
    api_id: ApiId
    export_version: Annotated[str, query("exportVersion")] | None = None
    include_extensions: Annotated[bool, query("includeExtensions")] = True
    output_type: Annotated[str, query("outputType")]
    specification: Annotated[str, label("specification")]
    stage_name: Annotated[str, query("stageName")] | None = None


@APIGATEWAYV2.action("ExportApi", "GET", "/v2/apis/{apiId}/exports/{specification}")
async def export_api(gateway: HttpGateway, call: Call, input_: ExportApiInput) -> Response:
    """The document of what a stage serves, or of the API as it is."""
    record = gateway.apis.api(call.scope, input_.api_id)
    if input_.specification != "OAS30":
        raise ApiGatewayError("Invalid specification: it is OAS30")
    if input_.export_version not in (None, "1.0"):
        raise ApiGatewayError("Invalid export version: it is 1.0")
    if input_.output_type not in ("JSON", "YAML"):
        raise ApiGatewayError("Invalid output type: it is JSON or YAML")
    content, stage = record.content, input_.stage_name or ""
    if stage:
        deployment_id = gateway.apis.stage(record, stage).deployment_id or ""
        content = gateway.apis.deployment(record, deployment_id).content
    text = exported(
        content,
        endpoint_of(call, content.api),
        stage,
        is_yaml=input_.output_type == "YAML",
        with_extensions=input_.include_extensions,
    )
    return Response(200, {"content-type": f"application/{input_.output_type.lower()}"}, text)
