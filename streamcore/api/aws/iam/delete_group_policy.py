"""DeleteGroupPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroupPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import delete_inline, group_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import GroupName, IamShape, PolicyName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DeleteGroupPolicyInput(IamShape, frozen=True, kw_only=True):
    group_name: GroupName
    policy_name: PolicyName


@IAM.action("DeleteGroupPolicy")
async def delete_group_policy(app: IdentityApp, call: Call, input_: DeleteGroupPolicyInput) -> None:
    async with app.identities.changing:
        group = group_of(app, call, input_.group_name)
        await app.identities.groups.put(delete_inline(group, input_.policy_name))
