"""GetUser: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetUser.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import caller_name, user_of, user_shape
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, IamShape, UserShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class GetUserInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName | None = None


class GetUserOutput(IamShape, frozen=True, kw_only=True):
    user: UserShape


@IAM.action("GetUser")
async def get_user(app: IdentityApp, call: Call, input_: GetUserInput) -> GetUserOutput:
    """Without a name the user who asks."""
    return GetUserOutput(user=user_shape(user_of(app, call, input_.user_name or caller_name(call))))
