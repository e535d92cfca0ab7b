"""CloudFormation's intrinsic functions, over values in their long form.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from streamcore.deploy.errors import TemplateError

#: What stands for a property that is not there.
NO_VALUE: Final = object()
_VARIABLE: Final = re.compile(r"\$\{(!?)([^{}]*)\}")


class Names(Protocol):
    """What a value may refer to. Both raise TemplateError for what is not known."""

    def ref(self, name: str) -> Any:
        """A parameter, a pseudo parameter or a resource."""

    def attribute(self, name: str, attribute: str) -> Any:
        """Of a resource."""

    def condition(self, name: str) -> bool:
        """Whether it holds."""

    def mapping(self, name: str, first: str, second: str) -> Any:
        """An entry of the Mappings."""


def resolve(value: Any, names: Names) -> Any:
    """The value with every function worked out; NO_VALUE for `AWS::NoValue`. Raises TemplateError."""
    if isinstance(value, list):
        return [found for each in value if (found := resolve(each, names)) is not NO_VALUE]
    if not isinstance(value, dict):
        return value
    function = _function(value)
    if function is None:
        found = {key: resolve(each, names) for key, each in value.items()}
        return {key: each for key, each in found.items() if each is not NO_VALUE}
    return FUNCTIONS[function](value[function], names)


def decided(value: Any, names: Names) -> Any:
    """The value with the branches of every `Fn::If` that are not taken cut off, and what is `AWS::NoValue`."""
    if isinstance(value, dict) and len(value) == 1 and "Fn::If" in value:
        match value["Fn::If"]:
            case [str() as condition, yes, no]:
                return decided(yes if names.condition(condition) else no, names)
        raise TemplateError("Fn::If takes the name of a condition and two values")
    if isinstance(value, dict):
        if value == {"Ref": "AWS::NoValue"}:
            return NO_VALUE
        pairs = ((key, decided(each, names)) for key, each in value.items())
        return {key: each for key, each in pairs if each is not NO_VALUE}
    if isinstance(value, list):
        return [found for each in value if (found := decided(each, names)) is not NO_VALUE]
    return value


def references(value: Any) -> Iterator[str]:
    """Every name of a parameter, pseudo parameter or resource that a value refers to."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        function = _function(value)
        if function == "Ref":
            yield str(value["Ref"])
            return
        if function == "Fn::GetAtt":
            yield _attribute_of(value["Fn::GetAtt"])[0]
        if function == "Fn::Sub":
            yield from _in_sub(value["Fn::Sub"])
        for each in value.values():
            yield from references(each)


def _function(value: Mapping[str, Any]) -> str | None:
    """The function that a mapping of one key is. Raises TemplateError for one that is not offered."""
    if len(value) != 1:
        return None
    (key,) = value
    if key == "Condition" and not isinstance(value[key], str):  # a statement of a policy
        return None
    if key in FUNCTIONS:
        return str(key)
    if key.startswith("Fn::"):
        raise TemplateError(f"{key} is not offered")
    return None


def _in_sub(value: Any) -> Iterator[str]:
    text, own = _sub_parts(value)
    for match in _VARIABLE.finditer(text):
        if not match[1] and match[2].strip() not in own:
            yield match[2].strip().partition(".")[0]


def _sub_parts(value: Any) -> tuple[str, Mapping[str, Any]]:
    match value:
        case str():
            return value, {}
        case [str() as text, dict() as own]:
            return text, own
    raise TemplateError("Fn::Sub takes a text, or a text and a mapping")


def _attribute_of(value: Any) -> tuple[str, str]:
    parts = value.split(".", 1) if isinstance(value, str) else value
    match parts:
        case [str() as name, str() as attribute]:
            return name, attribute
    raise TemplateError(f"Fn::GetAtt takes a resource and an attribute; got {_shown(value)}")


