"""The table of a service's actions, for its page in docs/."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

DONE: Final = "as AWS"
STORED: Final = "stored, not acted on"

_HEAD: Final = """## Actions

`as AWS`: does what AWS documents, within what the last column says. `stored, not acted on`: kept, told, survives a
restart, and has no meaning here. Other actions of the service answer `UnknownOperationException`.

| Action | Status | What differs from AWS, and why |
|---|---|---|
"""


def table(actions: Iterable[str], notes: Mapping[str, tuple[str, str]]) -> str:
    """A row per action; one without a note does as AWS does, as far as is known."""
    rows = ((name, *notes.get(name, (DONE, ""))) for name in sorted(actions))
    return _HEAD + "".join(f"| {name} | {status} | {difference} |\n" for name, status, difference in rows)
