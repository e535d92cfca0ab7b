"""UpdateRoleDescription: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRoleDescription.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.iam.entities import role_of, role_shape
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Description, IamShape, RoleName, RoleShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class UpdateRoleDescriptionInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName
    description: Description


class UpdateRoleDescriptionOutput(IamShape, frozen=True, kw_only=True):
    role: RoleShape


@IAM.action("UpdateRoleDescription")
async def update_role_description(
    app: IdentityApp, call: Call, input_: UpdateRoleDescriptionInput
) -> UpdateRoleDescriptionOutput:
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        after = await app.identities.roles.put(msgspec.structs.replace(role, description=input_.description))
    return UpdateRoleDescriptionOutput(role=role_shape(after))
