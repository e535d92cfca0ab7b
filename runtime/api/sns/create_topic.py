"""CreateTopic: https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html"""

from __future__ import annotations

from runtime.api.sns.shapes import SNS, Refused, SnsShape, Tag
from runtime.model.topic import Topic, check_tags, check_topic_name, invalid, topic_attributes
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class CreateTopicInput(SnsShape, frozen=True, kw_only=True):
    name: str
    attributes: dict[str, str] | None = None
    tags: list[Tag] | None = None
    data_protection_policy: Refused | None = None


class CreateTopicOutput(SnsShape, frozen=True, kw_only=True):
    topic_arn: str


@SNS.action("CreateTopic")
async def create_topic(topics: Topics, call: Call, input_: CreateTopicInput) -> CreateTopicOutput:
    """Or finds the one that is there, if it has the attributes that are given."""
    if input_.data_protection_policy is not None:
        raise invalid("DataProtectionPolicy Reason: there are no data protection policies here")
    given = input_.attributes or {}
    check_topic_name(input_.name, given)
    attributes = topic_attributes(given, is_fifo=given.get("FifoTopic") == "true", is_new=True)
    tags = {tag.key: tag.value for tag in input_.tags or ()}
    check_tags(tags)
    topic = Topic(
        name=input_.name, account=call.scope.account, region=call.scope.region, attributes=attributes, tags=tags
    )
    async with topics.changing:
        return CreateTopicOutput(topic_arn=(await topics.create(topic)).arn)
