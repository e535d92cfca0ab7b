"""GetModel: https://docs.aws.amazon.com/apigateway/latest/api/API_GetModel.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.apigateway.registry import APIGATEWAY
from runtime.api.apigateway.shapes import (
    ApiShape,
    RestApiId,
    refuse_given,
)
from runtime.gateway.service import Gateway
from runtime.model.apigateway.structure import (
    model_of,
)
from runtime.model.apigateway.values import (
    Model,
)
from streamcore.api.aws.binding import label, query
from streamcore.api.aws.service import Call


class GetModelInput(ApiShape, frozen=True, kw_only=True):
    rest_api_id: RestApiId
    model_name: Annotated[str, label("model_name")]
    flatten: Annotated[bool, query("flatten")] = False


@APIGATEWAY.action("GetModel", "GET", "/restapis/{restapi_id}/models/{model_name}")
async def get_model(gateway: Gateway, call: Call, input_: GetModelInput) -> Model:
    """Tells of a model."""
    refuse_given(input_, "flatten")
    record = gateway.apis.api(call.scope, input_.rest_api_id)
    return model_of(record.content, input_.model_name)
