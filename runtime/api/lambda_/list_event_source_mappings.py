"""ListEventSourceMappings: https://docs.aws.amazon.com/lambda/latest/api/API_ListEventSourceMappings.html"""

from __future__ import annotations

from typing import Annotated, Final

from runtime.api.lambda_.event_sources import EventSourceMapping, told
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import Arn, LambdaShape, MarkerInQuery, MaxItemsInQuery, NamespacedFunctionName
from runtime.app import Functions
from runtime.model.names import parse_function
from runtime.model.paging import page
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call

#: "Lambda returns a maximum of 100 items in each response, even if you set the number higher."
PAGE_MAX: Final = 100


class ListEventSourceMappingsInput(LambdaShape, frozen=True, kw_only=True):
    event_source_arn: Annotated[Arn, query()] | None = None
    function_name: Annotated[NamespacedFunctionName, query()] | None = None
    marker: MarkerInQuery | None = None
    max_items: MaxItemsInQuery | None = None


class ListEventSourceMappingsOutput(LambdaShape, frozen=True, kw_only=True):
    event_source_mappings: list[EventSourceMapping]
    next_marker: str | None = None


@LAMBDA.action("ListEventSourceMappings", "GET", "/2015-03-31/event-source-mappings")
async def list_event_source_mappings(
    functions: Functions, call: Call, input_: ListEventSourceMappingsInput
) -> ListEventSourceMappingsOutput:
    """Those of a source, of a function (a version or alias has its own), of both, or all; at most 100 a page."""
    found = functions.event_source_mappings.of_scope(call.scope)
    if input_.event_source_arn:
        found = {uuid: each for uuid, each in found.items() if each.source_arn == input_.event_source_arn}
    if input_.function_name is not None:
        arn = parse_function(input_.function_name, None, call.scope).arn
        found = {uuid: each for uuid, each in found.items() if each.function_arn == arn}
    items, marker = page(found, input_.marker, min(input_.max_items or PAGE_MAX, PAGE_MAX))
    return ListEventSourceMappingsOutput(event_source_mappings=[told(each) for each in items], next_marker=marker)
