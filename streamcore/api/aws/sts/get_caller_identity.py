"""GetCallerIdentity: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""

from __future__ import annotations

from streamcore.api.aws.iam.shapes import IamShape
from streamcore.api.aws.service import Call
from streamcore.api.aws.sts.registry import STS
from streamcore.identity.app import IdentityApp
from streamcore.identity.callers import root_of
from streamcore.model.iam.principals import Kind


class GetCallerIdentityInput(IamShape, frozen=True, kw_only=True):
    pass


class GetCallerIdentityOutput(IamShape, frozen=True, kw_only=True):
    user_id: str
    account: str
    arn: str


@STS.action("GetCallerIdentity")
async def get_caller_identity(app: IdentityApp, call: Call, input_: GetCallerIdentityInput) -> GetCallerIdentityOutput:
    """Who asks; without authentication the root of the account that the key stands for."""
    principal = root_of(call.scope.account)
    if call.grant is not None and call.grant.caller.principal.kind is not Kind.ANONYMOUS:
        principal = call.grant.caller.principal
    return GetCallerIdentityOutput(user_id=principal.id, account=principal.account, arn=principal.arn)