def _sub(value: Any, names: Names) -> str:
    text, own = _sub_parts(value)
    given = {name: resolve(each, names) for name, each in own.items()}

    def put(match: re.Match[str]) -> str:
        literal, name = match[1], match[2].strip()
        if literal:
            return f"${{{match[2]}}}"
        if name in given:
            return as_text(given[name], "Fn::Sub")
        resource, dot, attribute = name.partition(".")
        return as_text(names.attribute(resource, attribute) if dot else names.ref(name), "Fn::Sub")

    return _VARIABLE.sub(put, text)


def _join(value: Any, names: Names) -> str:
    match value:
        case [str() as between, listed]:
            found = resolve(listed, names)
            if isinstance(found, list):
                return between.join(as_text(each, "Fn::Join") for each in found)
    raise TemplateError("Fn::Join takes a text and a list")


def _split(value: Any, names: Names) -> list[str]:
    match value:
        case [str() as between, text] if between:
            return as_text(resolve(text, names), "Fn::Split").split(between)
    raise TemplateError("Fn::Split takes a text to split at and a text")


def _select(value: Any, names: Names) -> Any:
    match value:
        case [index, listed]:
            found, number = resolve(listed, names), str(resolve(index, names))
            if isinstance(found, list) and number.isdecimal() and int(number) < len(found):
                return found[int(number)]
    raise TemplateError(f"Fn::Select takes an index and a list that has it; got {_shown(value)}")


def _find_in_map(value: Any, names: Names) -> Any:
    found = resolve(value, names)
    match found:
        case [name, first, second]:
            return names.mapping(str(name), str(first), str(second))
    raise TemplateError("Fn::FindInMap takes a mapping and two keys")


def _equals(value: Any, names: Names) -> bool:
    match resolve(value, names):
        case [one, other]:
            return as_text(one, "Fn::Equals") == as_text(other, "Fn::Equals")
    raise TemplateError("Fn::Equals takes two values")


def _truths(value: Any, names: Names, least: int, most: int, name: str) -> list[bool]:
    found = resolve(value, names)
    if not (isinstance(found, list) and least <= len(found) <= most and all(isinstance(each, bool) for each in found)):
        raise TemplateError(f"{name} takes from {least} to {most} conditions")
    return found


def _length(value: Any, names: Names) -> int:
    found = resolve(value, names)
    if not isinstance(found, list):
        raise TemplateError("Fn::Length takes a list")
    return len(found)


def _name(value: Any, names: Names) -> Any:
    if not isinstance(value, str):
        raise TemplateError(f"Ref takes a name; got {_shown(value)}")
    return NO_VALUE if value == "AWS::NoValue" else names.ref(value)


FUNCTIONS: Final[dict[str, Callable[[Any, Names], Any]]] = {
    "Ref": _name,
    "Condition": lambda value, names: names.condition(value),
    "Fn::GetAtt": lambda value, names: names.attribute(*_attribute_of(value)),
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::If": lambda value, names: resolve(decided({"Fn::If": value}, names), names),
    "Fn::FindInMap": _find_in_map,
    "Fn::Equals": _equals,
    "Fn::Not": lambda value, names: not _truths(value, names, 1, 1, "Fn::Not")[0],
    "Fn::And": lambda value, names: all(_truths(value, names, 2, 10, "Fn::And")),
    "Fn::Or": lambda value, names: any(_truths(value, names, 2, 10, "Fn::Or")),
    "Fn::Base64": lambda value, names: b64encode(as_text(resolve(value, names), "Fn::Base64").encode()).decode(),
    "Fn::ToJsonString": lambda value, names: json.dumps(resolve(value, names)),
    "Fn::Length": _length,
}


def as_text(value: Any, where: str) -> str:
    """A scalar as CloudFormation writes it into a text. Raises TemplateError for anything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise TemplateError(f"{where} takes texts and numbers; got {_shown(value)}")


def _shown(value: Any) -> str:
    return repr(value)[:120]
