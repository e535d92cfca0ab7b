"""DeletePolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html"""

from __future__ import annotations

from streamcore.api.aws.iam.entities import policy_of, policy_shape
from streamcore.api.aws.iam.errors import conflict
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class DeletePolicyInput(IamShape, frozen=True, kw_only=True):
    policy_arn: Arn


@IAM.action("DeletePolicy")
async def delete_policy(app: IdentityApp, call: Call, input_: DeletePolicyInput) -> None:
    """Only one that nobody has, and that has no versions beside the default."""
    async with app.identities.changing:
        policy = policy_of(app, call, input_.policy_arn)
        shape = policy_shape(app, call, policy)
        if shape.attachment_count or shape.permissions_boundary_usage_count:
            raise conflict("Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's "
                "versions. The default version is deleted with the policy."
            )
        await app.identities.policies.remove(policy)
