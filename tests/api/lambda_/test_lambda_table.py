"""docs/lambda.md is what the registry says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgspec.structs import fields

from runtime.api.lambda_ import LAMBDA
from runtime.api.lambda_.table import MEMBERS, NOTES, render

ROOT = Path(__file__).resolve().parents[3]


def test_the_file_is_up_to_date() -> None:
    """If this fails: python -m runtime.api.lambda_.table docs/lambda.md"""
    assert (ROOT / "docs" / "lambda.md").read_text() == render()


def test_notes_are_about_actions() -> None:
    assert set(NOTES) <= set(LAMBDA.actions)


def test_members_that_are_refused_are_in_the_table() -> None:
    names = {name for row in MEMBERS for name in row.replace(",", "").split()}
    actions = [LAMBDA.actions[name] for name in ("CreateFunction", "UpdateFunctionConfiguration")]
    refused = {field.encode_name for action in actions for field in fields(action.input) if field.type is Any}
    assert refused
    assert refused <= names
