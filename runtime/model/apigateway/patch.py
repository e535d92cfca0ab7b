"""Patch operations, as all Update actions of API Gateway take them: paths into a value, and which of them may be
changed how.

https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from runtime.errors import ApiGatewayError

V = TypeVar("V", bound=msgspec.Struct)
OPERATIONS_MAX: Final = 200


class Operation(NamedTuple):
    op: str
    path: str
    value: str | None


#: What may be at a path: a scalar by its reader, a map of scalars, or a list of texts that are added and removed.
class Scalar(NamedTuple):
    read: Callable[[str], Any]
    is_removable: bool = False


class MapOf(NamedTuple):
    read: Callable[[str], Any]


class SetOf(NamedTuple):
    """`by_value`: `add /apiStages` names its item by the value; else by the path."""

    by_value: bool = False


Rule = Scalar | MapOf | SetOf
Rules = Mapping[str, Rule]


def boolean(text: str) -> bool:
    """Raises ValueError."""
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


TEXT: Final = Scalar(str, is_removable=True)
NEEDED: Final = Scalar(str)
FLAG: Final = Scalar(boolean)
NUMBER: Final = Scalar(int)


def patched(value: V, operations: Sequence[Operation], rules: Rules) -> V:
    """The value after all operations. Raises ApiGatewayError, naming the first that cannot be done."""
    if len(operations) > OPERATIONS_MAX:
        raise ApiGatewayError(f"At most {OPERATIONS_MAX} patch operations are taken at once.")
    tree = msgspec.to_builtins(value)
    for operation in operations:
        _apply(tree, operation, rules)
    try:
        return msgspec.convert(tree, type(value))
    except msgspec.ValidationError as error:
        raise ApiGatewayError(f"Invalid patch operation specified: {error}") from None


def refuse(operation: Operation, rules: Rules) -> ApiGatewayError:
    """The answer to a path that is not there, or not for this operation."""
    known = ", ".join(rules)
    return ApiGatewayError(
        f"Invalid patch path '{operation.path[:200]}' specified for op '{operation.op}'. Must be one of: [{known}]"
    )


def parts_of(path: str) -> list[str]:
    """`/a/b~1c` → `["a", "b/c"]`."""
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _apply(tree: dict[str, Any], operation: Operation, rules: Rules) -> None:
    raw = operation.path.split("/")[1:]
    parts = parts_of(operation.path)
    for count in range(len(raw), 0, -1):
        rule = rules.get("/" + "/".join(raw[:count]))
        if rule is None:
            continue
        holder = _holder(tree, parts[: count - 1])
        if isinstance(rule, Scalar) and count == len(raw):
            _scalar(holder, parts[count - 1], rule, operation, rules)
            return
        if isinstance(rule, MapOf) and count < len(raw):
            _member(holder, parts[count - 1], "/".join(parts[count:]), rule, operation, rules)
            return
        if isinstance(rule, SetOf):
            item = operation.value if rule.by_value and count == len(raw) else "/".join(parts[count:])
            _item(holder, parts[count - 1], item or "", operation, rules)
            return
    raise refuse(operation, rules)


def _holder(tree: dict[str, Any], parts: Sequence[str]) -> dict[str, Any]:
    for part in parts:
        tree = tree.setdefault(part, {})
    return tree


def _scalar(holder: dict[str, Any], name: str, rule: Scalar, operation: Operation, rules: Rules) -> None:
    if operation.op == "remove" and rule.is_removable:
        holder.pop(name, None)
    elif operation.op in ("replace", "add"):
        holder[name] = _read(rule.read, operation)
    else:
        raise refuse(operation, rules)


def _member(holder: dict[str, Any], name: str, key: str, rule: MapOf, operation: Operation, rules: Rules) -> None:
    members = holder.get(name) or {}
    if operation.op == "remove":
        members = {known: each for known, each in members.items() if known != key}
    elif operation.op in ("replace", "add"):
        members = members | {key: _read(rule.read, operation)}
    else:
        raise refuse(operation, rules)
    holder[name] = members


def _item(holder: dict[str, Any], name: str, item: str, operation: Operation, rules: Rules) -> None:
    items = [each for each in holder.get(name) or [] if each != item]
    if operation.op not in ("add", "remove", "replace") or not item:
        raise refuse(operation, rules)
    if operation.op == "replace" and operation.value:
        items = [*items, operation.value]
    elif operation.op != "remove":
        items.append(item)
    holder[name] = items


def _read(read: Callable[[str], Any], operation: Operation) -> Any:
    if operation.value is None:
        raise ApiGatewayError(f"Invalid patch value specified for path {operation.path[:200]}")
    try:
        return read(operation.value)
    except ValueError:
        raise ApiGatewayError(
            f"Invalid patch value '{operation.value[:200]}' specified for path {operation.path[:200]}"
        ) from None
