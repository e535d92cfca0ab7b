"""RemoveUserFromGroup: https://docs.aws.amazon.com/IAM/latest/APIReference/API_RemoveUserFromGroup.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.iam.entities import group_of, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, GroupName, IamShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class RemoveUserFromGroupInput(IamShape, frozen=True, kw_only=True):
    group_name: GroupName
    user_name: ExistingUserName


@IAM.action("RemoveUserFromGroup")
async def remove_user_from_group(app: IdentityApp, call: Call, input_: RemoveUserFromGroupInput) -> None:
    async with app.identities.changing:
        group, user = group_of(app, call, input_.group_name), user_of(app, call, input_.user_name)
        left = tuple(name for name in user.groups if name != group.name)
        await app.identities.users.put(msgspec.structs.replace(user, groups=left))
