"""DeleteAlias: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteAlias.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import AliasName, FunctionNameLabel, LambdaShape
from runtime.app import Functions
from streamcore.api.aws.binding import URI
from streamcore.api.aws.service import Call


class DeleteAliasInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    name: Annotated[AliasName, URI]


@LAMBDA.action("DeleteAlias", "DELETE", "/2015-03-31/functions/{FunctionName}/aliases/{Name}", status=204)
async def delete_alias(functions: Functions, call: Call, input_: DeleteAliasInput) -> None:
    """Removes an alias with what was set for it; one that is not there is no error."""
    key, catalog = key_of(call, input_), functions.catalog
    async with catalog.changing(key):
        function = catalog.function(key)
        await catalog.aliases.remove(key, input_.name)
        for shelf in (catalog.invoke_configs, catalog.urls, catalog.provisioned, catalog.management):
            await shelf.remove(key, input_.name)
        if input_.name in function.policies:
            left = {name: each for name, each in function.policies.items() if name != input_.name}
            await catalog.save(msgspec.structs.replace(function, policies=left))
