"""UntagUser: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagUser.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.iam.entities import user_of, without_tags
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, IamShape, TagKey
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class UntagUserInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName
    tag_keys: Annotated[list[TagKey], msgspec.Meta(max_length=50)]


@IAM.action("UntagUser")
async def untag_user(app: IdentityApp, call: Call, input_: UntagUserInput) -> None:
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name)
        tags = without_tags(user.tags, input_.tag_keys)
        await app.identities.users.put(msgspec.structs.replace(user, tags=tags))
