"""How parts of an API are told where a value alone does not say it."""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.model.apigateway.values import Content, Resource
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


def now_s(call: Call) -> float:
    """Dates have whole seconds."""
    return float(call.broker.clock.now_ms() // 1000)


def told(view: Any) -> Response:
    """A 200 with this as JSON."""
    return Response(200, {"content-type": "application/json"}, msgspec.json.encode(view))


def resource_view(resource: Resource, *, is_whole: bool) -> dict[str, Any]:
    """With the names of its methods, or all that they are."""
    view: dict[str, Any] = msgspec.to_builtins(resource)
    if not is_whole and "resourceMethods" in view:
        view["resourceMethods"] = {name: {} for name in view["resourceMethods"]}
    return view


def summary_of(content: Content) -> dict[str, Any]:
    """`apiSummary`: what is deployed, by path and method."""
    return {
        resource.path: {
            name: {"authorizationType": method.authorization_type, "apiKeyRequired": method.api_key_required}
            for name, method in resource.resource_methods.items()
        }
        for resource in content.resources.values()
        if resource.resource_methods
    }
