"""DescribeVolumes: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html"""

from __future__ import annotations

from runtime.api.ec2.shapes import (
    EC2,
    Ec2Input,
    Ec2Output,
    Filter,
    MaxResults,
    Tag,
    check_dry_run,
    filters_of,
    is_here,
    page,
    tag_set,
    zone,
)
from runtime.model.snapshot import Volume, fits, iso, size_gib, tag_attributes
from runtime.snapshots.service import SnapshotError, Snapshots
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp

DEVICE = "/dev/sda1"
_FILTERS = (
    "attachment.attach-time", "attachment.delete-on-termination", "attachment.device", "attachment.instance-id",
    "attachment.status", "availability-zone", "create-time", "encrypted", "multi-attach-enabled", "size", "snapshot-id",
    "status", "tag-key", "tag-value", "volume-id", "volume-type",
)  # fmt: skip


class DescribeVolumesInput(Ec2Input, frozen=True, kw_only=True):
    volume_ids: list[str] | None = None
    filters: list[Filter] | None = None
    max_results: MaxResults | None = None
    next_token: str | None = None


class Attachment(Ec2Output, frozen=True, kw_only=True):
    volume_id: str
    instance_id: str
    device: str
    status: str
    attach_time: Timestamp
    delete_on_termination: bool


class VolumeOutput(Ec2Output, frozen=True, kw_only=True):
    volume_id: str
    size: int
    snapshot_id: str
    availability_zone: str
    status: str
    create_time: Timestamp
    attachment_set: list[Attachment]
    tag_set: list[Tag] | None = None
    volume_type: str
    encrypted: bool
    multi_attach_enabled: bool


class DescribeVolumesOutput(Ec2Output, frozen=True, kw_only=True):
    volume_set: list[VolumeOutput]
    next_token: str | None = None


@EC2.action("DescribeVolumes")
async def describe_volumes(snapshots: Snapshots, call: Call, input_: DescribeVolumesInput) -> DescribeVolumesOutput:
    """The broker's volume, in the account and region of the settings; nothing elsewhere."""
    filters = filters_of(input_.filters, _FILTERS)
    for each in input_.volume_ids or ():
        volume_of(snapshots, call, each)
    check_dry_run(input_)
    size = size_gib(call.broker.usage().file_bytes)
    volume = snapshots.volume
    fitting = is_here(snapshots, call) and fits(_attributes(volume, zone(snapshots), size), filters)
    shown, token = page(
        [_told(volume, zone(snapshots), size)] if fitting else [], input_.max_results, input_.next_token
    )
    return DescribeVolumesOutput(volume_set=shown, next_token=token)


def volume_of(snapshots: Snapshots, call: Call, volume_id: str) -> Volume:
    """Raises SnapshotError: InvalidVolume.NotFound."""
    if not is_here(snapshots, call) or volume_id != snapshots.volume.id:
        raise SnapshotError("InvalidVolume.NotFound", f"The volume '{volume_id[:128]}' does not exist.")
    return snapshots.volume


def _told(volume: Volume, at: str, size: int) -> VolumeOutput:
    created = Timestamp(volume.created_ms)
    attachment = Attachment(
        volume_id=volume.id,
        instance_id=volume.instance_id,
        device=DEVICE,
        status="attached",
        attach_time=created,
        delete_on_termination=False,
    )
    return VolumeOutput(
        volume_id=volume.id,
        size=size,
        snapshot_id="",
        availability_zone=at,
        status="in-use",
        create_time=created,
        attachment_set=[attachment],
        tag_set=tag_set(volume.tags),
        volume_type="gp3",
        encrypted=False,
        multi_attach_enabled=False,
    )


def _attributes(volume: Volume, at: str, size: int) -> dict[str, list[str]]:
    created = [iso(volume.created_ms)]
    return {
        "attachment.attach-time": created,
        "attachment.delete-on-termination": ["false"],
        "attachment.device": [DEVICE],
        "attachment.instance-id": [volume.instance_id],
        "attachment.status": ["attached"],
        "availability-zone": [at],
        "create-time": created,
        "encrypted": ["false"],
        "multi-attach-enabled": ["false"],
        "size": [str(size)],
        "status": ["in-use"],
        "volume-id": [volume.id],
        "volume-type": ["gp3"],
        **tag_attributes(volume.tags),
    }
