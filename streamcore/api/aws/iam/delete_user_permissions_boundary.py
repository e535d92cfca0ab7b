"""DeleteUserPermissionsBoundary: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPermissionsBoundary.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.entities import user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, IamShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DeleteUserPermissionsBoundaryInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName


@IAM.action("DeleteUserPermissionsBoundary")
async def delete_user_permissions_boundary(
    app: IdentityApp, call: Call, input_: DeleteUserPermissionsBoundaryInput
) -> None:
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name)
        if not user.boundary:
            raise AwsError("NoSuchEntity", 404, f"User {user.name} does not have a permissions boundary.")
        await app.identities.users.put(msgspec.structs.replace(user, boundary=""))
