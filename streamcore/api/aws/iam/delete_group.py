"""DeleteGroup: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import group_of
from streamcore.api.aws.iam.errors import conflict
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import GroupName, IamShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DeleteGroupInput(IamShape, frozen=True, kw_only=True):
    group_name: GroupName


@IAM.action("DeleteGroup")
async def delete_group(app: IdentityApp, call: Call, input_: DeleteGroupInput) -> None:
    """Only a group without users and policies."""
    async with app.identities.changing:
        group = group_of(app, call, input_.group_name)
        for held, what in (
            ([user for user in app.identities.users.of(group.account) if group.name in user.groups],
             "remove users from group first."),
            (group.inline, "delete policies first."),
            (group.attached, "detach all policies first."),
        ):  # fmt: skip
            if held:
                raise conflict(f"Cannot delete entity, must {what}")
        await app.identities.groups.remove(group)
