"""Parameters of a template: what is given, checked against what is declared.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from streamcore.deploy.errors import TemplateError

_KEYS: Final = frozenset(
    [
        "Type",
        "Default",
        "AllowedValues",
        "AllowedPattern",
        "ConstraintDescription",
        "Description",
        "MinLength",
        "MaxLength",
        "MinValue",
        "MaxValue",
        "NoEcho",
    ]
)
_LISTS: Final = ("CommaDelimitedList", "List<Number>")
_TYPES: Final = ("String", "Number", *_LISTS)


def values(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """What `Ref` of each parameter gives. Raises TemplateError: unknown, missing, or not what is allowed."""
    unknown = sorted(set(given) - set(declared))
    if unknown:
        raise TemplateError(
            f"the template has no parameter {', '.join(unknown)}; it has {', '.join(declared) or 'none'}"
        )
    return {name: _value(name, about, given.get(name)) for name, about in declared.items()}


def _value(name: str, about: Any, given: str | None) -> Any:
    if not isinstance(about, dict) or about.get("Type") not in _TYPES:
        kind = about.get("Type") if isinstance(about, dict) else about
        raise TemplateError(f"parameter {name}: the type {kind} is not offered; there are {', '.join(_TYPES)}")
    unknown = sorted(set(about) - _KEYS)
    if unknown:
        raise TemplateError(f"parameter {name}: there is no {', '.join(unknown)}")
    if given is None and "Default" not in about:
        raise TemplateError(f"parameter {name} needs a value: --parameter {name}=…")
    text = _text(about["Default"]) if given is None else given
    if about["Type"] in _LISTS:
        parts = [part.strip() for part in text.split(",")] if text else []
        for part in parts:
            _check(name, about, part, is_number=about["Type"] == "List<Number>")
        return parts
    _check(name, about, text, is_number=about["Type"] == "Number")
    return text


def _text(default: Any) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    return str(default)


def _check(name: str, about: Mapping[str, Any], text: str, *, is_number: bool) -> None:
    why = _wrong(about, text, is_number)
    if why:
        raise TemplateError(f"parameter {name}: {about.get('ConstraintDescription') or why}; got {text[:100]!r}")


def _wrong(about: Mapping[str, Any], text: str, is_number: bool) -> str:
    if "AllowedValues" in about and text not in [_text(each) for each in about["AllowedValues"]]:
        return f"must be one of {', '.join(_text(each) for each in about['AllowedValues'])}"
    if "AllowedPattern" in about and not re.fullmatch(str(about["AllowedPattern"]), text):
        return f"must match {about['AllowedPattern']}"
    if is_number:
        try:
            size, least, most = float(text), "MinValue", "MaxValue"
        except ValueError:
            return "must be a number"
    else:
        size, least, most = float(len(text)), "MinLength", "MaxLength"
    if size < float(about.get(least, "-inf")) or size > float(about.get(most, "inf")):
        what = "its value" if is_number else "its length"
        return f"{what} must be from {about.get(least, '-')} to {about.get(most, '-')}"
    return ""
