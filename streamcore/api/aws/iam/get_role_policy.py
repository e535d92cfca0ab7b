"""GetRolePolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import inline_of, quoted, role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import IamShape, PolicyName, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class GetRolePolicyInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName
    policy_name: PolicyName


class GetRolePolicyOutput(IamShape, frozen=True, kw_only=True):
    role_name: str
    policy_name: str
    policy_document: str


@IAM.action("GetRolePolicy")
async def get_role_policy(app: IdentityApp, call: Call, input_: GetRolePolicyInput) -> GetRolePolicyOutput:
    role = role_of(app, call, input_.role_name)
    document = quoted(inline_of(role, input_.policy_name))
    return GetRolePolicyOutput(role_name=role.name, policy_name=input_.policy_name, policy_document=document)
