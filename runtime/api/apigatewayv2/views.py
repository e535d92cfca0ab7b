"""How an HTTP API is told: with the address of its endpoint here."""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.model.httpapi.values import HttpApi
from streamcore.api.aws.service import Call
from streamcore.api.http import Response


def told_api(call: Call, api: HttpApi, status: int = 200) -> Response:
    return Response(status, {"content-type": "application/json"}, msgspec.json.encode(api_view(call, api)))


def api_view(call: Call, api: HttpApi) -> dict[str, Any]:
    view: dict[str, Any] = msgspec.to_builtins(api)
    return view | {"apiEndpoint": endpoint_of(call, api)}


def endpoint_of(call: Call, api: HttpApi) -> str:
    """A host name below this endpoint's own; an address has no names below it, `localhost` has."""
    scheme, _, host = call.origin.partition("://")
    name, separator, port = host.rpartition(":")
    if not separator or not port.isdigit():
        name, separator, port = host, "", ""
    if name.startswith("[") or name.replace(".", "").isdigit():
        name = "localhost"
    return f"{scheme}://{api.api_id}.execute-api.{call.scope.region}.{name}{separator}{port}"
