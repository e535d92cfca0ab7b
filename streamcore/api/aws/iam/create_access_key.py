"""CreateAccessKey: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html"""

from __future__ import annotations

from typing import Final

import msgspec

from streamcore.api.aws.iam.entities import caller_name, user_of
from streamcore.api.aws.iam.errors import limit
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, IamShape, Status
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp
from streamcore.identity.app import IdentityApp

#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
KEYS_MAX: Final = 2


class CreateAccessKeyInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName | None = None


class AccessKeyShape(IamShape, frozen=True, kw_only=True):
    user_name: str
    access_key_id: str
    status: Status
    secret_access_key: str
    create_date: Timestamp


class CreateAccessKeyOutput(IamShape, frozen=True, kw_only=True):
    access_key: AccessKeyShape


@IAM.action("CreateAccessKey")
async def create_access_key(app: IdentityApp, call: Call, input_: CreateAccessKeyInput) -> CreateAccessKeyOutput:
    """The only time that the secret is told."""
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name or caller_name(call))
        if len(user.keys) >= KEYS_MAX:
            raise limit("AccessKeysPerUser", KEYS_MAX)
        key, secret = app.identities.make_key()
        await app.identities.users.put(msgspec.structs.replace(user, keys=(*user.keys, key)))
    shape = AccessKeyShape(
        user_name=user.name,
        access_key_id=key.id,
        status=Status.ACTIVE,
        secret_access_key=secret,
        create_date=Timestamp(key.created_ms),
    )
    return CreateAccessKeyOutput(access_key=shape)
