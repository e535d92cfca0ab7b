"""docs/apigateway.md is what the registry says."""

from __future__ import annotations

from pathlib import Path

from runtime.api.apigateway import APIGATEWAY, table
from runtime.api.apigatewayv2 import APIGATEWAYV2
from runtime.api.apigatewayv2 import table as v2

PAGE = Path(__file__).resolve().parents[2] / "docs" / "apigateway.md"


def test_the_page_is_up_to_date() -> None:
    """If this fails: python -m runtime.api.apigateway.table docs/apigateway.md"""
    assert PAGE.read_text() == table.render()
    assert set(table.NOTES) <= set(APIGATEWAY.actions)
    assert set(v2.NOTES) <= set(APIGATEWAYV2.actions)
