"""Quick create: an API with one route to one target, a function or a URL.

https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html
"""

from __future__ import annotations

from runtime.errors import ApiGatewayError
from runtime.gateway.ids import new_id
from runtime.model.apigateway.values import changed
from runtime.model.httpapi.checks import TIMEOUT_MAX_MS, check_integration, check_route
from runtime.model.httpapi.route_key import DEFAULT
from runtime.model.httpapi.values import HttpContent, HttpIntegration, HttpRoute


def quick_content(content: HttpContent, target: str, route_key: str | None) -> HttpContent:
    """The API with its route and integration. Raises ApiGatewayError."""
    integration = _integration(new_id(length=7), target)
    route = HttpRoute(
        route_id=new_id(length=7),
        route_key=route_key or DEFAULT,
        api_key_required=False,
        authorization_type="NONE",
        target=f"integrations/{integration.integration_id}",
        api_gateway_managed=True,
    )
    made = changed(content, integrations={integration.integration_id: integration})
    check_route(made, route)
    return changed(made, routes={route.route_id: route})


def quick_update(content: HttpContent, target: str | None, route_key: str | None) -> HttpContent:
    """With another target or route key; for an API that was not made with a target ApiGatewayError is raised."""
    if target is None and route_key is None:
        return content
    route = next((each for each in content.routes.values() if each.api_gateway_managed), None)
    integration = next((each for each in content.integrations.values() if each.api_gateway_managed), None)
    if route is None or integration is None:
        raise ApiGatewayError("Target and route key can be updated for APIs that were made by quick create only")
    if target is not None:
        made = _integration(integration.integration_id, target)
        content = changed(content, integrations=content.integrations | {made.integration_id: made})
    if route_key is not None:
        route = changed(route, route_key=route_key)
        check_route(content, route)
        content = changed(content, routes=content.routes | {route.route_id: route})
    return content


def _integration(integration_id: str, target: str) -> HttpIntegration:
    is_url = target.startswith(("http://", "https://"))
    made = HttpIntegration(
        integration_id=integration_id,
        integration_type="HTTP_PROXY" if is_url else "AWS_PROXY",
        integration_method="ANY" if is_url else "POST",
        integration_uri=target,
        connection_type="INTERNET",
        payload_format_version="1.0" if is_url else "2.0",
        timeout_in_millis=TIMEOUT_MAX_MS,
        api_gateway_managed=True,
    )
    check_integration(made)
    return made
