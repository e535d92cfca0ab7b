"""CreateGroup: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import check_room, group_shape
from streamcore.api.aws.iam.errors import exists
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import GroupName, GroupShape, IamShape, Path
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp
from streamcore.identity.secrets import new_id
from streamcore.identity.values import Group


class CreateGroupInput(IamShape, frozen=True, kw_only=True):
    path: Path | None = None
    group_name: GroupName


class CreateGroupOutput(IamShape, frozen=True, kw_only=True):
    group: GroupShape


@IAM.action("CreateGroup")
async def create_group(app: IdentityApp, call: Call, input_: CreateGroupInput) -> CreateGroupOutput:
    groups = app.identities.groups
    async with app.identities.changing:
        if groups.get(call.scope.account, input_.group_name) is not None:
            raise exists("group", input_.group_name)
        check_room(groups, "group", call)
        group = Group(
            account=call.scope.account,
            name=input_.group_name,
            path=input_.path or "/",
            id=new_id("AGPA"),
            created_ms=app.now_ms(),
        )
        return CreateGroupOutput(group=group_shape(await groups.put(group)))
