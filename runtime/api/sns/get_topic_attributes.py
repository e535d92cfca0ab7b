"""GetTopicAttributes: https://docs.aws.amazon.com/sns/latest/api/API_GetTopicAttributes.html"""

from __future__ import annotations

import json

from runtime.api.sns.shapes import SNS, SnsShape
from runtime.model.topic import Topic
from runtime.topics.service import Topics
from streamcore.api.aws.service import Call


class GetTopicAttributesInput(SnsShape, frozen=True, kw_only=True):
    topic_arn: str


class GetTopicAttributesOutput(SnsShape, frozen=True, kw_only=True):
    attributes: dict[str, str]


@SNS.action("GetTopicAttributes")
async def get_topic_attributes(topics: Topics, call: Call, input_: GetTopicAttributesInput) -> GetTopicAttributesOutput:
    """What was set, and how many subscriptions there are."""
    topic = topics.topic(input_.topic_arn)
    subscriptions = topics.subscriptions(topic)
    pending = sum(each.is_pending for each in subscriptions)
    told = {
        "TopicArn": topic.arn,
        "Owner": topic.account,
        "DisplayName": "",
        "Policy": default_policy(topic),
        "SubscriptionsConfirmed": str(len(subscriptions) - pending),
        "SubscriptionsPending": str(pending),
        "SubscriptionsDeleted": str(topic.deleted),
    }
    if topic.is_fifo:
        told |= {"ContentBasedDeduplication": "false", "FifoThroughputScope": "Topic"}
    return GetTopicAttributesOutput(attributes=told | topic.attributes)


def default_policy(topic: Topic) -> str:
    """The policy that a topic has by itself."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["SNS:Publish", "SNS:Subscribe"],
        "Resource": topic.arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": topic.account}},
    }
    return json.dumps(
        {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}, separators=(",", ":")
    )
