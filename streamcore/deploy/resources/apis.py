"""The implicit REST and HTTP APIs of SAM's events, known again by name; their routes are made anew each time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from streamcore.client.aws import label
from streamcore.deploy.deployment import Deployment, Maker

_HTTP_TIMEOUT_MS: Final = 30_000
#: As many as there can be on one page.
_ALL: Final = {"maxResults": "500"}


async def _put_http(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    present = await _http_apis(to, name)
    said = _said(properties)
    if present:
        api = present[0]
        if said:
            await _http(to, "PATCH", f"/{api}", said)
        await _put_stage(to, api, properties)
        for part, key in (("routes", "routeId"), ("integrations", "integrationId")):
            for each in (await _http(to, "GET", f"/{api}/{part}", query=_ALL)).get("items") or ():
                await _http(to, "DELETE", f"/{api}/{part}/{each[key]}")
    else:
        api = (await _http(to, "POST", "", {"name": name, "protocolType": "HTTP", **said}))["apiId"]
        stage = {"stageName": properties["StageName"], "autoDeploy": True, **_variables(properties)}
        await _http(to, "POST", f"/{api}/stages", stage)
    for route in properties["Routes"]:
        integration = {
            "integrationType": "AWS_PROXY",
            "integrationUri": route["Function"],
            "payloadFormatVersion": str(route.get("PayloadFormatVersion", "2.0")),
            "timeoutInMillis": route.get("TimeoutInMillis", _HTTP_TIMEOUT_MS),
        }
        made = await _http(to, "POST", f"/{api}/integrations", integration)
        key = "$default" if route["Path"] is None else f"{route['Method']} {route['Path']}"
        target = f"integrations/{made['integrationId']}"
        await _http(to, "POST", f"/{api}/routes", {"routeKey": key, "target": target})
    endpoint = (await _http(to, "GET", f"/{api}"))["apiEndpoint"]
    return {"Ref": api, "ApiId": api, "ApiEndpoint": endpoint}


def _said(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What a template says of the API itself. `CorsConfiguration: true` is SAM's for every origin."""
    said = {"description": properties["Description"]} if "Description" in properties else {}
    cors = properties.get("CorsConfiguration")
    if cors is True:
        return {**said, "corsConfiguration": {"allowOrigins": ["*"]}}
    if isinstance(cors, dict):
        said["corsConfiguration"] = {f"{name[:1].lower()}{name[1:]}": each for name, each in cors.items()}
    return said


def _variables(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"stageVariables": properties["StageVariables"]} if "StageVariables" in properties else {}


async def _put_stage(to: Deployment, api: str, properties: Mapping[str, Any]) -> None:
    """What a template says of the stage that is there."""
    variables = _variables(properties)
    if variables:
        await _http(to, "PATCH", f"/{api}/stages/{label(properties['StageName'])}", variables)


async def _remove_http(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    for api in await _http_apis(to, name):
        await _http(to, "DELETE", f"/{api}")


async def _http_apis(to: Deployment, name: str) -> list[str]:
    listed = (await _http(to, "GET", "", query=_ALL)).get("items") or ()
    return [each["apiId"] for each in listed if each["name"] == name]


async def _http(
    to: Deployment,
    method: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    query: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    return await to.client.rest("apigateway", method, f"/v2/apis{path}", body, query)


# ------------------------------------------------------------ REST


async def _put_rest(to: Deployment, name: str, properties: dict[str, Any]) -> Mapping[str, Any]:
    present = await _rest_apis(to, name)
    api = present[0] if present else (await _rest(to, "POST", "", {"name": name}))["id"]
    listed = (await _rest(to, "GET", f"/{api}/resources")).get("item") or ()
    root = next(each for each in listed if each["path"] == "/")
    for each in listed:
        if each.get("parentId") == root["id"]:
            await _rest(to, "DELETE", f"/{api}/resources/{each['id']}")
    for method in root.get("resourceMethods") or ():
        await _rest(to, "DELETE", f"/{api}/resources/{root['id']}/methods/{method}")
    ids = {"/": root["id"]}
    for route in properties["Routes"]:
        resource = await _resource(to, api, ids, str(route["Path"]))
        await _method(to, api, resource, route)
    stage = properties["StageName"]
    await _rest(to, "POST", f"/{api}/deployments", {"stageName": stage})
    return {"Ref": api, "RestApiId": api, "RootResourceId": root["id"]}


async def _resource(to: Deployment, api: str, ids: dict[str, str], path: str) -> str:
    """The id of a path's resource, which is made with those above it."""
    path = path.rstrip("/") or "/"
    if path not in ids:
        above, _, part = path.rpartition("/")
        parent = await _resource(to, api, ids, above or "/")
        ids[path] = (await _rest(to, "POST", f"/{api}/resources/{parent}", {"pathPart": part}))["id"]
    return ids[path]


async def _method(to: Deployment, api: str, resource: str, route: Mapping[str, Any]) -> None:
    path = f"/{api}/resources/{resource}/methods/{route['Method']}"
    await _rest(to, "PUT", path, {"authorizationType": "NONE"})
    invocation = f"path/2015-03-31/functions/{route['Function']}/invocations"
    uri = f"arn:aws:apigateway:{to.place.region}:lambda:{invocation}"
    await _rest(to, "PUT", f"{path}/integration", {"type": "AWS_PROXY", "httpMethod": "POST", "uri": uri})


async def _remove_rest(to: Deployment, name: str, properties: dict[str, Any]) -> None:
    for api in await _rest_apis(to, name):
        await _rest(to, "DELETE", f"/{label(api)}")


async def _rest_apis(to: Deployment, name: str) -> list[str]:
    listed = (await _rest(to, "GET", "")).get("item") or ()
    return [each["id"] for each in listed if each["name"] == name]


async def _rest(to: Deployment, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return await to.client.rest("apigateway", method, f"/restapis{path}", body)


REST: Final = Maker(_put_rest, _remove_rest)
HTTP: Final = Maker(_put_http, _remove_http)
