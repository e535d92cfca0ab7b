"""CreateSnapshot: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshot.html"""

from __future__ import annotations

from runtime.api.ec2.describe_snapshots import told
from runtime.api.ec2.describe_volumes import volume_of
from runtime.api.ec2.shapes import (
    EC2,
    Description,
    Ec2Input,
    SnapshotOutput,
    TagSpecification,
    check_dry_run,
    tags_of,
)
from runtime.snapshots.service import SnapshotError, Snapshots
from streamcore.api.aws.service import Call


class CreateSnapshotInput(Ec2Input, frozen=True, kw_only=True):
    volume_id: str
    description: Description | None = None
    tag_specifications: list[TagSpecification] | None = None
    outpost_arn: str | None = None
    location: str | None = None


@EC2.action("CreateSnapshot")
async def create_snapshot(snapshots: Snapshots, call: Call, input_: CreateSnapshotInput) -> SnapshotOutput:
    """A consistent copy of all that the broker has on disk. It answers when the moment is taken; the copy is then
    `pending` until it is on the disk."""
    volume_of(snapshots, call, input_.volume_id)
    if input_.outpost_arn or input_.location not in (None, "regional"):
        raise SnapshotError("InvalidParameterCombination", "There are no outposts and no local zones here.")
    tags = tags_of(input_.tag_specifications, "snapshot")
    check_dry_run(input_)
    return told(await snapshots.create(input_.description or "", tags))
