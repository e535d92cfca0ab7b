"""ListSubscriptions: https://docs.aws.amazon.com/sns/latest/api/API_ListSubscriptions.html"""

from __future__ import annotations

from runtime.api.sns.shapes import SNS, SnsShape, SubscriptionShape, paged, subscription_shape
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class ListSubscriptionsInput(SnsShape, frozen=True, kw_only=True):
    next_token: str | None = None


class ListSubscriptionsOutput(SnsShape, frozen=True, kw_only=True):
    subscriptions: list[SubscriptionShape]
    next_token: str | None = None


@SNS.action("ListSubscriptions")
async def list_subscriptions(topics: Topics, call: Call, input_: ListSubscriptionsInput) -> ListSubscriptionsOutput:
    """Those to the caller's topics, in the order of their ARNs."""
    mine = {each.arn: each for each in topics.subscriptions(scope=call.scope)}
    found, token = paged(mine, input_.next_token)
    return ListSubscriptionsOutput(subscriptions=[subscription_shape(each) for each in found], next_token=token)
