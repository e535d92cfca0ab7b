"""A cache for what comes from outside: it may be long, and different each time, so only short texts are kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

LONGEST_CHARS = 1024


def cached_if_short(maxsize: int) -> Callable[[F], F]:
    """`lru_cache` for functions whose first argument is a text; calls with a long one are not remembered."""

    def decorate(function: F) -> F:
        kept = lru_cache(maxsize)(function)

        @wraps(function)
        def call(text: str, *arguments: Any, **named: Any) -> Any:
            if len(text) > LONGEST_CHARS:
                return function(text, *arguments, **named)
            return kept(text, *arguments, **named)

        return cast("F", call)

    return decorate
