"""What one rendering may cost: steps, iterations, characters."""

from __future__ import annotations

from typing import Final

#: A mapping template at most (API Gateway quotas: 300 KB).
TEMPLATE_MAX_CHARS: Final = 300 * 1024
#: Rounds of one #foreach (API Gateway quotas).
ITERATIONS_MAX: Final = 1000
#: Nodes that one rendering looks at.
STEPS_MAX: Final = 500_000
#: What one rendering writes, and what one text in it may be long.
TEXT_MAX_CHARS: Final = 10 * 1024 * 1024
#: Blocks and brackets inside one another.
DEPTH_MAX: Final = 40


class TemplateError(ValueError):
    """A template cannot be parsed: the line, and what is wrong there."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


class RenderError(RuntimeError):
    """A rendering goes beyond its bounds."""


def check_length(length: int) -> None:
    """Raises RenderError for a text that would be too long; called before it is made."""
    if length > TEXT_MAX_CHARS:
        raise RenderError(f"a text of more than {TEXT_MAX_CHARS} characters")
