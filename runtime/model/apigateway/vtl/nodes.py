"""What a template is made of, and how each part renders. A `Scope` is one rendering: its variables and its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from runtime.model.apigateway.vtl import methods
from runtime.model.apigateway.vtl.bounds import ITERATIONS_MAX, STEPS_MAX, RenderError, check_length
from runtime.model.apigateway.vtl.values import (
    Made,
    Stop,
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


class Break(Exception):
    """`#break`."""


class Scope:
    """The variables of one rendering, and what it cost so far."""

    __slots__ = ("length", "pieces", "steps", "variables")

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self.variables = dict(variables)
        self.pieces: list[str] = []
        self.length = 0
        self.steps = 0

    def step(self) -> None:
        """Raises RenderError."""
        self.steps += 1
        if self.steps > STEPS_MAX:
            raise RenderError(f"a rendering takes more than {STEPS_MAX} steps")

    def write(self, text: str) -> None:
        """Raises RenderError."""
        self.length += len(text)
        check_length(self.length)
        self.pieces.append(text)


class Expression(Protocol):
    def value(self, scope: Scope) -> Any: ...


class Part(Protocol):
    def render(self, scope: Scope) -> None: ...


class Block:
    """Parts in a row."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Part]) -> None:
        self.parts = parts

    def render(self, scope: Scope) -> None:
        for part in self.parts:
            scope.step()
            part.render(scope)


class Text:
    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def render(self, scope: Scope) -> None:
        scope.write(self.text)


class Literal:
    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def value(self, scope: Scope) -> Any:
        return self.held


class Interpolated:
    """A text in double quotes: a template of its own."""

    __slots__ = ("block",)

    def __init__(self, block: Block) -> None:
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


class Set:
    __slots__ = ("expression", "target")

    def __init__(self, target: Reference, expression: Expression) -> None:
        self.target = target
        self.expression = expression

    def render(self, scope: Scope) -> None:
        self.target.assign(scope, self.expression.value(scope))


class If:
    __slots__ = ("branches", "otherwise")

    def __init__(self, branches: list[tuple[Expression, Block]], otherwise: Block | None) -> None:
        self.branches = branches
        self.otherwise = otherwise

    def render(self, scope: Scope) -> None:
        for condition, block in self.branches:
            if truth(condition.value(scope)):
                block.render(scope)
                return
        if self.otherwise is not None:
            self.otherwise.render(scope)


class Foreach:
    __slots__ = ("block", "items", "name")

    def __init__(self, name: str, items: Expression, block: Block) -> None:
        self.name = name
        self.items = items
        self.block = block

    def render(self, scope: Scope) -> None:
        found = self.items.value(scope)
        items = list(found.values()) if isinstance(found, dict) else list(found) if isinstance(found, list) else []
        if len(items) > ITERATIONS_MAX:
            raise RenderError(f"a #foreach of more than {ITERATIONS_MAX} rounds")
        names = (self.name, "foreach", "velocityCount")
        before = {name: scope.variables[name] for name in names if name in scope.variables}
        try:
            for index, item in enumerate(items):
                scope.step()
                scope.variables[self.name] = item
                scope.variables["foreach"] = _place(index, len(items), before.get("foreach"))
                scope.variables["velocityCount"] = index + 1
                self.block.render(scope)
        except Break:
            pass
        finally:
            for name in names:
                scope.variables.pop(name, None)
            scope.variables.update(before)


def _place(index: int, count: int, parent: Any) -> dict[str, Any]:
    """`$foreach`."""
    return {
        "index": index,
        "count": index + 1,
        "hasNext": index + 1 < count,
        "first": index == 0,
        "last": index + 1 == count,
        "parent": parent,
    }


class Leave:
    """`#break` and `#stop`."""

    __slots__ = ("error",)

    def __init__(self, error: type[Exception]) -> None:
        self.error = error

    def render(self, scope: Scope) -> None:
        raise self.error


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


__all__ = ["Break", "Stop"]
