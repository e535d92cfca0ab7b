"""PutUserPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import put_inline, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Document, ExistingUserName, IamShape, PolicyName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class PutUserPolicyInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName
    policy_name: PolicyName
    policy_document: Document


@IAM.action("PutUserPolicy")
async def put_user_policy(app: IdentityApp, call: Call, input_: PutUserPolicyInput) -> None:
    """An inline policy, in the place of the one of its name."""
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name)
        await app.identities.users.put(put_inline(user, input_.policy_name, input_.policy_document))
