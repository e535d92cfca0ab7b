"""docs/logs.md and docs/cloudwatch.md are what the registries say."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from runtime.api.cloudwatch import CLOUDWATCH
from runtime.api.cloudwatch import table as cloudwatch_table
from runtime.api.logs import LOGS
from runtime.api.logs import table as logs_table
from runtime.api.registry import Registry

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = [("logs.md", LOGS, logs_table), ("cloudwatch.md", CLOUDWATCH, cloudwatch_table)]


@pytest.mark.parametrize(("name", "registry", "table"), PAGES)
def test_a_page_is_up_to_date(name: str, registry: Registry[object], table: ModuleType) -> None:
    """If this fails: python -m runtime.api.logs.table docs/logs.md, and the same for cloudwatch."""
    assert (DOCS / name).read_text() == table.render()
    assert set(table.NOTES) <= set(registry.actions)
