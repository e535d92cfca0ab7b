"""DeleteRole: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import role_of
from streamcore.api.aws.iam.errors import conflict
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import IamShape, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DeleteRoleInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName


@IAM.action("DeleteRole")
async def delete_role(app: IdentityApp, call: Call, input_: DeleteRoleInput) -> None:
    """Only a role without policies; its sessions may nothing from then on."""
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        if role.attached:
            raise conflict("Cannot delete entity, must detach all policies first.")
        if role.inline:
            raise conflict("Cannot delete entity, must delete policies first.")
        await app.identities.roles.remove(role)
