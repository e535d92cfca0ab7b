"""DeleteTopic: https://docs.aws.amazon.com/sns/latest/api/API_DeleteTopic.html"""

from __future__ import annotations

from runtime.api.sns.shapes import SNS, SnsShape
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class DeleteTopicInput(SnsShape, frozen=True, kw_only=True):
    topic_arn: str


@SNS.action("DeleteTopic")
async def delete_topic(topics: Topics, call: Call, input_: DeleteTopicInput) -> None:
    """With its subscriptions; what is on its way still arrives. One that is not there is as good as deleted."""
    async with topics.changing:
        await topics.delete(input_.topic_arn)
