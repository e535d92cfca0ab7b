"""PutUserPermissionsBoundary: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPermissionsBoundary.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.iam.entities import check_boundary, user_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, ExistingUserName, IamShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class PutUserPermissionsBoundaryInput(IamShape, frozen=True, kw_only=True):
    user_name: ExistingUserName
    permissions_boundary: Arn


@IAM.action("PutUserPermissionsBoundary")
async def put_user_permissions_boundary(app: IdentityApp, call: Call, input_: PutUserPermissionsBoundaryInput) -> None:
    async with app.identities.changing:
        user = user_of(app, call, input_.user_name)
        boundary = check_boundary(app, call, input_.permissions_boundary)
        await app.identities.users.put(msgspec.structs.replace(user, boundary=boundary))
