"""GetAccessKeyInfo: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html"""

from __future__ import annotations

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.shapes import IamShape, KeyId
from streamcore.api.aws.service import Call
from streamcore.api.aws.sts.registry import STS
from streamcore.identity.app import IdentityApp


class GetAccessKeyInfoInput(IamShape, frozen=True, kw_only=True):
    access_key_id: KeyId


class GetAccessKeyInfoOutput(IamShape, frozen=True, kw_only=True):
    account: str


@STS.action("GetAccessKeyInfo")
async def get_access_key_info(app: IdentityApp, call: Call, input_: GetAccessKeyInfoInput) -> GetAccessKeyInfoOutput:
    """The account that a long-lived key belongs to. Temporary keys say nothing without their token."""
    owner = app.identities.owner_of(input_.access_key_id)
    root = app.identities.roots.find(input_.access_key_id, app.now_ms())
    if owner is None and root is None:
        raise AwsError("ValidationError", 400, f"Access key {input_.access_key_id} is not known.")
    return GetAccessKeyInfoOutput(account=root.account if root is not None else owner.account if owner else "")
