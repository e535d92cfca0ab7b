"""UpdateUser: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateUser.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.iam.entities import user_of
from streamcore.api.aws.iam.errors import exists
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, IamShape, Path, UserName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class UpdateUserInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName
    new_path: Path | None = None
    new_user_name: UserName | None = None


@IAM.action("UpdateUser")
async def update_user(app: IdentityApp, call: Call, input_: UpdateUserInput) -> None:
    """Another name or path; keys, groups and policies stay."""
    users = app.identities.users
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name)
        name = input_.new_user_name or user.name
        taken = users.get(user.account, name)
        if taken is not None and taken.id != user.id:
            raise exists("user", name)
        after = msgspec.structs.replace(user, name=name, path=input_.new_path or user.path)
        await users.rename(user, after)
