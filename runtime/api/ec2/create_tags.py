"""CreateTags: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateTags.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.ec2.shapes import EC2, Ec2Input, TagInput, check_dry_run, is_here, tags_in
from runtime.snapshots.service import SnapshotError, Snapshots
from streamcore.api.aws.service import Call

ResourceIds = Annotated[list[str], msgspec.Meta(min_length=1, max_length=1000)]


class CreateTagsInput(Ec2Input, frozen=True, kw_only=True):
    resources: ResourceIds
    tags: list[TagInput]


@EC2.action("CreateTags")
async def create_tags(snapshots: Snapshots, call: Call, input_: CreateTagsInput) -> None:
    """Of snapshots, of the volume, of the instance."""
    check_resources(snapshots, call, input_.resources)
    check_dry_run(input_)
    new = tags_in(input_.tags)
    for each in input_.resources:
        await snapshots.tag(each, lambda tags: tags | new)


def check_resources(snapshots: Snapshots, call: Call, resources: list[str]) -> None:
    """Raises SnapshotError when one of them is not there, before anything is changed."""
    for each in resources:
        if not is_here(snapshots, call):
            raise SnapshotError("InvalidID", f"The ID '{each[:128]}' is not valid")
        if each not in (snapshots.volume.id, snapshots.volume.instance_id):
            snapshots.get(each)
