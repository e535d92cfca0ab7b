"""TagRole: https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.iam.entities import merged_tags, role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import IamShape, RoleName, Tag
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class TagRoleInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName
    tags: Annotated[list[Tag], msgspec.Meta(max_length=50)]


@IAM.action("TagRole")
async def tag_role(app: IdentityApp, call: Call, input_: TagRoleInput) -> None:
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        tags = merged_tags(role.tags, input_.tags)
        await app.identities.roles.put(msgspec.structs.replace(role, tags=tags))
