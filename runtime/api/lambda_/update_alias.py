"""UpdateAlias: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateAlias.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.aliases import AliasConfiguration, alias_shape, check_versions, weights_of
from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import (
    AliasName,
    Description,
    FunctionNameLabel,
    LambdaShape,
    RoutingConfig,
    VersionName,
)
from runtime.app import Functions
from runtime.functions.catalog import revision
from runtime.model.configuration import check_revision
from runtime.model.versions import Alias
from streamcore.api.aws.binding import URI
from streamcore.api.aws.service import Call


class UpdateAliasInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    name: Annotated[AliasName, URI]
    function_version: VersionName | None = None
    description: Description | None = None
    routing_config: RoutingConfig | None = None
    revision_id: str | None = None


@LAMBDA.action("UpdateAlias", "PUT", "/2015-03-31/functions/{FunctionName}/aliases/{Name}")
async def update_alias(functions: Functions, call: Call, input_: UpdateAliasInput) -> AliasConfiguration:
    """Changes what is given; an empty routing configuration takes the further version away."""
    key = key_of(call, input_)
    async with functions.catalog.changing(key):
        before = functions.catalog.alias(key, input_.name)
        check_revision(before.revision_id, input_.revision_id)
        after = Alias(
            name=before.name,
            version=input_.function_version or before.version,
            revision_id=revision(),
            description=before.description if input_.description is None else input_.description,
            weights=before.weights if input_.routing_config is None else weights_of(input_.routing_config),
        )
        check_versions(functions, key, after)
        await functions.catalog.aliases.put(key, after.name, after)
    return alias_shape(key, after)
