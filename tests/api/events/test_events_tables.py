"""docs/events.md and docs/scheduler.md are what the registries say."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest

from runtime.api.events import EVENTS
from runtime.api.events import table as events_table
from runtime.api.scheduler import SCHEDULER
from runtime.api.scheduler import table as scheduler_table

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = [("events.md", EVENTS.actions, events_table), ("scheduler.md", SCHEDULER.actions, scheduler_table)]


@pytest.mark.parametrize(("name", "actions", "table"), PAGES)
def test_a_page_is_up_to_date(name: str, actions: Iterable[str], table: ModuleType) -> None:
    """If this fails: python -m runtime.api.events.table docs/events.md, and the same for scheduler."""
    assert (DOCS / name).read_text() == table.render()
    assert set(table.NOTES) <= set(actions)
