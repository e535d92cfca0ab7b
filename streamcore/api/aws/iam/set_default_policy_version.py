"""SetDefaultPolicyVersion: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetDefaultPolicyVersion.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.iam.entities import policy_of
from streamcore.api.aws.iam.errors import no_version
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape, VersionId
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class SetDefaultPolicyVersionInput(IamShape, frozen=True, kw_only=True):
    policy_arn: Arn
    version_id: VersionId


@IAM.action("SetDefaultPolicyVersion")
async def set_default_policy_version(app: IdentityApp, call: Call, input_: SetDefaultPolicyVersionInput) -> None:
    """What holds from now on, for all who have the policy."""
    async with app.identities.changing:
        policy = policy_of(app, call, input_.policy_arn)
        if input_.version_id not in policy.versions:
            raise no_version(policy.arn, input_.version_id)
        after = msgspec.structs.replace(policy, default=input_.version_id, updated_ms=app.now_ms())
        await app.identities.policies.put(after)
