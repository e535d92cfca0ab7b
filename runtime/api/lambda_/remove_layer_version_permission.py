"""RemoveLayerVersionPermission: https://docs.aws.amazon.com/lambda/latest/api/API_RemoveLayerVersionPermission.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.lambda_.layers import layer_version_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, LayerLabel, LayerNumberLabel, RevisionInQuery, StatementId
from runtime.app import Functions
from runtime.functions.catalog import revision
from runtime.model.configuration import check_revision
from runtime.model.names import parse_layer
from runtime.model.policy import without_statement
from streamcore.api.aws.binding import URI
from streamcore.api.aws.service import Call


class RemoveLayerVersionPermissionInput(LambdaShape, frozen=True, kw_only=True):
    layer_name: LayerLabel
    version_number: LayerNumberLabel
    statement_id: Annotated[StatementId, URI]
    revision_id: RevisionInQuery | None = None


@LAMBDA.action(
    "RemoveLayerVersionPermission",
    "DELETE",
    "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy/{StatementId}",
    status=204,
)
async def remove_layer_version_permission(
    functions: Functions, call: Call, input_: RemoveLayerVersionPermissionInput
) -> None:
    """Takes a statement out of the policy of a layer version."""
    key, catalog = parse_layer(input_.layer_name, call.scope), functions.catalog
    async with catalog.changing():
        layer = layer_version_of(functions, key, input_.version_number)
        if layer.policy is not None:
            check_revision(layer.policy.revision_id, input_.revision_id, "GetLayerPolicy")
        policy = without_statement(layer.policy, input_.statement_id, revision())
        await catalog.layer_versions.put(key, str(layer.version), msgspec.structs.replace(layer, policy=policy))
