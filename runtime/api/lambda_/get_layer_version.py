"""GetLayerVersion: https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersion.html"""

from __future__ import annotations

from runtime.api.lambda_.layers import LayerVersionOutput, layer_output, layer_version_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, LayerLabel, LayerNumberLabel
from runtime.app import Functions
from runtime.model.names import parse_layer
from streamcore.api.aws.service import Call


class GetLayerVersionInput(LambdaShape, frozen=True, kw_only=True):
    layer_name: LayerLabel
    version_number: LayerNumberLabel


@LAMBDA.action("GetLayerVersion", "GET", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}")
async def get_layer_version(functions: Functions, call: Call, input_: GetLayerVersionInput) -> LayerVersionOutput:
    """A version, with a URL that downloads it for ten minutes."""
    key = parse_layer(input_.layer_name, call.scope)
    return layer_output(functions, call, layer_version_of(functions, key, input_.version_number))
