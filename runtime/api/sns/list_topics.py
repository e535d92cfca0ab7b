"""ListTopics: https://docs.aws.amazon.com/sns/latest/api/API_ListTopics.html"""

from __future__ import annotations

from runtime.api.sns.shapes import SNS, SnsShape, paged
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class ListTopicsInput(SnsShape, frozen=True, kw_only=True):
    next_token: str | None = None


class TopicShape(SnsShape, frozen=True, kw_only=True):
    topic_arn: str


class ListTopicsOutput(SnsShape, frozen=True, kw_only=True):
    topics: list[TopicShape]
    next_token: str | None = None


@SNS.action("ListTopics")
async def list_topics(topics: Topics, call: Call, input_: ListTopicsInput) -> ListTopicsOutput:
    """The caller's, in the order of their names."""
    mine = {topic.name: topic for topic in topics.all(call.scope)}
    found, token = paged(mine, input_.next_token)
    return ListTopicsOutput(topics=[TopicShape(topic_arn=topic.arn) for topic in found], next_token=token)
