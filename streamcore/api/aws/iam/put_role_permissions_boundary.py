"""PutRolePermissionsBoundary: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.iam.entities import check_boundary, role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class PutRolePermissionsBoundaryInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName
    permissions_boundary: Arn


@IAM.action("PutRolePermissionsBoundary")
async def put_role_permissions_boundary(app: IdentityApp, call: Call, input_: PutRolePermissionsBoundaryInput) -> None:
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        boundary = check_boundary(app, call, input_.permissions_boundary)
        await app.identities.roles.put(msgspec.structs.replace(role, boundary=boundary))
