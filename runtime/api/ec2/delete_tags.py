"""DeleteTags: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteTags.html"""

from __future__ import annotations

from runtime.api.ec2.create_tags import ResourceIds, check_resources
from runtime.api.ec2.shapes import EC2, Ec2Input, TagInput, check_dry_run
from runtime.snapshots.service import Snapshots
from streamcore.api.aws.service import Call


class DeleteTagsInput(Ec2Input, frozen=True, kw_only=True):
    resources: ResourceIds
    tags: list[TagInput] | None = None


@EC2.action("DeleteTags")
async def delete_tags(snapshots: Snapshots, call: Call, input_: DeleteTagsInput) -> None:
    """Those named; with a value only where it is this one. Without tags, all."""
    check_resources(snapshots, call, input_.resources)
    check_dry_run(input_)
    gone = None if input_.tags is None else {each.key: each.value for each in input_.tags}

    def left(tags: dict[str, str]) -> dict[str, str]:
        if gone is None:
            return {}
        return {key: value for key, value in tags.items() if key not in gone or gone[key] not in (None, value)}

    for each in input_.resources:
        await snapshots.tag(each, left)
