"""What becomes of messages: queues, functions, streams, HTTP endpoints; filters, retries, dead letters, kill -9."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from sns_harness import ACCOUNT, FUNCTION, ORIGIN, QUEUE, REGION, World

from runtime.model.queue_message import Attribute
from runtime.model.topic_filter import FilterPolicy
from streamcore.model.stream import Scope

KIND = {"kind": {"DataType": "String", "StringValue": "a"}, "logo": {"DataType": "Binary", "BinaryValue": b"\x00"}}
TOLD = {"kind": {"Type": "String", "Value": "a"}, "logo": {"Type": "Binary", "Value": "AA=="}}
NOW = "2023-11-14T22:14:00.000Z"


def unsubscribe_url(world: World, arn: str) -> str:
    [subscription] = world.sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
    return f"{ORIGIN}/_aws/sns?Action=Unsubscribe&SubscriptionArn={quote(subscription['SubscriptionArn'], safe='')}"


def test_to_a_queue(world: World) -> None:
    arn = world.topic()
    url = world.subscribed(arn)
    id_ = world.sns.publish(TopicArn=arn, Message="grün", Subject="s", MessageAttributes=KIND)["MessageId"]
    [message] = world.received(url)
    assert json.loads(message["Body"]) == {
        "Type": "Notification",
        "MessageId": id_,
        "TopicArn": arn,
        "Subject": "s",
        "Message": "grün",
        "Timestamp": NOW,
        "UnsubscribeURL": unsubscribe_url(world, arn),
        "MessageAttributes": TOLD,
    }
    assert "MessageAttributes" not in message


def test_raw_to_a_queue(world: World) -> None:
    arn = world.topic()
    url = world.subscribed(arn, RawMessageDelivery="true")
    world.sns.publish(
        TopicArn=arn, Message='{"default":"d","sqs":"for queues"}', MessageStructure="json", MessageAttributes=KIND
    )
    [message] = world.received(url)
    assert (message["Body"], message["MessageAttributes"]) == ("for queues", KIND)


def test_to_a_function(world: World) -> None:
    arn = world.topic()
    subscription = world.sns.subscribe(TopicArn=arn, Protocol="lambda", Endpoint=FUNCTION)["SubscriptionArn"]
    id_ = world.sns.publish(TopicArn=arn, Message="m", MessageAttributes=KIND)["MessageId"]
    world.settle()
    [event] = world.sent
    assert event == {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": subscription,
                "Sns": {
                    "Type": "Notification",
                    "MessageId": id_,
                    "TopicArn": arn,
                    "Subject": None,
                    "Message": "m",
                    "Timestamp": NOW,
                    "SignatureVersion": "1",
                    "Signature": "",
                    "SigningCertUrl": "",
                    "UnsubscribeUrl": unsubscribe_url(world, arn),
                    "MessageAttributes": TOLD,
                },
            }
        ]
    }


def test_to_a_stream(world: World) -> None:
    scope = Scope(ACCOUNT, REGION)
    world.run(world.broker.create_stream("s", scope=scope))
    arn = world.topic()
    stream = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
    world.sns.subscribe(TopicArn=arn, Protocol="kinesis", Endpoint=stream, Attributes={"RawMessageDelivery": "true"})
    world.settle(1)
    world.sns.publish(TopicArn=arn, Message="m")
    world.settle(10)
    read = world.run(world.broker.read("s", "shardId-000000000000", 0, scope=scope))
    assert [bytes(record.data) for record in read.records()] == [b"m"]


def test_the_handshake_of_an_http_endpoint(world: World) -> None:
    arn = world.topic()
    given = {"TopicArn": arn, "Protocol": "http", "Endpoint": "http://host/x"}
    assert world.sns.subscribe(**given)["SubscriptionArn"] == "pending confirmation"
    [pending] = world.sns.list_subscriptions()["Subscriptions"]
    assert pending["SubscriptionArn"] == "PendingConfirmation"
    world.sns.publish(TopicArn=arn, Message="too early")
    world.settle()
    [(url, body, headers)] = world.posted
    asked = json.loads(body)
    assert (url, asked["Type"], asked["TopicArn"]) == ("http://host/x", "SubscriptionConfirmation", arn)
    assert headers["x-amz-sns-message-type"] == "SubscriptionConfirmation"
    assert asked["Token"] in asked["SubscribeURL"]
    world.restart()
    wrong = asked["SubscribeURL"].replace(asked["Token"], "0" * 64)
    assert (world.visit(wrong).status, world.visit(wrong).error) == (400, "InvalidParameter")
    assert world.visit(asked["SubscribeURL"]).status == 200
    id_ = world.sns.publish(TopicArn=arn, Message="now")["MessageId"]
    world.settle()
    _, body, headers = world.posted[1]
    [subscription] = world.sns.list_subscriptions()["Subscriptions"]
    assert headers == {
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": id_,
        "x-amz-sns-topic-arn": arn,
        "x-amz-sns-subscription-arn": subscription["SubscriptionArn"],
        "content-type": "text/plain; charset=UTF-8",
        "user-agent": "Amazon Simple Notification Service Agent",
    }
    assert world.visit(json.loads(body)["UnsubscribeURL"]).status == 200
    assert world.visit(json.loads(body)["UnsubscribeURL"]).status == 404
    world.sns.publish(TopicArn=arn, Message="gone")
    world.settle()
    assert len(world.posted) == 2


def confirmed(world: World, **attributes: str) -> str:
    """A topic with an HTTP endpoint; nothing is posted yet."""
    arn = world.topic()
    world.sns.subscribe(TopicArn=arn, Protocol="http", Endpoint="http://host/x", Attributes=attributes)
    world.settle()
    world.sns.confirm_subscription(TopicArn=arn, Token=json.loads(world.posted.pop()[1])["Token"])
    return arn


def test_an_endpoint_is_tried_again(world: World) -> None:
    arn = confirmed(world, RawMessageDelivery="true")
    world.statuses = [500, OSError("refused"), TimeoutError(), 429]
    world.sns.publish(TopicArn=arn, Message="m")
    world.settle()
    assert len(world.posted) == 1
    for _ in range(10):
        world.settle(20)
    assert [body for _, body, _ in world.posted] == ["m"] * 4  # the first, and three retries
    assert world.posted[0][2]["x-amz-sns-rawdelivery"] == "true"


def test_a_dead_letter(world: World) -> None:
    dead = world.sqs.create_queue(QueueName="dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": QUEUE + "dead"}
    arn = confirmed(
        world,
        RedrivePolicy=json.dumps(policy),
        DeliveryPolicy='{"healthyRetryPolicy":{"numRetries":1,"minDelayTarget":5,"maxDelayTarget":5}}',
    )
    world.statuses = [503, 503]
    world.sns.publish(TopicArn=arn, Message="m")
    world.settle()
    world.settle(5)
    assert len(world.posted) == 2
    assert world.texts(dead) == ["m"]
    world.statuses = [404]  # a refusal does not pass
    world.sns.publish(TopicArn=arn, Message="refused")
    world.settle()
    assert world.texts(dead) == ["refused"]


def test_a_queue_that_is_not_there(world: World) -> None:
    dead = world.sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = world.topic()
    policy = json.dumps({"deadLetterTargetArn": QUEUE + "dead"})
    world.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=QUEUE + "none", Attributes={"RedrivePolicy": policy})
    world.sns.publish(TopicArn=arn, Message="m")
    assert world.texts(dead) == ["m"]


@pytest.mark.parametrize("in_order", [True, False])
def test_what_is_under_way_at_a_restart_arrives(world: World, in_order: bool) -> None:
    arn = confirmed(world)
    world.statuses = [500]
    world.sns.publish(TopicArn=arn, Message="m")
    world.settle()
    world.restart(in_order=in_order)
    world.settle(20)
    assert [json.loads(body)["Message"] for _, body, _ in world.posted] == ["m", "m"]


def test_fifo(world: World) -> None:
    arn = world.topic("t.fifo", ContentBasedDeduplication="true")
    url = world.subscribed(arn, "q.fifo")
    sent = [world.sns.publish(TopicArn=arn, Message=text, MessageGroupId="g") for text in ("a", "b", "a", "c")]
    assert (sent[0]["MessageId"], sent[0]["SequenceNumber"]) == (sent[2]["MessageId"], sent[2]["SequenceNumber"])
    assert int(sent[0]["SequenceNumber"]) < int(sent[1]["SequenceNumber"])
    messages = world.received(url)
    assert [json.loads(each["Body"])["Message"] for each in messages] == ["a", "b", "c"]
    assert {each["Attributes"]["MessageGroupId"] for each in messages} == {"g"}
    assert json.loads(messages[0]["Body"])["SequenceNumber"] == sent[0]["SequenceNumber"]


def test_a_batch(world: World) -> None:
    arn = world.topic()
    url = world.subscribed(arn)
    entries = [{"Id": "1", "Message": "one"}, {"Id": "2", "Message": ""}, {"Id": "3", "Message": "three"}]
    told = world.sns.publish_batch(TopicArn=arn, PublishBatchRequestEntries=entries)
    assert [each["Id"] for each in told["Successful"]] == ["1", "3"]
    assert [(each["Id"], each["Code"]) for each in told["Failed"]] == [("2", "InvalidParameter")]
    assert world.texts(url) == ["one", "three"]


def test_as_a_destination(world: World) -> None:
    arn = world.topic()
    url = world.subscribed(arn, RawMessageDelivery="true")
    attributes = {"RequestID": "r", "ErrorCode": "200", "ErrorMessage": "no"}
    world.run(world.destinations.send(arn, b"{}", attributes))
    world.run(world.destinations.send(arn, b"[]", {"PartitionKey": "p", "RULE_ARN": "x"}))
    letter, plain = world.received(url)
    assert {name: each["StringValue"] for name, each in letter["MessageAttributes"].items()} == attributes
    assert (letter["Body"], plain["Body"], plain.get("MessageAttributes")) == ("{}", "[]", None)


def text(value: str, kind: str = "String") -> Attribute:
    return Attribute(kind, value)


@pytest.mark.parametrize(("policy", "attributes", "wanted"), [
    ({"a": ["x"]}, {"a": text("x")}, True),
    ({"a": ["x"]}, {"a": text("y")}, False),
    ({"a": ["x"]}, {}, False),
    ({"a": ["x"], "b": ["y"]}, {"a": text("x")}, False),
    ({"$or": [{"a": ["x"]}, {"b": ["y"]}]}, {"b": text("y")}, True),
    ({"a": [{"prefix": "x"}]}, {"a": text("xy")}, True),
    ({"a": [{"suffix": "y"}]}, {"a": text("xy")}, True),
    ({"a": [{"equals-ignore-case": "X"}]}, {"a": text("x")}, True),
    ({"a": [{"anything-but": ["x"]}]}, {"a": text("x")}, False),
    ({"a": [{"anything-but": {"prefix": "x"}}]}, {"a": text("y")}, True),
    ({"a": [{"exists": True}]}, {"a": text("x")}, True),
    ({"a": [{"exists": False}]}, {}, True),
    ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": text("10.0.0.7")}, True),
    ({"n": [100]}, {"n": text("100.0", "Number")}, True),
    ({"n": [100.0]}, {"n": text("1e2", "Number")}, True),
    ({"n": ["100"]}, {"n": text("100", "Number")}, False),
    ({"n": [{"numeric": [">", 0, "<=", 5]}]}, {"n": text("5", "Number")}, True),
    ({"n": [{"numeric": ["=", 5]}]}, {"n": text("5", "String")}, False),
    ({"s": ["x"]}, {"s": text('["x","y"]', "String.Array")}, True),
    ({"s": [True, None]}, {"s": text("[null]", "String.Array")}, True),
    ({"l": [{"exists": True}]}, {"l": Attribute("Binary", data=b"x")}, False),
    ({}, {}, True),
])  # fmt: skip
def test_filters_on_attributes(policy: dict[str, Any], attributes: dict[str, Attribute], wanted: bool) -> None:
    assert FilterPolicy(json.dumps(policy), "MessageAttributes").wants("body", attributes) is wanted


@pytest.mark.parametrize(("policy", "body", "wanted"), [
    ({"a": {"b": ["x"]}}, '{"a":{"b":"x"}}', True),
    ({"a": {"b": ["x"]}}, '{"a":[{"b":"y"},{"b":"x"}]}', True),
    ({"a": [3]}, '{"a":3.0}', True),
    ({"a": ["x"]}, "no JSON", False),
    ({"a": [{"exists": False}]}, "[]", False),
    ({"a": [{"exists": False}]}, "{}", True),
])  # fmt: skip
def test_filters_on_bodies(policy: dict[str, Any], body: str, wanted: bool) -> None:
    assert FilterPolicy(json.dumps(policy), "MessageBody").wants(body, {}) is wanted


def test_a_filter_decides(world: World) -> None:
    arn = world.topic()
    some = world.subscribed(arn, "some", FilterPolicy='{"kind":["a"]}')
    bodies = world.subscribed(arn, "bodies", FilterPolicy='{"n":[1]}', FilterPolicyScope="MessageBody")
    world.sns.publish(TopicArn=arn, Message="one", MessageAttributes=KIND)
    world.sns.publish(TopicArn=arn, Message='{"n":1}')
    assert (world.texts(some), world.texts(bodies)) == (["one"], ['{"n":1}'])
