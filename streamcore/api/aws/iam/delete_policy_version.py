"""DeletePolicyVersion: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicyVersion.html"""

from __future__ import annotations

import msgspec

from streamcore.api.aws.iam.entities import policy_of
from streamcore.api.aws.iam.errors import conflict, no_version
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape, VersionId
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DeletePolicyVersionInput(IamShape, frozen=True, kw_only=True):
    policy_arn: Arn
    version_id: VersionId


@IAM.action("DeletePolicyVersion")
async def delete_policy_version(app: IdentityApp, call: Call, input_: DeletePolicyVersionInput) -> None:
    async with app.identities.changing:
        policy = policy_of(app, call, input_.policy_arn)
        if input_.version_id not in policy.versions:
            raise no_version(policy.arn, input_.version_id)
        if input_.version_id == policy.default:
            raise conflict("Cannot delete the default version of a policy.")
        left = {name: version for name, version in policy.versions.items() if name != input_.version_id}
        await app.identities.policies.put(msgspec.structs.replace(policy, versions=left))
