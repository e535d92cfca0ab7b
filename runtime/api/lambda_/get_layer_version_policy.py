"""GetLayerVersionPolicy: https://docs.aws.amazon.com/lambda/latest/api/API_GetLayerVersionPolicy.html"""

from __future__ import annotations

from runtime.api.lambda_.layers import layer_version_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, LayerLabel, LayerNumberLabel
from runtime.app import Functions
from runtime.errors import NotFoundError
from runtime.model.names import parse_layer
from streamcore.api.aws.service import Call


class GetLayerVersionPolicyInput(LambdaShape, frozen=True, kw_only=True):
    layer_name: LayerLabel
    version_number: LayerNumberLabel


class GetLayerVersionPolicyOutput(LambdaShape, frozen=True, kw_only=True):
    #: The policy as JSON text.
    policy: str
    revision_id: str


@LAMBDA.action("GetLayerVersionPolicy", "GET", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy")
async def get_layer_version_policy(
    functions: Functions, call: Call, input_: GetLayerVersionPolicyInput
) -> GetLayerVersionPolicyOutput:
    layer = layer_version_of(functions, parse_layer(input_.layer_name, call.scope), input_.version_number)
    if layer.policy is None:
        raise NotFoundError("No policy is associated with the given resource.")
    return GetLayerVersionPolicyOutput(policy=layer.policy.text(), revision_id=layer.policy.revision_id)
