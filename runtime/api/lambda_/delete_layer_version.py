"""DeleteLayerVersion: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteLayerVersion.html"""

from __future__ import annotations

import msgspec

from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, LayerLabel, LayerNumberLabel
from runtime.app import Functions
from runtime.errors import InvalidValueError
from runtime.model.names import parse_layer
from streamcore.api.aws.service import Call


class DeleteLayerVersionInput(LambdaShape, frozen=True, kw_only=True):
    layer_name: LayerLabel
    version_number: LayerNumberLabel


@LAMBDA.action("DeleteLayerVersion", "DELETE", "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}", status=204)
async def delete_layer_version(functions: Functions, call: Call, input_: DeleteLayerVersionInput) -> None:
    """Nobody can take it any more; functions that have it keep it. One that is not there is no error."""
    key, catalog = parse_layer(input_.layer_name, call.scope), functions.catalog
    number = str(input_.version_number)
    if input_.version_number < 1:
        raise InvalidValueError("Layer Version Cannot be less than 1.")
    async with catalog.changing():
        layer = catalog.layer_versions.get(key, number)
        if layer is None:
            return
        if layer.arn in catalog.used_layers():
            await catalog.layer_versions.put(key, number, msgspec.structs.replace(layer, is_deleted=True))
            return
        await catalog.layer_versions.remove(key, number)
    catalog.forsake(layer.code.digest)
