"""Parts of an API by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from runtime.errors import ApiNotFoundError

V = TypeVar("V")


def found(parts: Mapping[str, V], key: str, what: str) -> V:
    """Raises ApiNotFoundError."""
    if key not in parts:
        raise ApiNotFoundError(f"Invalid {what} identifier specified")
    return parts[key]


def without(parts: Mapping[str, V], key: str) -> dict[str, V]:
    return {each: value for each, value in parts.items() if each != key}


def merged_parameters(before: Mapping[str, str] | None, said: Mapping[str, str] | None) -> dict[str, str] | None:
    """What an update makes of a map: those that are named are put, an empty text takes one away."""
    merged = {**(before or {}), **(said or {})}
    if said is None:
        return merged or None
    return {key: value for key, value in merged.items() if value or key not in said} or None
