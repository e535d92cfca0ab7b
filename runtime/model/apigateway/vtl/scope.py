"""One rendering: its variables, what it wrote, what it cost; and what parts and expressions are to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from runtime.model.apigateway.vtl.bounds import STEPS_MAX, RenderError, check_length


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
    """What has a value."""

    def value(self, scope: Scope) -> Any: ...


class Part(Protocol):
    """What writes something."""

    def render(self, scope: Scope) -> None: ...
