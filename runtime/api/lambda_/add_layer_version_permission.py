"""AddLayerVersionPermission: https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html"""

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
from runtime.model.policy import statement, with_statement
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text


class AddLayerVersionPermissionInput(LambdaShape, frozen=True, kw_only=True):
    layer_name: LayerLabel
    version_number: LayerNumberLabel
    statement_id: StatementId
    action: Annotated[str, text(0, 22, r"lambda:GetLayerVersion")]
    principal: Annotated[str, text(0, 10_000, r"\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root")]
    organization_id: Annotated[str, text(0, 34, r"o-[a-z0-9]{10,32}")] | None = None
    revision_id: RevisionInQuery | None = None


class AddLayerVersionPermissionOutput(LambdaShape, frozen=True, kw_only=True):
    #: The statement as JSON text.
    statement: str
    revision_id: str


@LAMBDA.action(
    "AddLayerVersionPermission",
    "POST",
    "/2018-10-31/layers/{LayerName}/versions/{VersionNumber}/policy",
    status=201,
)
async def add_layer_version_permission(
    functions: Functions, call: Call, input_: AddLayerVersionPermissionInput
) -> AddLayerVersionPermissionOutput:
    """Adds a statement to the policy of a layer version."""
    key, catalog = parse_layer(input_.layer_name, call.scope), functions.catalog
    organization = input_.organization_id
    conditions = {"StringEquals": {} if organization is None else {"aws:PrincipalOrgID": organization}}
    async with catalog.changing():
        layer = layer_version_of(functions, key, input_.version_number)
        check_revision("" if layer.policy is None else layer.policy.revision_id, input_.revision_id, "GetLayerPolicy")
        added = statement(input_.statement_id, input_.principal, input_.action, layer.arn, conditions)
        policy = with_statement(layer.policy, added, revision())
        await catalog.layer_versions.put(key, str(layer.version), msgspec.structs.replace(layer, policy=policy))
    return AddLayerVersionPermissionOutput(
        statement=msgspec.json.encode(added).decode(), revision_id=policy.revision_id
    )
