"""docs/sources.md, written from the registry of sources: `python -m runtime.api.source_table docs/sources.md`. A test
asserts that the file is what this would write."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from runtime.sources.registry import Source, sources

_HEAD: Final = """# Sources of events

<!-- Written by `python -m runtime.api.source_table docs/sources.md`; do not edit. -->

What invokes functions by itself, and with which events. An event has the members that AWS's has, so that handlers and
libraries read it unmodified.

- `synchronous`: the function's result is waited for, and means something to the source.
- `asynchronous`: the event goes into the function's queue, with its retries and destinations
  ([functions.md](functions.md)).
- `in batches`: an event source mapping brings records and waits ([event-source-mappings.md](event-source-mappings.md)).

`streamcore events list --sources` shows this table, `streamcore events show --source NAME` an event as it is built
here, `streamcore events show TEMPLATE` AWS's sample of it.

| Source | Names itself | Invokes | Template | What it tells |
|---|---|---|---|---|
"""

_TAIL: Final = """
Other events are a client's own: `Invoke` hands on any JSON.

## Adding a source

1. What decides and builds is a pure function: it takes what happened, ids and times, and returns the event as bytes. It
   lives in `runtime/model/`, or beside step 2 when nothing else needs it.
2. `runtime/sources/NAME.py` (or a folder of that name) declares it:

   ```python
   SOURCE: Final = Source(
       event_source="aws:kinesis",  # None when the event does not say
       about="Records of a stream, by an event source mapping.",
       invocation=Invocation.BATCHES,
       template="kinesis",  # in runtime/templates; None when AWS has no sample
       example=_example,  # calls what builds all events, with fixed ids and times
   )
   ```

   It is found by being there; modules whose names begin with `_` are parts of others. Nothing of it is imported when a
   broker starts, unless something that runs needs it.
3. `streamcore events show --source NAME > tests/sources/golden/NAME.json`, and look at it: from then on it is pinned.
4. `pytest tests/sources` now asks of it what it asks of all: that an example is always the same JSON, that it has the
   members of AWS's sample and no others (`ACCEPTED` in tests/sources/source_contract.py is for differences, each with
   its reason), that it names its source, that a function gets it as it is. `pytest -m conformance tests/conformance`
   has Powertools read it; name its data class in tests/conformance/powertools_reader.py.
5. `python -m runtime.api.source_table docs/sources.md` writes this page anew.
"""


def rows() -> list[tuple[str, str, str, str, str]]:
    """Name, how events name it, how it invokes, template, what it tells; `-` for what there is not."""
    return [(name, *_row(source)) for name, source in sources().items()]


def render() -> str:
    """The whole file."""
    lines = (
        f"| {name} | {named if named == '-' else f'`{named}`'} | {invokes} | {template} | {about} |\n"
        for name, named, invokes, template, about in rows()
    )
    return f"{_HEAD}{''.join(lines)}{_TAIL}"


def _row(source: Source) -> tuple[str, str, str, str]:
    return source.event_source or "-", source.invocation.value, source.template or "-", source.about


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(render())
