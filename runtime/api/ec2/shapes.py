"""EC2, as far as its volumes and snapshots go: the registry, its spelling, and the types that several actions share.

The broker's data is one volume, attached to one instance: the broker. Both are in the account and region of the
settings, and in no other. Inputs are spelled in Pascal case, outputs in camel case with `…Set` lists, as in EC2's query
protocol.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Final

from runtime.api.registry import Registry
from runtime.model.snapshot import DESCRIPTION_MAX_CHARS, Snapshot, tag_attributes
from runtime.snapshots.service import SnapshotError, Snapshots
from streamcore.api.aws.query_form import Spelling
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, Timestamp, number, text

EC2: Final = Registry[Snapshots]("ec2", validation_code="InvalidParameterValue")
VERSION: Final = "2016-11-15"
NAMESPACE: Final = "http://ec2.amazonaws.com/doc/2016-11-15/"
SPELLING: Final = Spelling(
    is_flattened=True,
    is_ec2=True,
    names={
        "Filters": "Filter",
        "InstanceIds": "InstanceId",
        "OwnerIds": "Owner",
        "RegionNames": "RegionName",
        "Resources": "ResourceId",
        "SnapshotIds": "SnapshotId",
        "TagSpecifications": "TagSpecification",
        "Tags": "Tag",
        "Values": "Value",
        "VolumeIds": "VolumeId",
    },
)

Description = Annotated[str, text(0, DESCRIPTION_MAX_CHARS)]
MaxResults = Annotated[int, number(5, 1000)]


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _camel(name: str) -> str:
    pascal = _pascal(name)
    return pascal[:1].lower() + pascal[1:]


class Ec2Input(Shape, frozen=True, kw_only=True, rename=_pascal):
    """Base of inputs. With `DryRun` EC2 only says whether it would do it."""

    dry_run: bool | None = None


class Ec2Member(Shape, frozen=True, kw_only=True, rename=_pascal):
    """Base of structures in inputs."""


class Ec2Output(Shape, frozen=True, kw_only=True, rename=_camel):
    """Base of outputs and of structures in them."""


class Filter(Ec2Member, frozen=True, kw_only=True):
    name: str
    values: list[str] | None = None


class TagInput(Ec2Member, frozen=True, kw_only=True):
    key: str
    value: str | None = None


class TagSpecification(Ec2Member, frozen=True, kw_only=True):
    resource_type: str | None = None
    tags: list[TagInput] | None = None


class Tag(Ec2Output, frozen=True, kw_only=True):
    key: str
    value: str


def check_dry_run(input_: Ec2Input) -> None:
    """Raises SnapshotError: DryRunOperation, when that is all that was asked."""
    if input_.dry_run:
        raise SnapshotError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.")


def filters_of(given: Sequence[Filter] | None, known: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Raises SnapshotError: InvalidParameterValue for a filter that EC2 has no such name for, or that is not here."""
    names = frozenset(known)
    for each in given or ():
        if each.name not in names and not each.name.startswith("tag:"):
            raise SnapshotError("InvalidParameterValue", f"The filter '{each.name[:128]}' is invalid")
    return [(each.name, each.values or []) for each in given or ()]


def tags_of(specifications: Sequence[TagSpecification] | None, kind: str) -> dict[str, str]:
    """The tags for a new resource. Raises SnapshotError."""
    tags: dict[str, str] = {}
    for each in specifications or ():
        if each.resource_type != kind:
            text_ = f"'{(each.resource_type or '')[:64]}' is not a valid taggable resource type for this operation."
            raise SnapshotError("InvalidParameterValue", text_)
        tags |= tags_in(each.tags)
    return tags


def tags_in(given: Sequence[TagInput] | None) -> dict[str, str]:
    return {each.key: each.value or "" for each in given or ()}


def tag_set(tags: Mapping[str, str]) -> list[Tag] | None:
    return [Tag(key=key, value=value) for key, value in tags.items()] or None


def page(found: list[Any], max_results: int | None, token: str | None) -> tuple[list[Any], str | None]:
    """A page and the token of the next. Raises SnapshotError: InvalidNextToken."""
    try:
        start = int(token or "0")
    except ValueError:
        start = -1
    if not 0 <= start <= len(found):
        raise SnapshotError("InvalidNextToken", "The token is not one that was given.")
    end = len(found) if max_results is None else start + max_results
    return found[start:end], str(end) if end < len(found) else None


def is_here(snapshots: Snapshots, call: Call) -> bool:
    """Whether the caller's account and region have the volume."""
    return call.scope == snapshots.scope


def zone(snapshots: Snapshots) -> str:
    """The availability zone that the volume is in."""
    return f"{snapshots.scope.region}a"


class SnapshotOutput(Ec2Output, frozen=True, kw_only=True):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html"""

    snapshot_id: str
    volume_id: str
    status: str
    status_message: str | None = None
    start_time: Timestamp
    completion_time: Timestamp | None = None
    progress: str
    owner_id: str
    volume_size: int
    full_snapshot_size_in_bytes: int | None = None
    description: str = ""
    encrypted: bool = False
    storage_tier: str = "standard"
    tag_set: list[Tag] | None = None


def snapshot_attributes(of: Snapshot, size_gib: int) -> dict[str, list[str]]:
    """What filters of DescribeSnapshots say of a snapshot."""
    return {
        "description": [of.description],
        "encrypted": ["false"],
        "owner-id": [of.account],
        "progress": [of.progress],
        "snapshot-id": [of.id],
        "status": [of.state],
        "storage-tier": ["standard"],
        "volume-id": [of.volume_id],
        "volume-size": [str(size_gib)],
        **tag_attributes(of.tags),
    }
