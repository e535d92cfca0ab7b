"""CreateUser: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.iam.entities import check_boundary, check_room, merged_tags, user_shape
from streamcore.api.aws.iam.errors import exists
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape, Path, Tag, UserName, UserShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp
from streamcore.identity.secrets import new_id
from streamcore.identity.values import User


class CreateUserInput(IamShape, frozen=True, kw_only=True):
    path: Path | None = None
    user_name: UserName
    permissions_boundary: Arn | None = None
    tags: Annotated[list[Tag], msgspec.Meta(max_length=50)] | None = None


class CreateUserOutput(IamShape, frozen=True, kw_only=True):
    user: UserShape


@IAM.action("CreateUser")
async def create_user(app: IdentityApp, call: Call, input_: CreateUserInput) -> CreateUserOutput:
    users = app.identities.users
    async with app.identities.changing:
        if users.get(call.scope.account, input_.user_name) is not None:
            raise exists("user", input_.user_name)
        check_room(users, "user", call)
        user = User(
            account=call.scope.account,
            name=input_.user_name,
            path=input_.path or "/",
            id=new_id("AIDA"),
            created_ms=app.now_ms(),
            tags=merged_tags({}, input_.tags),
            boundary=check_boundary(app, call, input_.permissions_boundary),
        )
        return CreateUserOutput(user=user_shape(await users.put(user)))
