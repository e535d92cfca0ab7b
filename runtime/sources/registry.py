"""Which sources of events there are: each is one module of this package (or a folder), and is found by being there.

A module says what it is in its `SOURCE`. Those whose names begin with `_` are parts of others. Nothing is imported
before it is asked for.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from enum import StrEnum
from importlib import import_module
from typing import Final

import msgspec

_PACKAGE: Final = __name__.rpartition(".")[0]
_OWN_NAME: Final = __name__.rpartition(".")[2]


class Invocation(StrEnum):
    """How a source invokes functions: it waits for the result, it leaves the event in the function's queue, or a
    mapping brings it records, waits, and tries again."""

    SYNCHRONOUS = "synchronous"
    ASYNCHRONOUS = "asynchronous"
    BATCHES = "in batches"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What events of one kind are.

    `event_source` is how the event itself names where it is from (`eventSource`, `EventSource`, or the `source` of
    EventBridge's), None when it does not, or when the sender may say anything. `about` says in one line what it tells.
    `template` is AWS's sample of it in runtime/templates, None when AWS has none. `example` builds an event with what
    builds all of them, from fixed times and ids: always the same JSON.
    """

    event_source: str | None
    about: str
    invocation: Invocation
    template: str | None
    example: Callable[[], bytes]


def sources() -> dict[str, Source]:
    """All sources by the names of their modules, in alphabetical order. Raises TypeError for a module that declares
    none."""
    package = import_module(_PACKAGE)
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return {name: _declared(name) for name in names if name != _OWN_NAME and not name.startswith("_")}


def _declared(name: str) -> Source:
    found = getattr(import_module(f"{_PACKAGE}.{name}"), "SOURCE", None)
    if not isinstance(found, Source):
        raise TypeError(f"{_PACKAGE}.{name} has no SOURCE that says what source of events it is")
    return found
