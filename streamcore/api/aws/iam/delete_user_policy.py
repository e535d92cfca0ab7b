"""DeleteUserPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUserPolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import delete_inline, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, IamShape, PolicyName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DeleteUserPolicyInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName
    policy_name: PolicyName


@IAM.action("DeleteUserPolicy")
async def delete_user_policy(app: IdentityApp, call: Call, input_: DeleteUserPolicyInput) -> None:
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name)
        await app.identities.users.put(delete_inline(user, input_.policy_name))
