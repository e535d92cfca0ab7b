"""DescribeInstances: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html"""

from __future__ import annotations

from runtime.api.ec2.describe_volumes import DEVICE
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
from runtime.model.snapshot import Volume, fits, tag_attributes
from runtime.snapshots.service import SnapshotError, Snapshots
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp

_FILTERS = (
    "availability-zone", "block-device-mapping.device-name", "block-device-mapping.volume-id", "instance-id",
    "instance-state-code", "instance-state-name", "owner-id", "root-device-name", "root-device-type", "tag-key",
    "tag-value",
)  # fmt: skip


class DescribeInstancesInput(Ec2Input, frozen=True, kw_only=True):
    instance_ids: list[str] | None = None
    filters: list[Filter] | None = None
    max_results: MaxResults | None = None
    next_token: str | None = None


class InstanceState(Ec2Output, frozen=True, kw_only=True):
    code: int
    name: str


class Placement(Ec2Output, frozen=True, kw_only=True):
    availability_zone: str


class Ebs(Ec2Output, frozen=True, kw_only=True):
    volume_id: str
    status: str
    attach_time: Timestamp
    delete_on_termination: bool


class BlockDevice(Ec2Output, frozen=True, kw_only=True):
    device_name: str
    ebs: Ebs


class Instance(Ec2Output, frozen=True, kw_only=True):
    instance_id: str
    instance_state: InstanceState
    launch_time: Timestamp
    placement: Placement
    root_device_type: str
    root_device_name: str
    block_device_mapping: list[BlockDevice]
    tag_set: list[Tag] | None = None


class Reservation(Ec2Output, frozen=True, kw_only=True):
    reservation_id: str
    owner_id: str
    instances_set: list[Instance]


class DescribeInstancesOutput(Ec2Output, frozen=True, kw_only=True):
    reservation_set: list[Reservation]
    next_token: str | None = None


@EC2.action("DescribeInstances")
async def describe_instances(
    snapshots: Snapshots, call: Call, input_: DescribeInstancesInput
) -> DescribeInstancesOutput:
    """One: the broker, which the volume is attached to. Functions that look for the volumes of tagged instances find it
    when it has the tag (CreateTags)."""
    filters = filters_of(input_.filters, _FILTERS)
    volume, at = snapshots.volume, zone(snapshots)
    here = is_here(snapshots, call)
    for each in input_.instance_ids or ():
        if not here or each != volume.instance_id:
            raise SnapshotError("InvalidInstanceID.NotFound", f"The instance ID '{each[:128]}' does not exist")
    check_dry_run(input_)
    attributes = {
        "availability-zone": [at],
        "block-device-mapping.device-name": [DEVICE],
        "block-device-mapping.volume-id": [volume.id],
        "instance-id": [volume.instance_id],
        "instance-state-code": ["16"],
        "instance-state-name": ["running"],
        "owner-id": [snapshots.scope.account],
        "root-device-name": [DEVICE],
        "root-device-type": ["ebs"],
        **tag_attributes(volume.instance_tags),
    }
    found = [_told(volume, at, snapshots.scope.account)] if here and fits(attributes, filters) else []
    shown, token = page(found, input_.max_results, input_.next_token)
    return DescribeInstancesOutput(reservation_set=shown, next_token=token)


def _told(volume: Volume, at: str, owner: str) -> Reservation:
    since = Timestamp(volume.created_ms)
    ebs = Ebs(volume_id=volume.id, status="attached", attach_time=since, delete_on_termination=False)
    instance = Instance(
        instance_id=volume.instance_id,
        instance_state=InstanceState(code=16, name="running"),
        launch_time=since,
        placement=Placement(availability_zone=at),
        root_device_type="ebs",
        root_device_name=DEVICE,
        block_device_mapping=[BlockDevice(device_name=DEVICE, ebs=ebs)],
        tag_set=tag_set(volume.instance_tags),
    )
    return Reservation(
        reservation_id=volume.instance_id.replace("i-", "r-", 1), owner_id=owner, instances_set=[instance]
    )
