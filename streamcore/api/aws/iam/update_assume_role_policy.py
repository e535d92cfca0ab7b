"""UpdateAssumeRolePolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.iam.entities import TRUST_MAX_CHARS, check_document, role_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Document, IamShape, RoleName
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp
from streamcore.model.iam.document import PolicyKind


class UpdateAssumeRolePolicyInput(IamShape, frozen=True, kw_only=True):
    role_name: RoleName
    policy_document: Document


@IAM.action("UpdateAssumeRolePolicy")
async def update_assume_role_policy(app: IdentityApp, call: Call, input_: UpdateAssumeRolePolicyInput) -> None:
    """Who may take the role; sessions that are under way go on."""
    async with app.identities.changing:
        role = role_of(app, call, input_.role_name)
        check_document(input_.policy_document, PolicyKind.TRUST, TRUST_MAX_CHARS, role.name)
        await app.identities.roles.put(msgspec.structs.replace(role, trust=input_.policy_document))
