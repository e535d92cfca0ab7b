from __future__ import annotations

from pathlib import Path

import runtime
from runtime.api.s3.actions import S3
from runtime.api.s3.table import NOTES, render

DOCS = Path(runtime.__file__).parents[1] / "docs"


def test_the_page_is_what_the_registry_says() -> None:
    assert (DOCS / "s3.md").read_text() == render()


def test_notes_are_about_actions_that_are_there() -> None:
    assert set(NOTES) <= set(S3.actions)
