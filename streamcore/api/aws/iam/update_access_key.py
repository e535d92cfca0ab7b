"""UpdateAccessKey: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.entities import caller_name, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, IamShape, KeyId, Status
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class UpdateAccessKeyInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName | None = None
    access_key_id: KeyId
    status: Status


@IAM.action("UpdateAccessKey")
async def update_access_key(app: IdentityApp, call: Call, input_: UpdateAccessKeyInput) -> None:
    """An inactive key is as good as none until it is active again."""
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name or caller_name(call))
        if input_.access_key_id not in {key.id for key in user.keys}:
            raise AwsError("NoSuchEntity", 404, f"The Access Key with id {input_.access_key_id} cannot be found.")
        is_active = input_.status is Status.ACTIVE
        keys = [
            msgspec.structs.replace(key, is_active=is_active) if key.id == input_.access_key_id else key
            for key in user.keys
        ]
        await app.identities.users.put(msgspec.structs.replace(user, keys=tuple(keys)))
