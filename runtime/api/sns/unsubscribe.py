"""Unsubscribe: https://docs.aws.amazon.com/sns/latest/api/API_Unsubscribe.html"""

from __future__ import annotations

from runtime.api.sns.shapes import SNS, SnsShape
from runtime.errors import TopicError
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class UnsubscribeInput(SnsShape, frozen=True, kw_only=True):
    subscription_arn: str


@SNS.action("Unsubscribe")
async def unsubscribe(topics: Topics, call: Call, input_: UnsubscribeInput) -> None:
    """What is on its way still arrives. One that is not there is as good as ended."""
    async with topics.changing:
        try:
            subscription = topics.subscription(input_.subscription_arn)
        except TopicError as error:
            if error.code != "NotFound":
                raise
            return
        await topics.unsubscribe(subscription)
