"""ListLayerVersions: https://docs.aws.amazon.com/lambda/latest/api/API_ListLayerVersions.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.layers import LayerItem, layer_item
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import Architecture, LambdaShape, LayerLabel, MarkerInQuery, MaxFiftyInQuery
from runtime.app import Functions
from runtime.model.names import parse_layer
from runtime.model.paging import page
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class ListLayerVersionsInput(LambdaShape, frozen=True, kw_only=True):
    compatible_architecture: Annotated[Architecture, query()] | None = None
    compatible_runtime: Annotated[str, query()] | None = None
    layer_name: LayerLabel
    marker: MarkerInQuery | None = None
    max_items: MaxFiftyInQuery | None = None


class ListLayerVersionsOutput(LambdaShape, frozen=True, kw_only=True):
    layer_versions: list[LayerItem]
    next_marker: str | None = None


@LAMBDA.action("ListLayerVersions", "GET", "/2018-10-31/layers/{LayerName}/versions")
async def list_layer_versions(
    functions: Functions, call: Call, input_: ListLayerVersionsInput
) -> ListLayerVersionsOutput:
    """The versions that suit, the latest first; none for a layer that is not there."""
    versions = functions.catalog.layer_versions.of(parse_layer(input_.layer_name, call.scope)).values()
    found = {
        f"{2**62 - each.version:020d}": layer_item(each)
        for each in versions
        if not each.is_deleted and each.suits(input_.compatible_runtime, input_.compatible_architecture)
    }
    items, marker = page(found, input_.marker, input_.max_items)
    return ListLayerVersionsOutput(layer_versions=items, next_marker=marker)
