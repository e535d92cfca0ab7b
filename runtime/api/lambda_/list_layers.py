"""ListLayers: https://docs.aws.amazon.com/lambda/latest/api/API_ListLayers.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.layers import LayerItem, layer_item
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import Architecture, LambdaShape, MarkerInQuery, MaxFiftyInQuery
from runtime.app import Functions
from runtime.model.layers import LayerVersion
from runtime.model.paging import page
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class ListLayersInput(LambdaShape, frozen=True, kw_only=True):
    compatible_architecture: Annotated[Architecture, query()] | None = None
    compatible_runtime: Annotated[str, query()] | None = None
    marker: MarkerInQuery | None = None
    max_items: MaxFiftyInQuery | None = None


class LayersItem(LambdaShape, frozen=True, kw_only=True):
    layer_name: str
    layer_arn: str
    latest_matching_version: LayerItem


class ListLayersOutput(LambdaShape, frozen=True, kw_only=True):
    layers: list[LayersItem]
    next_marker: str | None = None


@LAMBDA.action("ListLayers", "GET", "/2018-10-31/layers")
async def list_layers(functions: Functions, call: Call, input_: ListLayersInput) -> ListLayersOutput:
    """The layers of the account, each with the latest version that suits."""
    found: dict[str, LayerVersion] = {}
    for _, _, layer in functions.catalog.layer_versions:
        is_here = (layer.account, layer.region) == (call.scope.account, call.scope.region) and not layer.is_deleted
        if is_here and layer.suits(input_.compatible_runtime, input_.compatible_architecture):
            other = found.get(layer.name)
            found[layer.name] = layer if other is None or layer.version > other.version else other
    items, marker = page(found, input_.marker, input_.max_items)
    told = [
        LayersItem(layer_name=each.name, layer_arn=each.key.arn, latest_matching_version=layer_item(each))
        for each in items
    ]
    return ListLayersOutput(layers=told, next_marker=marker)
