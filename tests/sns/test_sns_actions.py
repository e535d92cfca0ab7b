"""Topics and subscriptions, by what boto3 sees."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sns_harness import ACCOUNT, FUNCTION, QUEUE, REGION, TOPIC, World, error_of

NO_TOPIC = ("NotFound", "Topic does not exist")


def test_the_life_of_a_topic(world: World) -> None:
    sns = world.sns
    tags = [{"Key": "team", "Value": "blue"}]
    arn = sns.create_topic(Name="t", Attributes={"DisplayName": "shown"}, Tags=tags)["TopicArn"]
    assert arn == TOPIC + "t"
    assert sns.create_topic(Name="t")["TopicArn"] == arn
    assert error_of(sns.create_topic, Name="t", Attributes={"DisplayName": "other"}) == (
        "InvalidParameter",
        "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
    )
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="new")
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["a", "b"])
    sns.add_permission(TopicArn=arn, Label="one", AWSAccountId=["111122223333"], ActionName=["Publish"])
    world.restart()
    told = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert (told["DisplayName"], told["Owner"], told["SubscriptionsConfirmed"]) == ("new", ACCOUNT, "0")
    assert [each["Sid"] for each in json.loads(told["Policy"])["Statement"]] == ["one"]
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == tags
    sns.remove_permission(TopicArn=arn, Label="one")
    assert "__default_statement_ID" in sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    assert [each["TopicArn"] for each in sns.list_topics()["Topics"]] == [arn]
    world.subscribed(arn)
    sns.delete_topic(TopicArn=arn)
    sns.delete_topic(TopicArn=arn)
    world.restart()
    assert (sns.list_topics()["Topics"], sns.list_subscriptions()["Subscriptions"]) == ([], [])
    assert error_of(sns.get_topic_attributes, TopicArn=arn) == NO_TOPIC


def test_the_life_of_a_subscription(world: World) -> None:
    sns, arn = world.sns, world.topic()
    wanted = {"TopicArn": arn, "Protocol": "sqs", "Endpoint": QUEUE + "q"}
    subscription = sns.subscribe(**wanted)["SubscriptionArn"]
    assert sns.subscribe(**wanted)["SubscriptionArn"] == subscription
    assert error_of(sns.subscribe, **wanted, Attributes={"RawMessageDelivery": "true"})[0] == "InvalidParameter"
    policy = '{"kind": ["a"]}'
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="FilterPolicy", AttributeValue=policy)
    world.restart()
    assert sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"] == {
        "SubscriptionArn": subscription,
        "TopicArn": arn,
        "Owner": ACCOUNT,
        "Protocol": "sqs",
        "Endpoint": QUEUE + "q",
        "PendingConfirmation": "false",
        "ConfirmationWasAuthenticated": "true",
        "RawMessageDelivery": "false",
        "FilterPolicy": policy,
        "FilterPolicyScope": "MessageAttributes",
        "SubscriptionPrincipal": f"arn:aws:iam::{ACCOUNT}:root",
    }
    for told in (sns.list_subscriptions(), sns.list_subscriptions_by_topic(TopicArn=arn)):
        assert told["Subscriptions"] == [
            {"SubscriptionArn": subscription, "Owner": ACCOUNT, "Protocol": "sqs", "Endpoint": QUEUE + "q",
             "TopicArn": arn}
        ]  # fmt: skip
    sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="FilterPolicy")
    assert "FilterPolicy" not in sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    sns.unsubscribe(SubscriptionArn=subscription)
    sns.unsubscribe(SubscriptionArn=subscription)
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["SubscriptionsDeleted"] == "1"
    assert error_of(sns.get_subscription_attributes, SubscriptionArn=subscription) == (
        "NotFound",
        "Subscription does not exist",
    )


def test_pages(world: World) -> None:
    topics = [world.topic(f"t{n:03d}") for n in range(101)]
    pages = [page["Topics"] for page in world.sns.get_paginator("list_topics").paginate()]
    assert [len(page) for page in pages] == [100, 1]
    assert [each["TopicArn"] for page in pages for each in page] == topics
    assert error_of(world.sns.list_topics, NextToken="ä") == ("InvalidParameter", "Invalid parameter: NextToken")


@pytest.mark.parametrize(("action", "given", "code", "sentence"), [
    ("create_topic", {"Name": "a b"}, "InvalidParameter", "Invalid parameter: Topic Name"),
    ("create_topic", {"Name": "t", "Attributes": {"FifoTopic": "true"}}, "InvalidParameter",
     "Invalid parameter: Topic Name Reason: Fifo Topic names must end with .fifo"),
    ("create_topic", {"Name": "n", "Attributes": {"Colour": "red"}}, "InvalidParameter",
     "Invalid parameter: Attributes Reason: Unknown attribute: Colour"),
    ("create_topic", {"Name": "n", "DataProtectionPolicy": "{}"}, "InvalidParameter",
     "Invalid parameter: DataProtectionPolicy"),
    ("set_topic_attributes", {"TopicArn": TOPIC + "t", "AttributeName": "Colour", "AttributeValue": "red"},
     "InvalidParameter", "Invalid parameter: AttributeName"),
    ("publish", {"TopicArn": TOPIC + "none", "Message": "m"}, *NO_TOPIC),
    ("publish", {"TopicArn": "t", "Message": "m"}, "InvalidParameter", "Invalid parameter: TopicArn"),
    ("publish", {"Message": "m"}, "InvalidParameter", "Invalid parameter: TopicArn or TargetArn"),
    ("publish", {"PhoneNumber": "+123", "Message": "m"}, "InvalidParameter", "Invalid parameter: PhoneNumber"),
    ("publish", {"TopicArn": TOPIC + "t", "Message": ""}, "InvalidParameter", "Invalid parameter: Empty message"),
    ("publish", {"TopicArn": TOPIC + "t", "Message": "x" * 262_145}, "InvalidParameter",
     "Invalid parameter: Message too long"),
    ("publish", {"TopicArn": TOPIC + "t", "Message": "m", "Subject": "x" * 101}, "InvalidParameter",
     "Invalid parameter: Subject"),
    ("publish", {"TopicArn": TOPIC + "t", "Message": "m", "MessageStructure": "json"}, "InvalidParameter",
     "Invalid parameter: Message Structure - JSON message body failed to parse"),
    ("publish", {"TopicArn": TOPIC + "t", "Message": '{"sqs":"x"}', "MessageStructure": "json"}, "InvalidParameter",
     "Invalid parameter: Message Structure - No default entry in JSON message body"),
    ("publish", {"TopicArn": TOPIC + "t", "Message": "m", "MessageDeduplicationId": "d"}, "InvalidParameter",
     "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter"),
    ("publish", {"TopicArn": TOPIC + "t.fifo", "Message": "m"}, "InvalidParameter",
     "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"),
    ("publish", {"TopicArn": TOPIC + "t.fifo", "Message": "m", "MessageGroupId": "g"}, "InvalidParameter",
     "Invalid parameter: The topic should either have ContentBasedDeduplication enabled"),
    ("publish", {"TopicArn": TOPIC + "t", "Message": "m", "MessageAttributes": {
        "a": {"DataType": "Text", "StringValue": "v"}}}, "ParameterValueInvalid",
     "The message attribute 'a' has an invalid message attribute type"),
    ("publish_batch", {"TopicArn": TOPIC + "t", "PublishBatchRequestEntries": [
        {"Id": "a", "Message": "m"}, {"Id": "a", "Message": "m"}]}, "BatchEntryIdsNotDistinct",
     "Two or more batch entries in the request have the same Id: a"),
    ("publish_batch", {"TopicArn": TOPIC + "t", "PublishBatchRequestEntries": [
        {"Id": str(n), "Message": "x" * 140_000} for n in range(2)]}, "BatchRequestTooLong", "The length of all"),
    ("confirm_subscription", {"TopicArn": TOPIC + "t", "Token": "x"}, "InvalidParameter", "Invalid parameter: Token"),
    ("unsubscribe", {"SubscriptionArn": "x"}, "InvalidParameter", "Invalid parameter: SubscriptionArn Reason"),
    ("tag_resource", {"ResourceArn": TOPIC + "none", "Tags": []}, "ResourceNotFound", "Resource does not exist"),
    ("tag_resource", {"ResourceArn": TOPIC + "t", "Tags": [{"Key": str(n), "Value": ""} for n in range(51)]},
     "TagLimitExceeded", "Could not complete request"),
])  # fmt: skip
def test_what_is_refused(world: World, action: str, given: dict[str, Any], code: str, sentence: str) -> None:
    world.topic()
    world.topic("t.fifo")
    got = error_of(getattr(world.sns, action), **given)
    assert (got[0], got[1][: len(sentence)]) == (code, sentence)


@pytest.mark.parametrize(("protocol", "endpoint", "attributes", "sentence"), [
    ("email", "a@b", {}, "Amazon SNS does not support this protocol string: email"),
    ("sms", "+1234", {}, "Amazon SNS does not support this protocol string: sms"),
    ("firehose", f"arn:aws:firehose:{REGION}:{ACCOUNT}:d", {}, "Amazon SNS does not support this protocol string"),
    ("sqs", "q", {}, "SQS endpoint ARN"),
    ("sqs", QUEUE + "q.fifo", {}, "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed"),
    ("lambda", QUEUE + "q", {}, "Lambda endpoint ARN"),
    ("lambda", FUNCTION, {"RawMessageDelivery": "true"}, "Attributes Reason: Delivery protocol [lambda] does not"),
    ("http", "https://host/", {}, "Endpoint must match the specified protocol"),
    ("http", "http://user@host/", {}, "Endpoint must match the specified protocol"),
    ("sqs", QUEUE + "q", {"Colour": "red"}, "AttributeName"),
    ("sqs", QUEUE + "q", {"RawMessageDelivery": "yes"}, "Attributes Reason: RawMessageDelivery: Invalid value."),
    ("sqs", QUEUE + "q", {"FilterPolicyScope": "Head"}, "FilterPolicyScope: Invalid value [Head]."),
    ("sqs", QUEUE + "q", {"FilterPolicy": "{"}, "FilterPolicy: failed to parse JSON."),
    ("sqs", QUEUE + "q", {"FilterPolicy": '{"a":{"b":["c"]}}'}, "FilterPolicy: Filter policy scope MessageAttributes"),
    ("sqs", QUEUE + "q", {"FilterPolicy": '{"a":[{"nope":1}]}'}, "FilterPolicy: Unrecognized match type nope"),
    ("sqs", QUEUE + "q", {"FilterPolicy": json.dumps({str(n): ["x"] for n in range(6)})}, "FilterPolicy: Filter"),
    ("sqs", QUEUE + "q", {"FilterPolicy": json.dumps({"a": list(range(151))})}, "FilterPolicy: Filter policy is too"),
    ("sqs", QUEUE + "q", {"RedrivePolicy": "{}"}, "RedrivePolicy: deadLetterTargetArn must be the ARN of an SQS queue"),
    ("sqs", QUEUE + "q", {"DeliveryPolicy": "{}"}, "Attributes Reason: Delivery protocol [sqs] does not support"),
    ("http", "http://h/", {"DeliveryPolicy": '{"throttlePolicy":{}}'}, "DeliveryPolicy: only healthyRetryPolicy"),
    ("http", "http://h/", {"DeliveryPolicy": '{"healthyRetryPolicy":{"numRetries":101}}'}, "DeliveryPolicy: num"),
])  # fmt: skip
def test_subscriptions_that_are_refused(
    world: World, protocol: str, endpoint: str, attributes: dict[str, str], sentence: str
) -> None:
    arn = world.topic()
    given = {"TopicArn": arn, "Protocol": protocol, "Endpoint": endpoint, "Attributes": attributes}
    code, text = error_of(world.sns.subscribe, **given)
    assert (code, text[: len(sentence) + 19]) == ("InvalidParameter", f"Invalid parameter: {sentence}")
