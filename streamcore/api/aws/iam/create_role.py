"""CreateRole: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.iam.entities import (
    TRUST_MAX_CHARS,
    check_boundary,
    check_document,
    check_room,
    merged_tags,
    role_shape,
)
from streamcore.api.aws.iam.errors import exists
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, Description, Document, IamShape, Path, RoleName, RoleShape, Tag
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import number
from streamcore.identity.app import IdentityApp
from streamcore.identity.secrets import new_id
from streamcore.identity.values import Role
from streamcore.model.iam.document import PolicyKind


class CreateRoleInput(IamShape, frozen=True, kw_only=True):
    path: Path | None = None
    role_name: RoleName
    assume_role_policy_document: Document
    description: Description | None = None
    max_session_duration: Annotated[int, number(3600, 43_200)] | None = None
    permissions_boundary: Arn | None = None
    tags: Annotated[list[Tag], msgspec.Meta(max_length=50)] | None = None


class CreateRoleOutput(IamShape, frozen=True, kw_only=True):
    role: RoleShape


@IAM.action("CreateRole")
async def create_role(app: IdentityApp, call: Call, input_: CreateRoleInput) -> CreateRoleOutput:
    roles = app.identities.roles
    async with app.identities.changing:
        if roles.get(call.scope.account, input_.role_name) is not None:
            raise exists("role", input_.role_name)
        check_room(roles, "role", call)
        check_document(input_.assume_role_policy_document, PolicyKind.TRUST, TRUST_MAX_CHARS, input_.role_name)
        role = Role(
            account=call.scope.account,
            name=input_.role_name,
            path=input_.path or "/",
            id=new_id("AROA"),
            created_ms=app.now_ms(),
            trust=input_.assume_role_policy_document,
            description=input_.description or "",
            max_session_s=input_.max_session_duration or 3600,
            tags=merged_tags({}, input_.tags),
            boundary=check_boundary(app, call, input_.permissions_boundary),
        )
        return CreateRoleOutput(role=role_shape(await roles.put(role)))
