"""AddUserToGroup: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddUserToGroup.html"""

from __future__ import annotations

from typing import Final

import msgspec

from streamcore.api.aws.iam.entities import group_of, user_of
from streamcore.api.aws.iam.errors import limit
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, GroupName, IamShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp

#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
GROUPS_MAX: Final = 10


class AddUserToGroupInput(IamShape, frozen=True, kw_only=True):
    group_name: GroupName
    user_name: ExistingUserName


@IAM.action("AddUserToGroup")
async def add_user_to_group(app: IdentityApp, call: Call, input_: AddUserToGroupInput) -> None:
    async with app.identities.changing:
        group, user = group_of(app, call, input_.group_name), user_of(app, call, input_.user_name)
        if group.name in user.groups:
            return
        if len(user.groups) >= GROUPS_MAX:
            raise limit("GroupsPerUser", GROUPS_MAX)
        await app.identities.users.put(msgspec.structs.replace(user, groups=(*user.groups, group.name)))
