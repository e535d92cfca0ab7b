"""TagPolicy: https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagPolicy.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from streamcore.api.aws.iam.entities import merged_tags, policy_of
from streamcore.api.aws.iam.registry import IAM
from streamcore.api.aws.iam.shapes import Arn, IamShape, Tag
from streamcore.api.aws.service import Call
from streamcore.identity.app import IdentityApp


class TagPolicyInput(IamShape, frozen=True, kw_only=True):
    policy_arn: Arn
    tags: Annotated[list[Tag], msgspec.Meta(max_length=50)]


@IAM.action("TagPolicy")
async def tag_policy(app: IdentityApp, call: Call, input_: TagPolicyInput) -> None:
    async with app.identities.changing:
        policy = policy_of(app, call, input_.policy_arn)
        tags = merged_tags(policy.tags, input_.tags)
        await app.identities.policies.put(msgspec.structs.replace(policy, tags=tags))
