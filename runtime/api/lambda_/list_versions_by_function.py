"""ListVersionsByFunction: https://docs.aws.amazon.com/lambda/latest/api/API_ListVersionsByFunction.html"""

from __future__ import annotations

import msgspec

from runtime.api.lambda_.functions import FunctionConfiguration, described, key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import (
    LambdaShape,
    MarkerInQuery,
    MaxItemsInQuery,
    NamespacedFunctionNameLabel,
)
from runtime.app import Functions
from runtime.model.names import LATEST
from runtime.model.paging import page
from streamcore.api.aws.service import Call


class ListVersionsByFunctionInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    marker: MarkerInQuery | None = None
    max_items: MaxItemsInQuery | None = None


class ListVersionsByFunctionOutput(LambdaShape, frozen=True, kw_only=True):
    versions: list[FunctionConfiguration]
    next_marker: str | None = None


@LAMBDA.action("ListVersionsByFunction", "GET", "/2015-03-31/functions/{FunctionName}/versions")
async def list_versions_by_function(
    functions: Functions, call: Call, input_: ListVersionsByFunctionInput
) -> ListVersionsByFunctionOutput:
    """`$LATEST`, then the published versions in the order of their numbers."""
    key = key_of(call, input_)
    latest = functions.catalog.function(key).latest
    found = {"": latest} | {f"{int(n):020d}": each for n, each in functions.catalog.versions.of(key).items()}
    items, marker = page(found, input_.marker, min(input_.max_items or 50, 50))
    told = [described(functions, each) for each in items]
    for position, each in enumerate(told):
        if each.version == LATEST:  # the one place where AWS shows this ARN
            told[position] = msgspec.structs.replace(each, function_arn=key.qualified(LATEST))
    return ListVersionsByFunctionOutput(versions=told, next_marker=marker)
