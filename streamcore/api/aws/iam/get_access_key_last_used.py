"""GetAccessKeyLastUsed: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccessKeyLastUsed.html"""

from __future__ import annotations

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import IamShape, KeyId
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp
from streamcore.identity.app import IdentityApp


class GetAccessKeyLastUsedInput(IamShape, frozen=True, kw_only=True):
    access_key_id: KeyId


class LastUsed(IamShape, frozen=True, kw_only=True):
    last_used_date: Timestamp | None = None
    service_name: str
    region: str


class GetAccessKeyLastUsedOutput(IamShape, frozen=True, kw_only=True):
    user_name: str | None = None
    access_key_last_used: LastUsed


@IAM.action("GetAccessKeyLastUsed")
async def get_access_key_last_used(
    app: IdentityApp, call: Call, input_: GetAccessKeyLastUsedInput
) -> GetAccessKeyLastUsedOutput:
    """Since the broker was started: the last use is not kept."""
    owner = app.identities.owner_of(input_.access_key_id)
    if owner is None or owner.account != call.scope.account:
        raise AwsError("AccessDenied", 403, f"The Access Key with id {input_.access_key_id} cannot be found.")
    used = app.identities.last_used.get(input_.access_key_id)
    shape = LastUsed(service_name="N/A", region="N/A")
    if used is not None:
        shape = LastUsed(last_used_date=Timestamp(used[0]), service_name=used[1], region=used[2])
    return GetAccessKeyLastUsedOutput(user_name=owner.user, access_key_last_used=shape)
