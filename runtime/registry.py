"""`@function` for handlers in one's own program. It marks the handler; nothing is kept in a global place."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import FunctionType
from typing import Any, Final, TypeVar, overload

from runtime.errors import InvalidFunctionError
from runtime.model.function import FunctionSpec

Handler = Callable[..., Any]
H = TypeVar("H", bound=Handler)

_ATTRIBUTE: Final = "__streamcore_function__"


@overload
def function(handler: H, /) -> H: ...


@overload
def function(
    *,
    name: str | None = None,
    timeout_s: float = 3.0,
    memory_mb: int = 128,
    environment: dict[str, str] | None = None,
    preload: tuple[str, ...] = (),
) -> Callable[[H], H]: ...


def function(
    handler: H | None = None,
    /,
    *,
    name: str | None = None,
    timeout_s: float = 3.0,
    memory_mb: int = 128,
    environment: dict[str, str] | None = None,
    preload: tuple[str, ...] = (),
) -> H | Callable[[H], H]:
    """Makes `handler(event, context)`, sync or async, a function: `@function` or `@function(timeout_s=10)`.

    It runs in worker processes, which import its module anew; code at module level must be safe to run there (guard a
    script's own work by `if __name__ == "__main__"`). `name` defaults to the handler's; `timeout_s` is up to 900,
    `memory_mb` 128-10240; `preload` are modules that workers share from the start.
    Raises InvalidFunctionError.
    """

    def mark(handler: H) -> H:
        if not isinstance(handler, FunctionType) or "<locals>" in handler.__qualname__:
            raise InvalidFunctionError("handler", handler, "must be a function at the top of a module")
        module, folder = _home_of(handler)
        spec = FunctionSpec(
            name=name or handler.__name__,
            handler=f"{module}:{handler.__qualname__}",
            paths=(folder,),
            timeout_ms=round(timeout_s * 1000),
            memory_mb=memory_mb,
            environment=environment or {},
            preload=preload,
            code_sha256=_digest(handler),
        )
        setattr(handler, _ATTRIBUTE, spec)
        return handler

    return mark if handler is None else mark(handler)


def spec_of(handler: Handler) -> FunctionSpec:
    """What `@function` noted. Raises InvalidFunctionError for a handler that is not marked."""
    spec = getattr(handler, _ATTRIBUTE, None)
    if not isinstance(spec, FunctionSpec):
        raise InvalidFunctionError("handler", handler, "must be marked with @function")
    return spec


def _home_of(handler: FunctionType) -> tuple[str, str]:
    """The module under which a worker can import the handler, and the folder it is imported from.

    A script's `__main__` has a name of its own there: that of its file, or the one given to `python -m`.
    """
    module = handler.__module__
    file = Path(handler.__code__.co_filename).resolve()
    if module == "__main__":
        main_spec = getattr(sys.modules["__main__"], "__spec__", None)
        module = main_spec.name if main_spec is not None else file.stem
    depth = module.count(".") + (file.name == "__init__.py")
    return module, str(file.parents[depth])


def _digest(handler: FunctionType) -> str:
    """Of the handler's file, so that warm workers of an older version of it are not used again."""
    file = Path(handler.__code__.co_filename)
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""
