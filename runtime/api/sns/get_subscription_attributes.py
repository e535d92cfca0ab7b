"""GetSubscriptionAttributes: https://docs.aws.amazon.com/sns/latest/api/API_GetSubscriptionAttributes.html"""

from __future__ import annotations

from runtime.api.sns.shapes import SNS, SnsShape
from runtime.model.topic import SCOPES
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class GetSubscriptionAttributesInput(SnsShape, frozen=True, kw_only=True):
    subscription_arn: str


class GetSubscriptionAttributesOutput(SnsShape, frozen=True, kw_only=True):
    attributes: dict[str, str]


@SNS.action("GetSubscriptionAttributes")
async def get_subscription_attributes(
    topics: Topics, call: Call, input_: GetSubscriptionAttributesInput
) -> GetSubscriptionAttributesOutput:
    """All of them."""
    found = topics.subscription(input_.subscription_arn)
    told = {
        "SubscriptionArn": found.arn,
        "TopicArn": found.topic,
        "Owner": found.account,
        "Protocol": found.protocol,
        "Endpoint": found.endpoint,
        "PendingConfirmation": str(found.is_pending).lower(),
        "ConfirmationWasAuthenticated": str(not found.is_pending and found.protocol not in ("http", "https")).lower(),
        "RawMessageDelivery": "false",
        "SubscriptionPrincipal": f"arn:aws:iam::{found.account}:root",
    }
    if "FilterPolicy" in found.attributes:
        told["FilterPolicyScope"] = SCOPES[0]
    return GetSubscriptionAttributesOutput(attributes=told | found.attributes)
