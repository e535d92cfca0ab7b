"""GetRole: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import role_of, role_shape
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import IamShape, RoleName, RoleShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class GetRoleInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName


class GetRoleOutput(IamShape, frozen=True, kw_only=True):
    role: RoleShape


@IAM.action("GetRole")
async def get_role(app: IdentityApp, call: Call, input_: GetRoleInput) -> GetRoleOutput:
    return GetRoleOutput(role=role_shape(role_of(app, call, input_.role_name)))
