"""UpdateRole: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.iam.entities import role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Description, IamShape, RoleName
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import number
from streamcore.identity.app import IdentityApp


class UpdateRoleInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName
    description: Description | None = None
    max_session_duration: Annotated[int, number(3600, 43_200)] | None = None


class UpdateRoleOutput(IamShape, frozen=True, kw_only=True):
    pass


@IAM.action("UpdateRole")
async def update_role(app: IdentityApp, call: Call, input_: UpdateRoleInput) -> UpdateRoleOutput:
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        description = role.description if input_.description is None else input_.description
        seconds = input_.max_session_duration or role.max_session_s
        after = msgspec.structs.replace(role, description=description, max_session_s=seconds)
        await app.identities.roles.put(after)
    return UpdateRoleOutput()
