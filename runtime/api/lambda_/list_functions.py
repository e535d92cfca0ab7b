"""ListFunctions: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from runtime.api.lambda_.functions import FunctionConfiguration, described
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, MarkerInQuery, MaxItemsInQuery
from runtime.app import Functions
from runtime.model.configuration import Configuration
from runtime.model.paging import page
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text

MasterRegion = Annotated[str, text(1, 50, r"ALL|(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}"), query()]


class FunctionVersion(StrEnum):
    ALL = "ALL"


class ListFunctionsInput(LambdaShape, frozen=True, kw_only=True):
    #: For Lambda@Edge: nothing here is replicated from another region.
    master_region: MasterRegion | None = None
    function_version: Annotated[FunctionVersion, query()] | None = None
    marker: MarkerInQuery | None = None
    max_items: MaxItemsInQuery | None = None


class ListFunctionsOutput(LambdaShape, frozen=True, kw_only=True):
    functions: list[FunctionConfiguration]
    next_marker: str | None = None


@LAMBDA.action("ListFunctions", "GET", "/2015-03-31/functions")
async def list_functions(functions: Functions, call: Call, input_: ListFunctionsInput) -> ListFunctionsOutput:
    """`$LATEST` of every function, with `ALL` every published version too; at most 50 a page."""
    found: dict[str, Configuration] = {}
    for function in functions.catalog.of_scope(call.scope):
        found[function.latest.name] = function.latest
        if input_.function_version is FunctionVersion.ALL:
            for number, version in functions.catalog.versions.of(function.key).items():
                found[f"{version.name}:{int(number):020d}"] = version
    if input_.master_region not in (None, "ALL", call.scope.region):
        found = {}
    items, marker = page(found, input_.marker, min(input_.max_items or 50, 50))
    return ListFunctionsOutput(functions=[described(functions, each) for each in items], next_marker=marker)
