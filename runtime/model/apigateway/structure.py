"""What is inside an API: found by name, put together, taken apart. What is not there is an ApiNotFoundError in AWS's
words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec

from runtime.errors import ApiConflictError, ApiGatewayError, ApiNotFoundError
from runtime.model.apigateway.values import (
    Authorizer,
    Content,
    Integration,
    IntegrationResponse,
    Method,
    MethodResponse,
    Model,
    RequestValidator,
    Resource,
)

T = TypeVar("T")
_PART: Final = re.compile(r"(?a)\A(?:[A-Za-z0-9._:,$@~!*'()%+-]+|\{[A-Za-z0-9._:-]+\+?\})\Z")
_BAD_PART: Final = (
    "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning "
    "and the end."
)


# ---------------------------------------------------------------- found


def _found(items: Mapping[str, T] | None, name: str, sentence: str) -> T:
    found = (items or {}).get(name)
    if found is None:
        raise ApiNotFoundError(sentence)
    return found


def resource_of(content: Content, resource_id: str) -> Resource:
    return _found(content.resources, resource_id, "Invalid Resource identifier specified")


def method_of(resource: Resource, name: str) -> Method:
    return _found(resource.resource_methods, name, "Invalid Method identifier specified")


def method_response_of(method: Method, status: str) -> MethodResponse:
    return _found(method.method_responses, status, "Invalid Response status code specified")


def integration_of(method: Method) -> Integration:
    if method.method_integration is None:
        raise ApiNotFoundError("Invalid Integration identifier specified")
    return method.method_integration


def integration_response_of(integration: Integration, status: str) -> IntegrationResponse:
    return _found(integration.integration_responses, status, "Invalid Response status code specified")


def model_of(content: Content, name: str) -> Model:
    return _found(content.models, name, f"Invalid model name specified: {name}")


def validator_of(content: Content, validator_id: str) -> RequestValidator:
    return _found(content.validators, validator_id, "Invalid Request Validator identifier specified")


def authorizer_of(content: Content, authorizer_id: str) -> Authorizer:
    return _found(content.authorizers, authorizer_id, "Invalid Authorizer identifier specified")


def methods_of(content: Content) -> Iterator[Method]:
    for resource in content.resources.values():
        yield from (resource.resource_methods or {}).values()


# ---------------------------------------------------------------- put together


def without(items: Mapping[str, T], name: str) -> dict[str, T]:
    return {known: each for known, each in items.items() if known != name}


def with_item(items: Mapping[str, T] | None, name: str, item: T | None) -> dict[str, T] | None:
    """The members with another one, or without it; None when there are none."""
    after = without(items or {}, name)
    if item is not None:
        after[name] = item
    return after or None


def with_resource(content: Content, resource: Resource) -> Content:
    return msgspec.structs.replace(content, resources=content.resources | {resource.id: resource})


def with_method(content: Content, resource: Resource, name: str, method: Method | None) -> Content:
    """The content with another method of a resource, or without it."""
    methods = with_item(resource.resource_methods, name, method)
    return with_resource(content, msgspec.structs.replace(resource, resource_methods=methods))


def check_path_part(content: Content, parent: Resource, part: str, present: str = "") -> None:
    """Whether a resource of this name can be below `parent`; `present` is its own id if it is there already.

    Raises ApiGatewayError, ApiConflictError.
    """
    if not _PART.match(part):
        raise ApiGatewayError(_BAD_PART)
    if (parent.path_part or "").endswith("+}"):
        raise ApiGatewayError(f"Cannot create a child of a resource with a greedy path variable: {parent.path_part}")
    siblings = [each for each in content.resources.values() if each.parent_id == parent.id and each.id != present]
    if any(each.path_part == part for each in siblings):
        raise ApiConflictError(f"Another resource with the same parent already has this name: {part}")
    if part.startswith("{"):
        kind = part.endswith("+}")
        for each in siblings:
            other = each.path_part or ""
            if other.startswith("{") and other.endswith("+}") is kind:
                raise ApiGatewayError(
                    f"A sibling ({other}) of this resource already has a variable path part -- only one is allowed"
                )


def moved(content: Content, before: Resource, after: Resource) -> Content:
    """A resource under another name or parent, with the paths of all below it. Raises ApiGatewayError."""
    parent = resource_of(content, after.parent_id or "")
    if is_below(parent, before):
        raise ApiGatewayError("A resource cannot be below itself.")
    check_path_part(content, parent, after.path_part or "", before.id)
    path = f"{parent.path.rstrip('/')}/{after.path_part}"
    resources = {
        key: msgspec.structs.replace(each, path=path + each.path[len(before.path) :])
        if is_below(each, before)
        else each
        for key, each in content.resources.items()
    }
    resources[before.id] = msgspec.structs.replace(after, path=path)
    return msgspec.structs.replace(content, resources=resources)


def is_below(resource: Resource, top: Resource) -> bool:
    """Whether it is `top` or below it."""
    return resource.path == top.path or resource.path.startswith(f"{top.path.rstrip('/')}/")


def default_models() -> dict[str, Model]:
    """The two that every API has."""
    empty = {"$schema": "http://json-schema.org/draft-04/schema#", "title": "Empty Schema", "type": "object"}
    error = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "Error Schema",
        "type": "object",
        "properties": {"message": {"type": "string"}},
    }
    told: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
        ("empty1", "Empty", "This is a default empty schema model", empty),
        ("error1", "Error", "This is a default error schema model", error),
    )
    return {
        name: Model(
            id=key, name=name, description=text, schema=json.dumps(schema, indent=2), content_type="application/json"
        )
        for key, name, text, schema in told
    }
