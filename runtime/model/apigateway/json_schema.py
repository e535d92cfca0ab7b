"""JSON Schema, draft 4, by the library; imported when the first model is used. Nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from runtime.model.apigateway.request_checks import MODELS, Fits, SchemaError
from runtime.model.given_pattern import PatternError, PatternTooSlow, given_pattern

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


def compile_schema(schema: dict[str, Any]) -> Fits:
    """Of what `whole_schema` made. Raises SchemaError."""
    from jsonschema import Draft4Validator
    from jsonschema.exceptions import SchemaError as Broken
    from jsonschema.validators import extend
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    try:
        for each in schema[MODELS].values():
            Draft4Validator.check_schema(each)
    except Broken as error:
        raise SchemaError(f"Invalid model schema specified: {error.message[:300]}") from None
    bounded = extend(Draft4Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call] # the stubs say no more
    validator = bounded(schema, registry=Registry())

    def fits(value: Any) -> bool:
        try:
            return bool(validator.is_valid(value))
        except (Unresolvable, RecursionError):
            return False

    return fits


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """The keyword `pattern`, bounded in time; what takes too long does not fit."""
    from jsonschema.exceptions import ValidationError

    if not isinstance(instance, str):
        return
    try:
        found = given_pattern(pattern).search(instance)
    except (PatternError, PatternTooSlow):
        found = False
    if not found:
        yield ValidationError(f"{instance[:100]!r} does not match {pattern!r}")
