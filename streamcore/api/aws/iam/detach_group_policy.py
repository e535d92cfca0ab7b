"""DetachGroupPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachGroupPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import detach, group_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, GroupName, IamShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DetachGroupPolicyInput(IamShape, frozen=True, kw_only=True):
    group_name: GroupName
    policy_arn: Arn


@IAM.action("DetachGroupPolicy")
async def detach_group_policy(app: IdentityApp, call: Call, input_: DetachGroupPolicyInput) -> None:
    async with app.identities.changing:
        group = group_of(app, call, input_.group_name)
        await app.identities.groups.put(detach(group, input_.policy_arn))
