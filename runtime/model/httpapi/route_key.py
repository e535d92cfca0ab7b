"""Route keys: `GET /pets/{id}`, `ANY /files/{path+}`, `$default`.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
"""

from __future__ import annotations

from typing import Final

from runtime.errors import ApiGatewayError

DEFAULT: Final = "$default"
METHODS: Final = frozenset({"ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
KEY_MAX_CHARS: Final = 1024

_FORM: Final = (
    "The provided route key is not formatted properly for HTTP protocol. "
    'Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
)


def split_key(key: str) -> tuple[str, str]:
    """(method, path) of a route key that is not `$default`."""
    method, _, path = key.partition(" ")
    return method, path


def check_key(key: str) -> str:
    """Raises ApiGatewayError."""
    if key == DEFAULT:
        return key
    method, path = split_key(key)
    if len(key) > KEY_MAX_CHARS or method not in METHODS or not path.startswith("/") or any(map(str.isspace, path)):
        raise ApiGatewayError(_FORM)
    parts = segments(path)
    names = [_name(part) for part in parts if "{" in part or "}" in part]
    if len(set(names)) < len(names):
        raise ApiGatewayError("The provided route key is not formatted properly: a parameter is there twice")
    if any(part.endswith("+}") for part in parts[:-1]):
        raise ApiGatewayError("The provided route key is not formatted properly: a greedy parameter is the last part")
    return key


def segments(path: str) -> list[str]:
    """`/a/b` → `["a", "b"]`. A slash at the end is a part of its own: `/a/` is another path than `/a`."""
    return path[1:].split("/")


def _name(part: str) -> str:
    name = part[1:-1].removesuffix("+")
    if not (part.startswith("{") and part.endswith("}")) or not name or set(name) & set("{}+"):
        raise ApiGatewayError("The provided route key is not formatted properly: a parameter is a whole part, {name}")
    return name
