"""DescribeSnapshots: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html"""

from __future__ import annotations

from runtime.api.ec2.shapes import (
    EC2,
    Ec2Input,
    Ec2Output,
    Filter,
    MaxResults,
    SnapshotOutput,
    check_dry_run,
    filters_of,
    is_here,
    page,
    snapshot_attributes,
    tag_set,
)
from runtime.model.snapshot import Snapshot, fits, size_gib
from runtime.snapshots.service import SnapshotError, Snapshots
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp

_FILTERS = (
    "description", "encrypted", "owner-id", "progress", "snapshot-id", "status", "storage-tier", "tag-key", "tag-value",
    "volume-id", "volume-size",
)  # fmt: skip


class DescribeSnapshotsInput(Ec2Input, frozen=True, kw_only=True):
    snapshot_ids: list[str] | None = None
    owner_ids: list[str] | None = None
    filters: list[Filter] | None = None
    max_results: MaxResults | None = None
    next_token: str | None = None


class DescribeSnapshotsOutput(Ec2Output, frozen=True, kw_only=True):
    snapshot_set: list[SnapshotOutput]
    next_token: str | None = None


@EC2.action("DescribeSnapshots")
async def describe_snapshots(
    snapshots: Snapshots, call: Call, input_: DescribeSnapshotsInput
) -> DescribeSnapshotsOutput:
    """Those of the caller: nobody else's can be seen. Oldest first."""
    filters = filters_of(input_.filters, _FILTERS)
    owners = {call.scope.account if owner == "self" else owner for owner in input_.owner_ids or ["self"]}
    here = is_here(snapshots, call)
    asked = set(input_.snapshot_ids or ())
    for each in asked:
        if not here:
            raise SnapshotError("InvalidSnapshot.NotFound", f"The snapshot '{each[:128]}' does not exist.")
        snapshots.get(each)
    check_dry_run(input_)
    found = [
        each
        for each in (snapshots.all() if here else [])
        if (not asked or each.id in asked)
        and each.account in owners
        and fits(snapshot_attributes(each, size_gib(each.volume_bytes)), filters)
    ]
    shown, token = page(found, input_.max_results, input_.next_token)
    return DescribeSnapshotsOutput(snapshot_set=[told(each) for each in shown], next_token=token)


def told(of: Snapshot) -> SnapshotOutput:
    """A snapshot in EC2's words."""
    return SnapshotOutput(
        snapshot_id=of.id,
        volume_id=of.volume_id,
        status=of.state,
        status_message=of.message or None,
        start_time=Timestamp(of.started_ms),
        completion_time=None if of.completed_ms is None else Timestamp(of.completed_ms),
        progress=of.progress,
        owner_id=of.account,
        volume_size=size_gib(of.volume_bytes),
        full_snapshot_size_in_bytes=of.size_bytes or None,
        description=of.description,
        tag_set=tag_set(of.tags),
    )
