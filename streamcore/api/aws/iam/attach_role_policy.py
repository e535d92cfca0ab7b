"""AttachRolePolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachRolePolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import attach, check_attachable, role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class AttachRolePolicyInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName
    policy_arn: Arn


@IAM.action("AttachRolePolicy")
async def attach_role_policy(app: IdentityApp, call: Call, input_: AttachRolePolicyInput) -> None:
    """Attaching what is attached changes nothing."""
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        check_attachable(app, call, input_.policy_arn)
        await app.identities.roles.put(attach(role, input_.policy_arn))
