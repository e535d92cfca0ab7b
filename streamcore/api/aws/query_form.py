"""The parameters of the query protocol as the members of an action's input.

| member                        | usual                                       | flattened                          |
|-------------------------------|---------------------------------------------|------------------------------------|
| `Name: str`                   | `Name=x`                                    | the same                           |
| `Tags: list[Tag]`             | `Tags.member.1.Key=a`                       | `Tags.1.Key=a`                     |
| `Attributes: dict[str, str]`  | `Attributes.entry.1.key=a` `….1.value=b`    | `Attributes.1.key=a` `….1.value=b` |

A flattened list is often named by its singular: that, and the names of a map's halves, are in the service's `Spelling`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import inspect

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.shapes import Shape, Timestamp

DEPTH_MAX: Final = 16
#: A parameter's name or value, or the parameters below a name.
Tree = dict[str, Any]


class Spelling(msgspec.Struct, frozen=True):
    """How a service writes its members: `names` has other wire names of members, `halves` the names of a map's keys and
    values where they are not `key` and `value`, both by the member's own name. `is_ec2` is EC2's variant, in whose
    answers the elements of lists are `item`."""

    is_flattened: bool = False
    is_ec2: bool = False
    names: Mapping[str, str] = {}
    halves: Mapping[str, tuple[str, str]] = {}

    def name(self, member: str) -> str:
        return self.names.get(member, member)

    def half(self, member: str) -> tuple[str, str]:
        return self.halves.get(member, ("key", "value"))


QUERY: Final = Spelling()


def tree_of(form: Mapping[str, str]) -> Tree:
    """`{"Tags": {"member": {"1": {"Key": "a"}}}}`. Raises AwsError: MalformedInput."""
    tree: Tree = {}
    for name, value in form.items():
        parts = name.split(".")
        if len(parts) > DEPTH_MAX:
            raise malformed()
        node = tree
        for part in parts[:-1]:
            node = node.setdefault(part, {})
            if not isinstance(node, dict):
                raise malformed()
        if isinstance(node.get(parts[-1]), dict):
            raise malformed()
        node[parts[-1]] = value
    return tree


def malformed() -> AwsError:
    return AwsError("MalformedInput", 400, "A parameter is both a value and a structure, or too deep")


def read_form(shape: type[Shape], tree: Tree, spelling: Spelling = QUERY) -> dict[str, Any]:
    """The input as plain values under the members' own names, for `validation.accept`. Raises AwsError."""
    kind = _described(shape)
    assert isinstance(kind, inspect.StructType)
    return _structure(kind, tree, spelling)


@cache
def _described(shape: type[Shape]) -> inspect.Type:
    return inspect.type_info(shape)


def _structure(kind: inspect.StructType, tree: Any, spelling: Spelling) -> dict[str, Any]:
    if not isinstance(tree, dict):
        raise malformed()
    members = {}
    for field in kind.fields:
        name = field.encode_name
        node = tree.get(spelling.name(name), tree.get(name))
        if node is not None:
            members[name] = _read(field.type, node, name, spelling)
    return members


def _read(kind: inspect.Type, node: Any, member: str, spelling: Spelling) -> Any:
    match kind:
        case inspect.UnionType():
            inner = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
            return _read(inner, node, member, spelling)
        case inspect.Metadata():
            return _read(kind.type, node, member, spelling)
        case inspect.StructType():
            return _structure(kind, node, spelling)
        case inspect.ListType():
            return [_read(kind.item_type, each, member, spelling) for each in _rows(node, "member", spelling)]
        case inspect.DictType():
            key, value = spelling.half(member)
            rows = _rows(node, "entry", spelling)
            if not all(isinstance(row, dict) and isinstance(row.get(key), str) for row in rows):
                raise malformed()
            return {row[key]: _read(kind.value_type, row.get(value, ""), member, spelling) for row in rows}
        case _:
            if isinstance(node, dict):
                raise malformed()
            return _scalar(kind, node)


def _rows(node: Any, element: str, spelling: Spelling) -> list[Any]:
    """The elements of a list or map in the order of their numbers. `Name=` is how an empty one is sent."""
    if node == "":
        return []
    if isinstance(node, dict) and not spelling.is_flattened and len(node) == 1 and not next(iter(node)).isdecimal():
        # The element's name is `member` or `entry`, or whatever the service calls it: its position tells.
        node = next(iter(node.values()))
    if not isinstance(node, dict) or not all(number.isascii() and number.isdecimal() for number in node):
        raise malformed()
    return [node[number] for number in sorted(node, key=int)]


def _scalar(kind: inspect.Type, text: str) -> Any:
    """Numbers and times are texts here; what is none is left as it is and refused with its type."""
    match kind:
        case inspect.IntType():
            digits = text.removeprefix("-")
            return int(text) if digits.isascii() and digits.isdecimal() and len(digits) <= 20 else text
        case inspect.FloatType():
            try:
                return float(text)
            except ValueError:
                return text
        case inspect.CustomType() if kind.cls is Timestamp:
            return _time(text)
        case _:
            return text


def _time(text: str) -> Any:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return Timestamp.from_seconds((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
