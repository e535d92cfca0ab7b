"""AttachGroupPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachGroupPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import attach, check_attachable, group_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, GroupName, IamShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class AttachGroupPolicyInput(IamShape, frozen=True, kw_only=True):
    group_name: GroupName
    policy_arn: Arn


@IAM.action("AttachGroupPolicy")
async def attach_group_policy(app: IdentityApp, call: Call, input_: AttachGroupPolicyInput) -> None:
    """Attaching what is attached changes nothing."""
    async with app.identities.changing:
        group = group_of(app, call, input_.group_name)
        check_attachable(app, call, input_.policy_arn)
        await app.identities.groups.put(attach(group, input_.policy_arn))
