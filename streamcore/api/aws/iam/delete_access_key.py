"""DeleteAccessKey: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteAccessKey.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.entities import caller_name, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, IamShape, KeyId
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DeleteAccessKeyInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName | None = None
    access_key_id: KeyId


@IAM.action("DeleteAccessKey")
async def delete_access_key(app: IdentityApp, call: Call, input_: DeleteAccessKeyInput) -> None:
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name or caller_name(call))
        keys = tuple(key for key in user.keys if key.id != input_.access_key_id)
        if len(keys) == len(user.keys):
            raise AwsError("NoSuchEntity", 404, f"The Access Key with id {input_.access_key_id} cannot be found.")
        await app.identities.users.put(msgspec.structs.replace(user, keys=keys))
        app.identities.last_used.pop(input_.access_key_id, None)
