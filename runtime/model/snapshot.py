"""Snapshots of a broker in EC2's words: what they are called, what is known of them, which of them a filter means.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

import msgspec

GIB: Final = 1024**3
#: EC2's bounds.
DESCRIPTION_MAX_CHARS: Final = 255
TAGS_MAX: Final = 50
#: How many may be under way at a time; as EC2 for one volume.
PENDING_MAX: Final = 5


class SnapshotState(StrEnum):
    PENDING = "pending"
    COMPLETED = "completed"
    ERROR = "error"


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a snapshot; its manifest is this as JSON. Times are milliseconds of Unix time."""

    id: str
    volume_id: str
    account: str
    region: str
    started_ms: int
    description: str = ""
    state: SnapshotState = SnapshotState.PENDING
    message: str = ""
    completed_ms: int | None = None
    #: Of the volume's file and everything beside it when the snapshot began.
    volume_bytes: int = 0
    #: Of the snapshot's own files.
    size_bytes: int = 0
    tags: dict[str, str] = {}
    file_count: int = 0

    @property
    def progress(self) -> str:
        return "100%" if self.state is SnapshotState.COMPLETED else "0%"


class Volume(msgspec.Struct, frozen=True, kw_only=True):
    """The broker's volume as EC2 would tell it, and the instance that it is attached to: the broker."""

    id: str
    instance_id: str
    created_ms: int
    tags: dict[str, str] = {}
    instance_tags: dict[str, str] = {}


def size_gib(size_bytes: int) -> int:
    """Whole GiB, at least one."""
    return max(1, -(-size_bytes // GIB))


def iso(ms: int) -> str:
    """`2026-01-31T12:00:00.123Z`."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tag_attributes(tags: Mapping[str, str]) -> dict[str, list[str]]:
    """What filters say of tags: `tag:Name`, `tag-key`, `tag-value`."""
    named = {f"tag:{key}": [value] for key, value in tags.items()}
    return {**named, "tag-key": list(tags), "tag-value": list(tags.values())}


def fits(attributes: Mapping[str, Sequence[str]], filters: Iterable[tuple[str, Sequence[str]]]) -> bool:
    """Whether a thing fits all filters: one of its values equals one of the filter's, in which `*` and `?` stand for
    any characters and any one (`\\*` and `\\?` for themselves)."""
    return all(
        any(_matches(value, pattern) for value in attributes.get(name, ()) for pattern in patterns)
        for name, patterns in filters
    )


def _matches(value: str, pattern: str) -> bool:
    translated = pattern.replace("[", "[[]").replace("\\*", "[*]").replace("\\?", "[?]")
    return fnmatchcase(value, translated)
