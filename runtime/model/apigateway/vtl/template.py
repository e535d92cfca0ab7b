"""A template that is ready to be rendered.

template = Template('{"id": "$input.params("id")"}')        # TemplateError
text = template.render({"input": …, "context": …})            # RenderError
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.model.apigateway.vtl.bounds import RenderError, TemplateError
from runtime.model.apigateway.vtl.nodes import Break, Text
from runtime.model.apigateway.vtl.parser import parse
from runtime.model.apigateway.vtl.scope import Scope
from runtime.model.apigateway.vtl.values import Stop


class Template:
    """Rendering changes nothing in it, so one serves all requests."""

    __slots__ = ("_block", "_plain")

    def __init__(self, text: str) -> None:
        """Raises TemplateError."""
        self._block = parse(text)
        parts = self._block.parts
        is_plain = all(isinstance(part, Text) for part in parts)
        #: A template without anything to fill in, as MOCK integrations have them.
        self._plain = "".join(part.text for part in parts if isinstance(part, Text)) if is_plain else None

    def render(self, variables: Mapping[str, Any]) -> str:
        """Raises RenderError when it goes beyond the bounds."""
        if self._plain is not None:
            return self._plain
        scope = Scope(variables)
        try:
            self._block.render(scope)
        except (Stop, Break):
            pass
        except RecursionError:
            raise RenderError("values are too deep inside one another") from None
        return "".join(scope.pieces)


__all__ = ["RenderError", "Template", "TemplateError"]
