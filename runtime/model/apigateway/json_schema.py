"""JSON Schema, draft 4, by the library; imported when the first model is used. Nothing is ever fetched."""

from __future__ import annotations

from typing import Any

from runtime.model.apigateway.request_checks import MODELS, Fits, SchemaError


def compile_schema(schema: dict[str, Any]) -> Fits:
    """Of what `whole_schema` made. Raises SchemaError."""
    from jsonschema import Draft4Validator
    from jsonschema.exceptions import SchemaError as Broken
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        for each in schema[MODELS].values():
            Draft4Validator.check_schema(each)
    except Broken as error:
        raise SchemaError(f"Invalid model schema specified: {error.message[:300]}") from None
    validator = Draft4Validator(schema, registry=Registry())

    def fits(value: Any) -> bool:
        try:
            return bool(validator.is_valid(value))
        except (Unresolvable, RecursionError):
            return False

    return fits
