"""GetLayerVersionByArn: https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersionByArn.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.layers import LayerVersionOutput, layer_output, layer_version_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, LayerVersionArn
from runtime.app import Functions
from runtime.errors import NotFoundError
from runtime.model.names import parse_layer_version
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class GetLayerVersionByArnInput(LambdaShape, frozen=True, kw_only=True):
    arn: Annotated[LayerVersionArn, query()]


@LAMBDA.action("GetLayerVersionByArn", "GET", "/2018-10-31/layers?find=LayerVersion")
async def get_layer_version_by_arn(
    functions: Functions, call: Call, input_: GetLayerVersionByArnInput
) -> LayerVersionOutput:
    found = parse_layer_version(input_.arn)
    if found is None:
        raise NotFoundError("The resource you requested does not exist.")
    return layer_output(functions, call, layer_version_of(functions, *found))
