"""CreateDeployment: https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDeployment.html"""

from __future__ import annotations

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    Refused,
    RestApiId,
    Texts,
    refuse_given,
)
from runtime.api.apigateway.stages import new_stage
from runtime.api.apigateway.views import now_s
from runtime.gateway.ids import new_id
from runtime.gateway.service import Gateway
from runtime.model.apigateway.put_checks import (
    check_stage_name,
    check_variables,
)
from runtime.model.apigateway.values import (
    Deployment,
    changed,
)
from streamcore.api.aws.service import Call


class CreateDeploymentInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId

    stage_name: str | None = None
    stage_description: str | None = None
    description: str | None = None
    cache_cluster_enabled: bool | None = None
    cache_cluster_size: Refused = None
    variables: Texts | None = None
    canary_settings: Refused = None
    tracing_enabled: bool | None = None


@APIGATEWAY.action("CreateDeployment", "POST", "/restapis/{restapi_id}/deployments", status=201)
async def create_deployment(gateway: Gateway, call: Call, input_: CreateDeploymentInput) -> Deployment:
    """Keeps the API as it is now; with a stage name it is served at once."""
    refuse_given(input_, "cache_cluster_enabled", "cache_cluster_size", "canary_settings")
    async with gateway.apis.changing:
        record = gateway.apis.api(call.scope, input_.rest_api_id)
        made = Deployment(id=new_id(length=6), description=input_.description, created_date=now_s(call))
        stage = None
        if input_.stage_name:
            check_stage_name(input_.stage_name)
            if gateway.apis.has_stage(record.id, input_.stage_name):
                before = gateway.apis.stage(record, input_.stage_name).stage
            else:
                gateway.apis.check_stages(record)
                before = new_stage(input_.stage_name, made.id, made.created_date)
            stage = changed(
                before,
                deployment_id=made.id,
                description=input_.stage_description or before.description,
                variables=check_variables(input_.variables) or before.variables,
                tracing_enabled=before.tracing_enabled if input_.tracing_enabled is None else input_.tracing_enabled,
                last_updated_date=made.created_date,
            )
        await gateway.apis.deploy(record, made, stage)
        return made
