"""ListSubscriptionsByTopic: https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptionsByTopic.html"""

from __future__ import annotations

from runtime.api.sns.shapes import SNS, SnsShape, SubscriptionShape, paged, subscription_shape
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class ListSubscriptionsByTopicInput(SnsShape, frozen=True, kw_only=True):
    topic_arn: str
    next_token: str | None = None


class ListSubscriptionsByTopicOutput(SnsShape, frozen=True, kw_only=True):
    subscriptions: list[SubscriptionShape]
    next_token: str | None = None


@SNS.action("ListSubscriptionsByTopic")
async def list_subscriptions_by_topic(
    topics: Topics, call: Call, input_: ListSubscriptionsByTopicInput
) -> ListSubscriptionsByTopicOutput:
    """In the order of their ARNs."""
    of_topic = {each.arn: each for each in topics.subscriptions(topics.topic(input_.topic_arn))}
    found, token = paged(of_topic, input_.next_token)
    return ListSubscriptionsByTopicOutput(subscriptions=[subscription_shape(each) for each in found], next_token=token)
