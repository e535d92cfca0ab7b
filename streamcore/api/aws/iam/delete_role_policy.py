"""DeleteRolePolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRolePolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import delete_inline, role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import IamShape, PolicyName, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DeleteRolePolicyInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName
    policy_name: PolicyName


@IAM.action("DeleteRolePolicy")
async def delete_role_policy(app: IdentityApp, call: Call, input_: DeleteRolePolicyInput) -> None:
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        await app.identities.roles.put(delete_inline(role, input_.policy_name))
