"""Functions on top of streamcore: `@function` marks a handler, `Functions` runs and feeds it.

Names are looked up when they are asked for: worker processes live in this package too and must stay light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.app import Functions
    from runtime.registry import function

__all__ = ["Functions", "function"]


def __getattr__(name: str) -> Any:
    if name == "Functions":
        from runtime.app import Functions

        return Functions
    if name == "function":
        from runtime.registry import function

        return function
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
