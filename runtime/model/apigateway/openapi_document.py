"""Reads the text of an OpenAPI document, JSON or YAML, within bounds."""

from __future__ import annotations

import json
from typing import Any, Final

from runtime.errors import ApiGatewayError

#: API Gateway's quota for imports is 6 MB.
DOCUMENT_MAX_BYTES: Final = 6 * 1024 * 1024
_ALIASES: Final = "Unable to parse the document: YAML anchors and aliases are not taken"


def read_document(body: bytes) -> dict[str, Any]:
    """Raises ApiGatewayError. PyYAML is imported when a document is not JSON."""
    if len(body) > DOCUMENT_MAX_BYTES:
        raise ApiGatewayError(f"Invalid OpenAPI input: at most {DOCUMENT_MAX_BYTES} bytes are taken.")
    try:
        text = body.decode()
        found = json.loads(text) if text.lstrip()[:1] in ("{", "[") else _yaml(text)
    except (ValueError, RecursionError) as error:
        raise ApiGatewayError(f"Unable to parse the document: {str(error)[:300]}") from None
    if not isinstance(found, dict) or not isinstance(found.get("paths"), dict):
        raise ApiGatewayError("Invalid OpenAPI input.")
    version = str(found.get("openapi") or found.get("swagger") or "")
    if not version.startswith(("2.", "3.0")):
        raise ApiGatewayError("Invalid OpenAPI input: it is OpenAPI 3.0 or Swagger 2.0.")
    return found


def _yaml(text: str) -> Any:
    """Without aliases, by which a small document becomes a huge one; dates stay texts, and so do keys."""
    import yaml

    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=_loader(yaml))):
            raise ApiGatewayError(_ALIASES)
        return _with_text_keys(yaml.load(text, Loader=_loader(yaml)))
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _loader(yaml: Any) -> Any:
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _with_text_keys(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_text_keys(each) for each in value]
    return value


def referred(document: dict[str, Any], value: Any) -> dict[str, Any]:
    """What a `$ref` inside the document leads to; other values are themselves. Raises ApiGatewayError."""
    for _ in range(20):
        if not isinstance(value, dict):
            raise ApiGatewayError("Invalid OpenAPI input: an object is missing.")
        reference = value.get("$ref")
        if reference is None:
            return value
        value = document
        for part in str(reference).removeprefix("#/").split("/"):
            value = value.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(value, dict) else None
        if value is None:
            raise ApiGatewayError(f"Invalid OpenAPI input: {str(reference)[:200]} leads nowhere.")
    raise ApiGatewayError("Invalid OpenAPI input: references lead in a circle.")
