"""AssumeRole: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.shapes import Arn, IamShape, Tag
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import number, text
from streamcore.api.aws.sts.registry import STS
from streamcore.api.aws.sts.shapes import CredentialsShape, credentials_shape
from streamcore.identity.app import IdentityApp
from streamcore.identity.sessions import Session
from streamcore.identity.values import Role
from streamcore.model.iam.document import PolicyError, PolicyKind, read_policy

DEFAULT_S: Final = 3600
#: A role that takes a role (role chaining) has it for an hour at most.
CHAINED_MAX_S: Final = 3600
_NOT_OFFERED: Final = (
    "minimum_session_token_size",
    "provided_contexts",
    "serial_number",
    "token_code",
    "transitive_tag_keys",
)
_SESSION_NAME: Final = r"[\w+=,.@-]*"


class PolicyDescriptor(IamShape, frozen=True, kw_only=True):
    arn: Arn | None = msgspec.field(name="arn", default=None)


class AssumeRoleInput(IamShape, frozen=True, kw_only=True):
    role_arn: Arn
    role_session_name: Annotated[str, text(2, 64, _SESSION_NAME)]
    policy_arns: Annotated[list[PolicyDescriptor], msgspec.Meta(max_length=10)] | None = None
    policy: Annotated[str, text(1, 2048, r"[\t\n\r\x20-\xff]+")] | None = None
    duration_seconds: Annotated[int, number(900, 43_200)] | None = None
    tags: Annotated[list[Tag], msgspec.Meta(max_length=50)] | None = None
    transitive_tag_keys: list[str] | None = None
    external_id: Annotated[str, text(2, 1224, r"[\w+=,.@:\/-]*")] | None = None
    serial_number: Annotated[str, text(9, 256, r"[\w+=/:,.@-]*")] | None = None
    token_code: Annotated[str, text(6, 6, r"[\d]*")] | None = None
    source_identity: Annotated[str, text(2, 64, _SESSION_NAME)] | None = None
    provided_contexts: list[dict[str, str]] | None = None
    minimum_session_token_size: int | None = None


class AssumedRoleUser(IamShape, frozen=True, kw_only=True):
    assumed_role_id: str
    arn: str


class AssumeRoleOutput(IamShape, frozen=True, kw_only=True):
    credentials: CredentialsShape
    assumed_role_user: AssumedRoleUser
    packed_policy_size: int | None = None
    source_identity: str | None = None


@STS.action("AssumeRole")
async def assume_role(app: IdentityApp, call: Call, input_: AssumeRoleInput) -> AssumeRoleOutput:
    """Temporary credentials of a role, bounded by the policies that are given. Whether the caller may was asked of the
    role's trust policy at the door."""
    refused = next((name for name in _NOT_OFFERED if getattr(input_, name)), None)
    if refused is not None or input_.source_identity is not None:
        named = "".join(word.capitalize() for word in (refused or "source_identity").split("_"))
        raise AwsError("ValidationError", 400, f"{named} is not offered here.")
    role = app.identities.role(input_.role_arn)
    if role is None:
        raise AwsError("AccessDenied", 403, _refusal(call, input_.role_arn))
    now_ms, seconds = app.now_ms(), _seconds(call, input_, role)
    session = Session(
        account=role.account,
        access_key="",
        expires_ms=now_ms + seconds * 1000,
        role=role.arn,
        name=input_.role_session_name,
        role_id=role.id,
        policies=_policies(app, input_),
        tags=dict(role.tags) | {tag.key: tag.value for tag in input_.tags or ()},
        issued_ms=now_ms,
    )
    user = AssumedRoleUser(
        assumed_role_id=f"{role.id}:{session.name}",
        arn=f"arn:aws:sts::{role.account}:assumed-role/{role.name}/{session.name}",
    )
    return AssumeRoleOutput(credentials=credentials_shape(app.sessions.issue(session)), assumed_role_user=user)


def _refusal(call: Call, arn: str) -> str:
    """A role that is not there is refused in the words in which one that must not be taken is."""
    who: Any = f"arn:aws:iam::{call.scope.account}:root"
    if call.grant is not None:
        who = call.grant.caller.principal.display
    return f"User: {who} is not authorized to perform: sts:AssumeRole on resource: {arn}"


def _seconds(call: Call, input_: AssumeRoleInput, role: Role) -> int:
    is_chained = call.grant is not None and call.grant.caller.session is not None
    seconds = input_.duration_seconds or DEFAULT_S
    if is_chained and seconds > CHAINED_MAX_S:
        raise AwsError(
            "ValidationError",
            400,
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
        )
    if seconds > role.max_session_s:
        raise AwsError(
            "ValidationError", 400, "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    return seconds


def _policies(app: IdentityApp, input_: AssumeRoleInput) -> tuple[str, ...]:
    """The session's own policies. Raises AwsError."""
    found = [] if input_.policy is None else [input_.policy]
    for descriptor in input_.policy_arns or ():
        text_ = app.identities.document_of(descriptor.arn or "")
        if text_ is None:
            raise AwsError("NoSuchEntity", 404, f"Policy {descriptor.arn} does not exist or is not attachable.")
        found.append(text_)
    try:
        for each in found:
            read_policy(each, PolicyKind.IDENTITY, "session")
    except PolicyError as error:
        raise AwsError("MalformedPolicyDocument", 400, str(error)) from None
    return tuple(found)
