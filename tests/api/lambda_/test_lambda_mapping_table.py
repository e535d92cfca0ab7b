"""docs/event-source-mappings.md is what the code says."""

from __future__ import annotations

from pathlib import Path

from click import Group
from msgspec.structs import fields

from runtime.api.lambda_.create_event_source_mapping import CreateEventSourceMappingInput
from runtime.api.lambda_.mapping_table import OPTIONS, refused, render
from runtime.api.mappings import DryRunBody, ReplayBody, SkipBody
from streamcore.mapping_cli import mapping

ROOT = Path(__file__).resolve().parents[3]


def test_the_file_is_up_to_date() -> None:
    """If this fails: python -m runtime.api.lambda_.mapping_table docs/event-source-mappings.md"""
    assert (ROOT / "docs" / "event-source-mappings.md").read_text() == render()


def test_every_member_is_described_or_refused() -> None:
    members = {field.encode_name for field in fields(CreateEventSourceMappingInput)}
    assert set(OPTIONS) | set(refused()) == members
    assert set(OPTIONS) & set(refused()) == set()
    assert len(refused()) == 9


def test_every_command_and_body_is_described() -> None:
    assert isinstance(mapping, Group)
    for name in mapping.commands:
        assert f"| `{name}" in render()
    for body in (SkipBody, DryRunBody, ReplayBody):
        assert all(field.name in render() for field in fields(body))
