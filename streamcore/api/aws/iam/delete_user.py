"""DeleteUser: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import user_of
from streamcore.api.aws.iam.errors import conflict
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, IamShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DeleteUserInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName


@IAM.action("DeleteUser")
async def delete_user(app: IdentityApp, call: Call, input_: DeleteUserInput) -> None:
    """Only a user who has nothing left."""
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name)
        for held, what in (
            (user.keys, "delete access keys first."),
            (user.inline, "delete policies first."),
            (user.attached, "detach all policies first."),
            (user.groups, "remove users from group first."),
        ):
            if held:
                raise conflict(f"Cannot delete entity, must {what}")
        await app.identities.users.remove(user)
