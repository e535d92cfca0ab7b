"""UntagRole: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagRole.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.iam.entities import role_of, without_tags
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import IamShape, RoleName, TagKey
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class UntagRoleInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName
    tag_keys: Annotated[list[TagKey], msgspec.Meta(max_length=50)]


@IAM.action("UntagRole")
async def untag_role(app: IdentityApp, call: Call, input_: UntagRoleInput) -> None:
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        tags = without_tags(role.tags, input_.tag_keys)
        await app.identities.roles.put(msgspec.structs.replace(role, tags=tags))
