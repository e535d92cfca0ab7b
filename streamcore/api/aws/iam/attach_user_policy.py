"""AttachUserPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_AttachUserPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import attach, check_attachable, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, ExistingUserName, IamShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class AttachUserPolicyInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName
    policy_arn: Arn


@IAM.action("AttachUserPolicy")
async def attach_user_policy(app: IdentityApp, call: Call, input_: AttachUserPolicyInput) -> None:
    """Attaching what is attached changes nothing."""
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name)
        check_attachable(app, call, input_.policy_arn)
        await app.identities.users.put(attach(user, input_.policy_arn))
