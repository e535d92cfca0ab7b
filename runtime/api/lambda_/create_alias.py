"""CreateAlias: https://docs.aws.amazon.com/lambda/latest/api/API_CreateAlias.html"""

from __future__ import annotations

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
from runtime.errors import ConflictError
from runtime.functions.catalog import revision
from runtime.model.versions import Alias
from streamcore.api.aws.service import Call


class CreateAliasInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    name: AliasName
    function_version: VersionName
    description: Description | None = None
    routing_config: RoutingConfig | None = None


@LAMBDA.action("CreateAlias", "POST", "/2015-03-31/functions/{FunctionName}/aliases", status=201)
async def create_alias(functions: Functions, call: Call, input_: CreateAliasInput) -> AliasConfiguration:
    """Gives a version a name, or two versions with their shares."""
    key = key_of(call, input_)
    alias = Alias(
        name=input_.name,
        version=input_.function_version,
        revision_id=revision(),
        description=input_.description or "",
        weights=weights_of(input_.routing_config),
    )
    async with functions.catalog.changing(key):
        check_versions(functions, key, alias)
        if functions.catalog.aliases.get(key, alias.name) is not None:
            raise ConflictError(f"Alias already exists: {key.qualified(alias.name)}")
        await functions.catalog.aliases.put(key, alias.name, alias)
    return alias_shape(key, alias)
