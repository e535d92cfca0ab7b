"""CreatePolicyVersion: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicyVersion.html"""

from __future__ import annotations

from typing import Final

import msgspec

from streamcore.api.aws.iam.entities import MANAGED_MAX_CHARS, check_document, policy_of
from streamcore.api.aws.iam.errors import limit
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, Document, IamShape, PolicyVersionShape
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp
from streamcore.identity.app import IdentityApp
from streamcore.identity.values import PolicyVersion
from streamcore.model.iam.document import PolicyKind

#: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
VERSIONS_MAX: Final = 5


class CreatePolicyVersionInput(IamShape, frozen=True, kw_only=True):
    policy_arn: Arn
    policy_document: Document
    set_as_default: bool | None = None


class CreatePolicyVersionOutput(IamShape, frozen=True, kw_only=True):
    policy_version: PolicyVersionShape


@IAM.action("CreatePolicyVersion")
async def create_policy_version(
    app: IdentityApp, call: Call, input_: CreatePolicyVersionInput
) -> CreatePolicyVersionOutput:
    async with app.identities.changing:
        policy = policy_of(app, call, input_.policy_arn)
        if len(policy.versions) >= VERSIONS_MAX:
            raise limit("VersionsPerPolicy", VERSIONS_MAX)
        check_document(input_.policy_document, PolicyKind.IDENTITY, MANAGED_MAX_CHARS, policy.arn)
        number_, now_ms = policy.last + 1, app.now_ms()
        name = f"v{number_}"
        made = PolicyVersion(document=input_.policy_document, created_ms=now_ms)
        default = name if input_.set_as_default else policy.default
        versions = policy.versions | {name: made}
        after = msgspec.structs.replace(policy, versions=versions, default=default, last=number_, updated_ms=now_ms)
        await app.identities.policies.put(after)
    shape = PolicyVersionShape(version_id=name, is_default_version=default == name, create_date=Timestamp(now_ms))
    return CreatePolicyVersionOutput(policy_version=shape)
