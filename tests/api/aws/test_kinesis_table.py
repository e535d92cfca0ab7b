"""docs/kinesis.md is what the registry says."""

from __future__ import annotations

from pathlib import Path

from aws_harness import model

from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.kinesis.table import NOTES, render

ROOT = Path(__file__).resolve().parents[3]
#: Of the newest models: channels, queues, and a strategy that needs neither of the two modes' rules.
NOT_OFFERED = ("Channel", "Queue", "RecordDistributionStrategy")


def test_the_file_is_up_to_date() -> None:
    """If this fails: python -m streamcore.api.aws.kinesis.table docs/kinesis.md"""
    assert (ROOT / "docs" / "kinesis.md").read_text() == render()


def test_notes_are_about_actions() -> None:
    assert set(NOTES) <= set(KINESIS.actions)


def test_every_action_about_streams_is_there() -> None:
    wanted = {name for name in model()["operations"] if not any(word in name for word in NOT_OFFERED)}
    assert set(KINESIS.actions) == wanted
    assert len(wanted) == 39
