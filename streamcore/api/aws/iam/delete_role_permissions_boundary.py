"""DeleteRolePermissionsBoundary: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePermissionsBoundary.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.entities import role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import IamShape, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DeleteRolePermissionsBoundaryInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName


@IAM.action("DeleteRolePermissionsBoundary")
async def delete_role_permissions_boundary(
    app: IdentityApp, call: Call, input_: DeleteRolePermissionsBoundaryInput
) -> None:
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        if not role.boundary:
            raise AwsError("NoSuchEntity", 404, f"Role {role.name} does not have a permissions boundary.")
        await app.identities.roles.put(msgspec.structs.replace(role, boundary=""))
