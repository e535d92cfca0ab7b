"""GetPolicyVersion: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicyVersion.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import any_policy, versions_of
from streamcore.api.aws.iam.errors import no_version
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape, PolicyVersionShape, VersionId
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class GetPolicyVersionInput(IamShape, frozen=True, kw_only=True):
    policy_arn: Arn
    version_id: VersionId


class GetPolicyVersionOutput(IamShape, frozen=True, kw_only=True):
    policy_version: PolicyVersionShape


@IAM.action("GetPolicyVersion")
async def get_policy_version(app: IdentityApp, call: Call, input_: GetPolicyVersionInput) -> GetPolicyVersionOutput:
    found = next(
        (
            each
            for each in versions_of(any_policy(app, call, input_.policy_arn))
            if each.version_id == input_.version_id
        ),
        None,
    )
    if found is None:
        raise no_version(input_.policy_arn, input_.version_id)
    return GetPolicyVersionOutput(policy_version=found)
