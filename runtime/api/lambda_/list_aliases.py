"""ListAliases: https://docs.aws.amazon.com/lambda/latest/api/API_ListAliases.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.aliases import AliasConfiguration, alias_shape
from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import (
    FunctionNameLabel,
    LambdaShape,
    MarkerInQuery,
    MaxItemsInQuery,
    VersionName,
)
from runtime.app import Functions
from runtime.model.paging import page
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class ListAliasesInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    function_version: Annotated[VersionName, query()] | None = None
    marker: MarkerInQuery | None = None
    max_items: MaxItemsInQuery | None = None


class ListAliasesOutput(LambdaShape, frozen=True, kw_only=True):
    aliases: list[AliasConfiguration]
    next_marker: str | None = None


@LAMBDA.action("ListAliases", "GET", "/2015-03-31/functions/{FunctionName}/aliases")
async def list_aliases(functions: Functions, call: Call, input_: ListAliasesInput) -> ListAliasesOutput:
    """All aliases of a function, or those that invoke one version."""
    key = key_of(call, input_)
    functions.catalog.function(key)
    wanted = input_.function_version
    of_function = functions.catalog.aliases.of(key).items()
    found = {name: each for name, each in of_function if wanted is None or wanted in (each.version, *each.weights)}
    items, marker = page(found, input_.marker, input_.max_items)
    return ListAliasesOutput(aliases=[alias_shape(key, each) for each in items], next_marker=marker)
