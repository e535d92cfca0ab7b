"""ImportRestApi and PutRestApi: documents become APIs, or are put over those that are there."""

from __future__ import annotations

from typing import Final

from runtime.errors import ApiGatewayError
from runtime.gateway.apis import RESOURCES_MAX
from runtime.gateway.ids import new_id
from runtime.model.apigateway.openapi_document import read_document
from runtime.model.apigateway.openapi_import import Importer
from runtime.model.apigateway.structure import default_models
from runtime.model.apigateway.values import Content, EndpointConfiguration, Resource, RestApi, changed

_ENDPOINTS: Final = ("EDGE", "REGIONAL")


def imported(body: bytes, now: float, *, fail_on_warnings: bool, endpoint: str | None) -> Content:
    """A new API. `endpoint` is its type. Raises ApiGatewayError."""
    if endpoint is not None and endpoint not in _ENDPOINTS:
        raise ApiGatewayError(f"Endpoints of type {endpoint[:50]} are not offered.")
    root = Resource(id=new_id(), path="/")
    api = RestApi(
        id=new_id(),
        name="",
        created_date=now,
        api_key_source="HEADER",
        endpoint_configuration=EndpointConfiguration(types=[endpoint or "EDGE"]),
        disable_execute_api_endpoint=False,
        root_resource_id=root.id,
    )
    return _put(Content(api=api, resources={root.id: root}, models=default_models()), body, fail_on_warnings)


def put_imported(content: Content, body: bytes, *, is_merge: bool, fail_on_warnings: bool) -> Content:
    """The API with the document merged into it, or put in its place; its id and root stay. Raises ApiGatewayError."""
    if is_merge:
        return _put(content, body, fail_on_warnings)
    root = content.resources[content.api.root_resource_id]
    bare = Content(
        api=changed(content.api, binary_media_types=None),
        resources={root.id: changed(root, resource_methods=None)},
        models=default_models(),
    )
    return _put(bare, body, fail_on_warnings)


def _put(content: Content, body: bytes, fail_on_warnings: bool) -> Content:
    importer = Importer(read_document(body), content, lambda length: new_id(length=length))
    try:
        made = importer.run()
    except (AttributeError, TypeError, KeyError, ValueError) as error:
        if isinstance(error, ApiGatewayError):
            raise
        raise ApiGatewayError(f"Invalid OpenAPI input: a member is not what it should be ({error})") from None
    if not made.api.name:
        raise ApiGatewayError("Invalid OpenAPI input: info.title is missing.")
    if len(made.resources) > RESOURCES_MAX:
        raise ApiGatewayError(f"An API has at most {RESOURCES_MAX} resources.")
    if importer.warnings and fail_on_warnings:
        raise ApiGatewayError("Warnings found during import: " + " ".join(importer.warnings[:20]))
    return changed(made, api=changed(made.api, warnings=importer.warnings[:100] or None))
