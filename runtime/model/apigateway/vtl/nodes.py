"""The parts of a template: texts and directives, and how each renders."""

from __future__ import annotations

from typing import Any

from runtime.model.apigateway.vtl.bounds import ITERATIONS_MAX, RenderError
from runtime.model.apigateway.vtl.operands import Reference
from runtime.model.apigateway.vtl.scope import Expression, Part, Scope
from runtime.model.apigateway.vtl.values import truth


class Break(Exception):
    """`#break`."""


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
