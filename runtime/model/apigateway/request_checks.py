"""Request validators: parameters that must be there, and bodies that a model describes (JSON Schema, draft 4).

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from runtime.model.apigateway.exchange import Exchange, source
from runtime.model.apigateway.gateway_responses import Refused
from runtime.model.apigateway.values import Content, Method, RequestValidator

SCHEMA_MAX_CHARS: Final = 400 * 1024
_MODEL_URL: Final = re.compile(r"https://apigateway\.amazonaws\.com/restapis/[a-z0-9]+/models/([A-Za-z0-9]+)")
_PARAMETER: Final = re.compile(r"method\.request\.(?:path|querystring|header|multivalue(?:header|querystring))\.(.+)")

#: Where the models are in a schema that is evaluated.
MODELS: Final = "streamcore:models"

#: Whether a body fits.
Fits = Callable[[Any], bool]


class SchemaError(ValueError):
    """A model's schema cannot be used."""


class RequestCheck:
    """What a method's validator asks for."""

    def __init__(self, validator: RequestValidator, method: Method, schemas: Mapping[str, Fits]) -> None:
        """`schemas` by content type."""
        required = [name for name, is_required in (method.request_parameters or {}).items() if is_required]
        wanted = required if validator.validate_request_parameters else []
        self._parameters = [(_name_of(each), source(each)) for each in wanted]
        self._schemas = schemas if validator.validate_request_body else {}

    def check(self, exchange: Exchange) -> None:
        """Raises Refused."""
        missing = [name for name, read in self._parameters if not read(exchange, None)]
        if missing:
            text = f"Missing required request parameters: [{', '.join(missing)}]"
            raise Refused("BAD_REQUEST_PARAMETERS", text)
        fits = self._schema_for(exchange)
        if fits is not None and not _is_fitting(fits, exchange.request.body):
            raise Refused("BAD_REQUEST_BODY", "Invalid request body")

    def _schema_for(self, exchange: Exchange) -> Fits | None:
        if not self._schemas:
            return None
        kind = (exchange.header("content-type") or "application/json").partition(";")[0].strip().lower()
        return self._schemas.get(kind) or self._schemas.get("$default")


def _is_fitting(fits: Fits, body: bytes) -> bool:
    try:
        return fits(json.loads(body))
    except (ValueError, RecursionError):
        return False


def _name_of(parameter: str) -> str:
    found = _PARAMETER.fullmatch(parameter)
    return parameter if found is None else found[1]


def schemas_of(content: Content, method: Method, compile_schema: Callable[[dict[str, Any]], Fits]) -> dict[str, Fits]:
    """By content type what a body must fit. Raises SchemaError."""
    found = {}
    for kind, name in (method.request_models or {}).items():
        if name in content.models and name != "Empty":
            found[kind.lower()] = compile_schema(whole_schema(content, name))
    return found


def whole_schema(content: Content, name: str) -> dict[str, Any]:
    """A model's schema with the models that it refers to beside it. Raises SchemaError."""
    wanted: list[str] = [name]
    definitions: dict[str, Any] = {}
    while wanted:
        each = wanted.pop()
        if each in definitions:
            continue
        model = content.models.get(each)
        if model is None:
            raise SchemaError(f"Invalid model reference: {each}")
        definitions[each] = read_schema(model.schema)
        wanted += _redirect(definitions[each], f"#/{MODELS}/{each}")
    return {"$ref": f"#/{MODELS}/{name}", MODELS: definitions}


def read_schema(text: str) -> dict[str, Any]:
    """A schema as it was given. Raises SchemaError."""
    if len(text) > SCHEMA_MAX_CHARS:
        raise SchemaError(f"a schema has at most {SCHEMA_MAX_CHARS} characters")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise SchemaError("Invalid model schema specified: it is no JSON") from None
    if not isinstance(found, dict):
        raise SchemaError("Invalid model schema specified: it is no object")
    found.pop("$schema", None)
    found.pop("id", None)
    return found


def _redirect(schema: dict[str, Any], root: str) -> list[str]:
    """Lets references lead to where models will be; the names of other models that are referred to."""
    names, waiting = [], [schema]
    while waiting:
        each: Any = waiting.pop()
        if isinstance(each, dict):
            reference = each.get("$ref")
            match = _MODEL_URL.fullmatch(reference) if isinstance(reference, str) else None
            if match is not None:
                each["$ref"] = f"#/{MODELS}/{match[1]}"
                names.append(match[1])
            elif isinstance(reference, str) and reference.startswith("#"):
                each["$ref"] = f"{root}{reference[1:]}"
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return names
