"""TagUser: https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.iam.entities import merged_tags, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import ExistingUserName, IamShape, Tag
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class TagUserInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName
    tags: Annotated[list[Tag], msgspec.Meta(max_length=50)]


@IAM.action("TagUser")
async def tag_user(app: IdentityApp, call: Call, input_: TagUserInput) -> None:
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name)
        tags = merged_tags(user.tags, input_.tags)
        await app.identities.users.put(msgspec.structs.replace(user, tags=tags))
