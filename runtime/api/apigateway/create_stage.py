"""CreateStage: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Refused,
    RestApiId,
    Texts,
    check_tags,
    refuse_given,
)
from runtime.api.apigateway.stages import new_stage
from runtime.api.apigateway.views import now_s
from runtime.gateway.service import Gateway
from runtime.model.apigateway.put_checks import (
    check_stage_name,
    check_variables,
)
from runtime.model.apigateway.values import (
    Stage,
    changed,
)
from streamcore.api.aws.service import Call


class CreateStageInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId

    stage_name: str
    deployment_id: str
    description: str | None = None
    cache_cluster_enabled: bool = False
    cache_cluster_size: Refused = None
    variables: Texts | None = None
    documentation_version: Refused = None
    canary_settings: Refused = None
    tracing_enabled: bool = False
    tags: Texts | None = None


@APIGATEWAY.action("CreateStage", "POST", "/restapis/{restapi_id}/stages", status=201)
async def create_stage(gateway: Gateway, call: Call, input_: CreateStageInput) -> Stage:
    """Serves a deployment under a name."""
    refuse_given(input_, "cache_cluster_enabled", "cache_cluster_size", "documentation_version", "canary_settings")
    check_stage_name(input_.stage_name)
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        made = changed(
            new_stage(input_.stage_name, input_.deployment_id, now_s(call)),
            description=input_.description,
            variables=check_variables(input_.variables),
            tracing_enabled=input_.tracing_enabled,
            tags=check_tags(input_.tags),
        )
        await gateway.apis.create_stage(record, made)
        return made
