"""AssumeRoleWithWebIdentity: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html"""

from __future__ import annotations

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.shapes import IamShape
from streamcore.api.aws.service import Call
from streamcore.api.aws.sts.registry import STS
from streamcore.identity.app import IdentityApp


class AssumeRoleWithWebIdentityInput(IamShape, frozen=True, kw_only=True):
    role_arn: str
    role_session_name: str
    web_identity_token: str
    provider_id: str | None = None
    policy: str | None = None
    policy_arns: list[dict[str, str]] | None = None
    minimum_session_token_size: int | None = None
    duration_seconds: int | None = None


@STS.action("AssumeRoleWithWebIdentity")
async def assume_role_with_web_identity(app: IdentityApp, call: Call, input_: AssumeRoleWithWebIdentityInput) -> None:
    """Refused: there are no identity providers."""
    raise AwsError(
        "InvalidIdentityToken", 400, "No OpenIDConnect provider found in your account: none is offered here."
    )
