"""DetachUserPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DetachUserPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import detach, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, ExistingUserName, IamShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DetachUserPolicyInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName
    policy_arn: Arn


@IAM.action("DetachUserPolicy")
async def detach_user_policy(app: IdentityApp, call: Call, input_: DetachUserPolicyInput) -> None:
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name)
        await app.identities.users.put(detach(user, input_.policy_arn))
