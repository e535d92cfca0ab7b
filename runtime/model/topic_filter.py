"""Filter policies: which messages of a topic a subscription wants.

The grammar is that of event patterns (patterns.py), with SNS's bounds. Numbers are compared by their value here, 100
and 100.0 alike; an attribute of the type String.Array is a list of values, a Binary is not looked at. Source: SNS
developer guide, "filter policy constraints" and "filter policy scope".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from runtime.errors import InvalidPatternError, TopicError
from runtime.model.patterns import Pattern
from runtime.model.queue_message import Attribute

KEYS_MAX: Final = 5
COMBINATIONS_MAX: Final = 150


class FilterPolicy:
    """A policy in one of the scopes MessageAttributes and MessageBody."""

    def __init__(self, text: str, scope: str) -> None:
        """Raises TopicError, with the reason."""
        self._is_about_body = scope == "MessageBody"
        policy = _read(text)
        self._pattern: Pattern | None = None
        if not policy:
            return
        _check(policy, is_nested_allowed=self._is_about_body)
        try:
            self._pattern = Pattern(msgspec.json.encode(_plain(policy)).decode())
        except InvalidPatternError as error:
            raise _refused(error.reason) from error

    def wants(self, body: str, attributes: Mapping[str, Attribute]) -> bool:
        """A body that is no JSON object matches no policy about bodies."""
        if self._pattern is None:
            return True
        if not self._is_about_body:
            return self._pattern.matches(_seen(attributes))
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError):
            return False
        return isinstance(value, dict) and self._pattern.matches(_plain(value))


def _refused(reason: str) -> TopicError:
    return TopicError("InvalidParameter", f"Invalid parameter: FilterPolicy: {reason}")


def _read(text: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _refused("failed to parse JSON.") from error
    if not isinstance(value, dict):
        raise _refused("Filter policy must be a JSON object.")
    return value


def _check(policy: dict[str, Any], *, is_nested_allowed: bool) -> None:
    leaves = list(_leaves(policy))
    if len(leaves) > KEYS_MAX:
        raise _refused("Filter policy can not have more than 5 keys")
    combinations = 1
    for depth, members in leaves:
        if depth > 1 and not is_nested_allowed:
            raise _refused("Filter policy scope MessageAttributes does not support nested filter policy")
        combinations *= depth * max(1, len(members) if isinstance(members, list) else 1)
    if combinations > COMBINATIONS_MAX:
        raise _refused("Filter policy is too complex")


def _leaves(policy: dict[str, Any], depth: int = 1) -> Any:
    """(depth, members) of each key that has values; alternatives of `$or` count at its own depth."""
    if depth > 32:
        raise _refused("Filter policy is nested too deeply")
    for name, inner in policy.items():
        if isinstance(inner, dict):
            yield from _leaves(inner, depth + 1)
        elif name == "$or" and isinstance(inner, list) and all(isinstance(each, dict) for each in inner):
            for each in inner:
                yield from _leaves(each, depth)
        else:
            yield depth, inner


def _plain(value: Any) -> Any:
    """The same JSON with whole numbers in one form."""
    match value:
        case dict():
            return {key: _plain(each) for key, each in value.items()}
        case list():
            return [_plain(each) for each in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _seen(attributes: Mapping[str, Attribute]) -> dict[str, Any]:
    return {name: _value(each) for name, each in attributes.items() if not each.is_binary}


def _value(attribute: Attribute) -> Any:
    if attribute.kind.startswith("Number"):
        return _plain(float(attribute.text))
    if attribute.kind == "String.Array":
        try:
            return _plain(msgspec.json.decode(attribute.text))
        except msgspec.DecodeError:
            return attribute.text
    return attribute.text
