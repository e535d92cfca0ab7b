"""DetachRolePolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachRolePolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import detach, role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DetachRolePolicyInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName
    policy_arn: Arn


@IAM.action("DetachRolePolicy")
async def detach_role_policy(app: IdentityApp, call: Call, input_: DetachRolePolicyInput) -> None:
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        await app.identities.roles.put(detach(role, input_.policy_arn))
