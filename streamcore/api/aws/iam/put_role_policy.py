"""PutRolePolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import put_inline, role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Document, IamShape, PolicyName, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class PutRolePolicyInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName
    policy_name: PolicyName
    policy_document: Document


@IAM.action("PutRolePolicy")
async def put_role_policy(app: IdentityApp, call: Call, input_: PutRolePolicyInput) -> None:
    """An inline policy, in the place of the one of its name."""
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        await app.identities.roles.put(put_inline(role, input_.policy_name, input_.policy_document))
