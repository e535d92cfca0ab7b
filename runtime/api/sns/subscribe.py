"""Subscribe: https://docs.aws.amazon.com/sns/latest/api/API_Subscribe.html"""

from __future__ import annotations

from runtime.api.sns.shapes import PENDING, SNS, SnsShape
from runtime.model.topic import Subscription, check_endpoint, subscription_attributes
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class SubscribeInput(SnsShape, frozen=True, kw_only=True):
    topic_arn: str
    protocol: str
    endpoint: str | None = None
    attributes: dict[str, str] | None = None
    return_subscription_arn: bool | None = None


class SubscribeOutput(SnsShape, frozen=True, kw_only=True):
    subscription_arn: str


@SNS.action("Subscribe")
async def subscribe(topics: Topics, call: Call, input_: SubscribeInput) -> SubscribeOutput:
    """At once, but for HTTP endpoints, which have to confirm it."""
    endpoint, protocol = input_.endpoint or "", input_.protocol
    async with topics.changing:
        topic = topics.topic(input_.topic_arn)
        check_endpoint(topic, protocol, endpoint)
        attributes = subscription_attributes(input_.attributes or {}, protocol)
        wanted = Subscription(
            arn="", topic=topic.arn, account=call.scope.account, protocol=protocol, endpoint=endpoint,
            attributes=attributes,
        )  # fmt: skip
        made = await topics.subscribe(topic, wanted)
    is_told = not made.is_pending or input_.return_subscription_arn
    return SubscribeOutput(subscription_arn=made.arn if is_told else PENDING)
