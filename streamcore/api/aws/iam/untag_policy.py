"""UntagPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagPolicy.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.iam.entities import policy_of, without_tags
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape, TagKey
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class UntagPolicyInput(IamShape, frozen=True, kw_only=True):
    policy_arn: Arn
    tag_keys: Annotated[list[TagKey], msgspec.Meta(max_length=50)]


@IAM.action("UntagPolicy")
async def untag_policy(app: IdentityApp, call: Call, input_: UntagPolicyInput) -> None:
    async with app.identities.changing:
        policy = policy_of(app, call, input_.policy_arn)
        tags = without_tags(policy.tags, input_.tag_keys)
        await app.identities.policies.put(msgspec.structs.replace(policy, tags=tags))
