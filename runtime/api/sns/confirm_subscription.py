"""ConfirmSubscription: https://docs.aws.amazon.com/sns/latest/api/API_ConfirmSubscription.html"""

from __future__ import annotations

from runtime.api.sns.shapes import SNS, SnsShape
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class ConfirmSubscriptionInput(SnsShape, frozen=True, kw_only=True):
    topic_arn: str
    token: str
    authenticate_on_unsubscribe: str | None = None


class ConfirmSubscriptionOutput(SnsShape, frozen=True, kw_only=True):
    subscription_arn: str


@SNS.action("ConfirmSubscription")
async def confirm_subscription(
    topics: Topics, call: Call, input_: ConfirmSubscriptionInput
) -> ConfirmSubscriptionOutput:
    """By the token that the endpoint got. Signatures are not verified here, so that asking for one to unsubscribe
    would change nothing."""
    async with topics.changing:
        made = await topics.confirm(topics.topic(input_.topic_arn), input_.token)
    return ConfirmSubscriptionOutput(subscription_arn=made.arn)
