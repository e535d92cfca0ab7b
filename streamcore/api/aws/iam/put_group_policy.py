"""PutGroupPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutGroupPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import group_of, put_inline
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Document, GroupName, IamShape, PolicyName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class PutGroupPolicyInput(IamShape, frozen=True, kw_only=True):
    group_name: GroupName
    policy_name: PolicyName
    policy_document: Document


@IAM.action("PutGroupPolicy")
async def put_group_policy(app: IdentityApp, call: Call, input_: PutGroupPolicyInput) -> None:
    """An inline policy, in the place of the one of its name."""
    async with app.identities.changing:
        group = group_of(app, call, input_.group_name)
        await app.identities.groups.put(put_inline(group, input_.policy_name, input_.policy_document))
