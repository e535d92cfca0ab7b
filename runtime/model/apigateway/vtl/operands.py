"""Expressions and references of a template, and what they come to."""

from __future__ import annotations

from typing import Any, Final

from runtime.model.apigateway.vtl import methods
from runtime.model.apigateway.vtl.bounds import ITERATIONS_MAX, RenderError, check_length
from runtime.model.apigateway.vtl.scope import Expression, Part, Scope
from runtime.model.apigateway.vtl.values import (
    Made,
    calculated,
    compared,
    equal,
    item_of,
    property_of,
    truth,
    written,
)

#: Variables of API Gateway: what they do not have is written as nothing, where others show their own source.
GIVEN: Final = frozenset({"input", "context", "stageVariables", "util"})


class Literal:
    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def value(self, scope: Scope) -> Any:
        return self.held


class Interpolated:
    """A text in double quotes: a template of its own."""

    __slots__ = ("block",)

    def __init__(self, block: Part) -> None:
        self.block = block

    def value(self, scope: Scope) -> str:
        outer, scope.pieces = scope.pieces, []
        try:
            self.block.render(scope)
            return "".join(scope.pieces)
        finally:
            scope.pieces = outer


class ListOf:
    __slots__ = ("items",)

    def __init__(self, items: list[Expression]) -> None:
        self.items = items

    def value(self, scope: Scope) -> Made:
        return Made(item.value(scope) for item in self.items)


class Range:
    """`[1..5]`, both ends in it, also downwards."""

    __slots__ = ("first", "last")

    def __init__(self, first: Expression, last: Expression) -> None:
        self.first = first
        self.last = last

    def value(self, scope: Scope) -> Made | None:
        first, last = self.first.value(scope), self.last.value(scope)
        if not (isinstance(first, int) and isinstance(last, int)):
            return None
        if abs(last - first) >= ITERATIONS_MAX:
            raise RenderError(f"a range of more than {ITERATIONS_MAX} numbers")
        step = 1 if first <= last else -1
        return Made(range(first, last + step, step))


class MapOf:
    __slots__ = ("items",)

    def __init__(self, items: list[tuple[Expression, Expression]]) -> None:
        self.items = items

    def value(self, scope: Scope) -> dict[Any, Any]:
        pairs = ((key.value(scope), item.value(scope)) for key, item in self.items)
        return {key if isinstance(key, str | int | float | bool) else written(key): item for key, item in pairs}


class Property:
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def of(self, value: Any, scope: Scope) -> Any:
        return property_of(value, self.name)

    def put(self, value: Any, item: Any, scope: Scope) -> None:
        if isinstance(value, dict):
            value[self.name] = item


class Index:
    __slots__ = ("key",)

    def __init__(self, key: Expression) -> None:
        self.key = key

    def of(self, value: Any, scope: Scope) -> Any:
        key = self.key.value(scope)
        return None if isinstance(key, dict | list) else item_of(value, key)

    def put(self, value: Any, item: Any, scope: Scope) -> None:
        key = self.key.value(scope)
        is_place = isinstance(key, int) and isinstance(value, list) and -len(value) <= key < len(value)
        if is_place or (isinstance(value, dict) and not isinstance(key, dict | list)):
            value[key] = item


class Invoke:
    __slots__ = ("arguments", "name")

    def __init__(self, name: str, arguments: list[Expression]) -> None:
        self.name = name
        self.arguments = arguments

    def of(self, value: Any, scope: Scope) -> Any:
        return methods.call(value, self.name, [argument.value(scope) for argument in self.arguments])


class Reference:
    """`$name.property.method(…)[index]`; `source` is what is written when it is null and not quiet."""

    __slots__ = ("is_quiet", "name", "source", "steps")

    def __init__(self, name: str, steps: list[Property | Index | Invoke], source: str, is_quiet: bool) -> None:
        self.name = name
        self.steps = steps
        self.source = source
        self.is_quiet = is_quiet or name in GIVEN

    def value(self, scope: Scope) -> Any:
        found = scope.variables.get(self.name)
        for step in self.steps:
            if found is None:
                return None
            scope.step()
            found = step.of(found, scope)
        return found

    def render(self, scope: Scope) -> None:
        value = self.value(scope)
        if value is not None:
            scope.write(written(value))
        elif not self.is_quiet:
            scope.write(self.source)

    def assign(self, scope: Scope, item: Any) -> None:
        """`#set`: a variable, or a member of what it holds."""
        if not self.steps:
            if self.name not in GIVEN:
                scope.variables[self.name] = item
            return
        holder = Reference(self.name, self.steps[:-1], "", True).value(scope)
        last = self.steps[-1]
        if holder is not None and not isinstance(last, Invoke):
            last.put(holder, item, scope)


class Not:
    __slots__ = ("operand",)

    def __init__(self, operand: Expression) -> None:
        self.operand = operand

    def value(self, scope: Scope) -> bool:
        return not truth(self.operand.value(scope))


class Negative:
    __slots__ = ("operand",)

    def __init__(self, operand: Expression) -> None:
        self.operand = operand

    def value(self, scope: Scope) -> Any:
        return calculated("-", 0, self.operand.value(scope))


class Binary:
    __slots__ = ("left", "right", "sign")

    def __init__(self, sign: str, left: Expression, right: Expression) -> None:
        self.sign = sign
        self.left = left
        self.right = right

    def value(self, scope: Scope) -> Any:
        scope.step()
        sign = self.sign
        if sign == "&&":
            return truth(self.left.value(scope)) and truth(self.right.value(scope))
        if sign == "||":
            return truth(self.left.value(scope)) or truth(self.right.value(scope))
        left, right = self.left.value(scope), self.right.value(scope)
        if sign in ("==", "!="):
            return equal(left, right) is (sign == "==")
        if sign in ("<", ">", "<=", ">="):
            return compared(sign, left, right)
        if isinstance(left, str) and isinstance(right, str):
            check_length(len(left) + len(right))
        return calculated(sign, left, right)
