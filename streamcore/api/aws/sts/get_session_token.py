"""GetSessionToken: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html"""

from __future__ import annotations

from typing import Annotated, Final

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.shapes import IamShape
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import number, text
from streamcore.api.aws.sts.registry import STS
from streamcore.api.aws.sts.shapes import CredentialsShape, credentials_shape
from streamcore.identity.app import IdentityApp
from streamcore.identity.sessions import Session
from streamcore.model.iam.principals import Kind

DEFAULT_S: Final = 43_200
#: Root's are short.
ROOT_MAX_S: Final = 3600


class GetSessionTokenInput(IamShape, frozen=True, kw_only=True):
    duration_seconds: Annotated[int, number(900, 129_600)] | None = None
    serial_number: Annotated[str, text(9, 256, r"[\w+=/:,.@-]*")] | None = None
    token_code: Annotated[str, text(6, 6, r"[\d]*")] | None = None
    minimum_session_token_size: int | None = None


class GetSessionTokenOutput(IamShape, frozen=True, kw_only=True):
    credentials: CredentialsShape


@STS.action("GetSessionToken")
async def get_session_token(app: IdentityApp, call: Call, input_: GetSessionTokenInput) -> GetSessionTokenOutput:
    """Temporary credentials of the caller, a user or root; they may what he may."""
    if input_.serial_number is not None or input_.token_code is not None:
        raise AwsError("AccessDenied", 403, "MultiFactorAuthentication failed: there are no MFA devices here.")
    if input_.minimum_session_token_size is not None:
        raise AwsError("ValidationError", 400, "MinimumSessionTokenSize is not offered here.")
    seconds, name, user_id = input_.duration_seconds or DEFAULT_S, "", ""
    if call.grant is not None and call.grant.caller.principal.kind is not Kind.ANONYMOUS:
        caller = call.grant.caller
        if caller.session is not None or caller.token is not None:
            raise AwsError("AccessDenied", 403, "Cannot call GetSessionToken with session credentials")
        if caller.principal.kind is Kind.USER:
            name, user_id = caller.principal.name, caller.principal.id
    if not name:
        seconds = min(seconds, ROOT_MAX_S)
    now_ms = app.now_ms()
    session = Session(
        account=call.scope.account,
        access_key="",
        expires_ms=now_ms + seconds * 1000,
        name=name,
        role_id=user_id,
        issued_ms=now_ms,
    )
    return GetSessionTokenOutput(credentials=credentials_shape(app.sessions.issue(session)))
