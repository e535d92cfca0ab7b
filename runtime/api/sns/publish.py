"""Publish: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html"""

from __future__ import annotations

from runtime.api.sns.messages import MessageAttributeValue, read
from runtime.api.sns.shapes import SNS, SnsShape
from runtime.errors import TopicError
from runtime.model.topic import invalid
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class PublishInput(SnsShape, frozen=True, kw_only=True):
    topic_arn: str | None = None
    target_arn: str | None = None
    phone_number: str | None = None
    message: str
    subject: str | None = None
    message_structure: str | None = None
    message_attributes: dict[str, MessageAttributeValue] | None = None
    message_deduplication_id: str | None = None
    message_group_id: str | None = None


class PublishOutput(SnsShape, frozen=True, kw_only=True):
    message_id: str
    sequence_number: str | None = None


@SNS.action("Publish")
async def publish(topics: Topics, call: Call, input_: PublishInput) -> PublishOutput:
    """It is on disk, with all its deliveries, when this answers."""
    if input_.phone_number:
        raise invalid("PhoneNumber Reason: text messages are not offered here")
    arn = input_.topic_arn or input_.target_arn
    if not arn:
        raise invalid("TopicArn or TargetArn Reason: no value for required parameter")
    [result] = await topics.publish(topics.topic(arn), read(input_))
    if isinstance(result, TopicError):
        raise result
    return PublishOutput(message_id=result.id, sequence_number=result.sequence_number)
