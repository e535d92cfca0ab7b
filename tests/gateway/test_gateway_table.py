"""docs/apigateway.md is what the registry says."""

from __future__ import annotations

from pathlib import Path

from runtime.api.apigateway import APIGATEWAY, table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "apigateway.md"


def test_the_page_is_up_to_date() -> None:
    """If this fails: python -m runtime.api.apigateway.table docs/apigateway.md"""
    assert PAGE.read_text() == table.render()
    assert set(table.NOTES) <= set(APIGATEWAY.actions)
