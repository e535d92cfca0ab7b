"""Queues, topics and snapshots where policies are enforced: who may do what, and which services may send."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import pytest
from identity_support import ACCOUNT, REGION, House, allow, document, refused, trust
from test_functions_under_enforce import eventually, make_bucket, make_function, make_role

from runtime.errors import DestinationError
from streamcore.client import ApiError, Client
from streamcore.client.signing import Keys

SENT = "hello"


def queue_arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def topic_arn(name: str) -> str:
    return f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}"


def make_queue(house: House, name: str, *statements: dict[str, Any]) -> str:
    attributes = {"Policy": document(*statements)} if statements else {}
    url: str = house.client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url


def lets_in(service: str, action: str, resource: str, source: str) -> dict[str, Any]:
    """A statement of a resource's policy."""
    condition = {"ArnLike": {"aws:SourceArn": source}, "StringEquals": {"aws:SourceAccount": ACCOUNT}}
    return allow(action, resource, Principal={"Service": f"{service}.amazonaws.com"}, Condition=condition)


def bodies(house: House, url: str) -> list[str]:
    found = house.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [each["Body"] for each in found]


# ---------------------------------------------------------------- who may do what


def test_a_user_sends_where_he_may(house: House) -> None:
    mine, theirs = make_queue(house, "mine"), make_queue(house, "theirs")
    keys = house.user("sender", allow("sqs:SendMessage", queue_arn("mine")))
    sqs = house.client("sqs", keys)
    sqs.send_message(QueueUrl=mine, MessageBody=SENT)
    sqs.send_message_batch(QueueUrl=mine, Entries=[{"Id": "1", "MessageBody": SENT}])
    name = mine.rpartition("/")[2]
    for url in (name, f"http://elsewhere/{ACCOUNT}/{name}", f"{mine}/", f"http://elsewhere/x/{ACCOUNT}/m%69ne"):
        sqs.send_message(QueueUrl=url, MessageBody=SENT)
    for url in (theirs, theirs.replace("theirs", "the%69rs"), "theirs"):
        code, status, text = refused(lambda url=url: sqs.send_message(QueueUrl=url, MessageBody=SENT))
        assert (code, status) == ("AccessDenied", 400)
        assert f"perform: sqs:SendMessage on resource: {queue_arn('theirs')} because no identity-based" in text
    for call in (
        lambda: sqs.send_message_batch(QueueUrl=theirs, Entries=[{"Id": "1", "MessageBody": SENT}]),
        lambda: sqs.receive_message(QueueUrl=mine),
        lambda: sqs.get_queue_url(QueueName="mine"),
        lambda: sqs.create_queue(QueueName="other"),
        lambda: sqs.purge_queue(QueueUrl=mine),
        lambda: sqs.start_message_move_task(SourceArn=queue_arn("mine")),
    ):
        assert refused(call)[0] == "AccessDenied"


def test_a_task_is_cancelled_by_who_may(house: House) -> None:
    keys = house.user("canceller", allow("sqs:CancelMessageMoveTask", queue_arn("own-dead")))
    sqs = house.client("sqs", keys)
    task = {"taskId": "00000000-0000-0000-0000-000000000000", "sourceArn": queue_arn("their-dead")}

    def cancel() -> Any:
        handle = base64.b64encode(json.dumps(task).encode()).decode()
        return sqs.cancel_message_move_task(TaskHandle=handle)

    assert refused(cancel)[0] == "AccessDenied"
    task["sourceArn"] = f"x:y:sqs:{REGION}:{ACCOUNT}:their-dead"
    assert refused(cancel)[0] == "AccessDenied"
    task["sourceArn"] = queue_arn("own-dead")
    assert refused(cancel)[0] == "ResourceNotFoundException"


def test_dead_letters_are_moved_by_who_may_send_to_where_they_came_from(house: House) -> None:
    sqs = house.client("sqs")
    make_queue(house, "dead")
    redrive = json.dumps({"deadLetterTargetArn": queue_arn("dead"), "maxReceiveCount": "1"})
    sqs.create_queue(QueueName="source", Attributes={"RedrivePolicy": redrive})
    moving = ["sqs:StartMessageMoveTask", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
    keys = house.user("mover", allow(moving, queue_arn("dead")))
    _, _, text = refused(lambda: house.client("sqs", keys).start_message_move_task(SourceArn=queue_arn("dead")))
    assert f"sqs:SendMessage on resource: {queue_arn('source')}" in text
    grant = document(allow(moving, queue_arn("dead")), allow("sqs:SendMessage", queue_arn("source")))
    house.client("iam").put_user_policy(UserName="mover", PolicyName="p", PolicyDocument=grant)
    assert house.client("sqs", keys).start_message_move_task(SourceArn=queue_arn("dead"))["TaskHandle"]


def test_a_queues_policy_lets_in_and_keeps_out(house: House) -> None:
    user = f"arn:aws:iam::{ACCOUNT}:user/guest"
    statements = [allow("sqs:SendMessage", queue_arn("open"), Principal={"AWS": user})]
    keys = house.user("guest")
    url = make_queue(house, "open", *statements)
    house.client("sqs", keys).send_message(QueueUrl=url, MessageBody=SENT)
    assert refused(lambda: house.client("sqs", keys).receive_message(QueueUrl=url))[0] == "AccessDenied"
    deny = {"Effect": "Deny", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue_arn("open")}
    house.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(*statements, deny)})
    _, _, text = refused(lambda: house.client("sqs", keys).send_message(QueueUrl=url, MessageBody=SENT))
    assert text.endswith("with an explicit deny in a resource-based policy")
    house.client("sqs").add_permission(QueueUrl=url, Label="l", AWSAccountIds=[ACCOUNT], Actions=["ReceiveMessage"])
    assert refused(lambda: house.client("sqs", keys).receive_message(QueueUrl=url))[0] == "AccessDenied"


def test_topics(house: House) -> None:
    sns = house.client("sns")
    for name in ("news", "secrets"):
        sns.create_topic(Name=name)
    keys = house.user("reporter", allow("sns:Publish", topic_arn("news")))
    reporter = house.client("sns", keys)
    reporter.publish(TopicArn=topic_arn("news"), Message=SENT)
    reporter.publish_batch(TopicArn=topic_arn("news"), PublishBatchRequestEntries=[{"Id": "1", "Message": SENT}])
    code, status, text = refused(lambda: reporter.publish(TargetArn=topic_arn("secrets"), Message=SENT))
    assert (code, status) == ("AuthorizationError", 403)
    assert f"perform: sns:Publish on resource: {topic_arn('secrets')} because" in text
    subscription = {"TopicArn": topic_arn("news"), "Protocol": "sqs", "Endpoint": queue_arn("q")}
    assert refused(lambda: reporter.subscribe(**subscription))[0] == "AuthorizationError"
    user = f"arn:aws:iam::{ACCOUNT}:user/reporter"
    policy = document(allow("sns:Publish", topic_arn("secrets"), Principal={"AWS": user}))
    sns.set_topic_attributes(TopicArn=topic_arn("secrets"), AttributeName="Policy", AttributeValue=policy)
    assert reporter.publish(TopicArn=topic_arn("secrets"), Message=SENT)["MessageId"]


def test_subscribing_has_conditions(house: House) -> None:
    house.client("sns").create_topic(Name="conditions")
    only = {"StringEquals": {"sns:Protocol": "sqs"}}
    keys = house.user("subscriber", allow("sns:Subscribe", topic_arn("conditions"), Condition=only))
    sns, target = house.client("sns", keys), {"TopicArn": topic_arn("conditions")}
    assert sns.subscribe(**target, Protocol="sqs", Endpoint=queue_arn("q"))
    assert refused(lambda: sns.subscribe(**target, Protocol="http", Endpoint="http://x/"))[0] == "AuthorizationError"


def test_snapshots_by_their_arns(house: House) -> None:
    ec2 = house.client("ec2")
    volume = ec2.describe_volumes()["Volumes"][0]["VolumeId"]
    volume_arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/{volume}"
    first = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[first], WaiterConfig={"Delay": 1})
    snapshots = f"arn:aws:ec2:{REGION}::snapshot/*"
    keys = house.user("saver", allow("ec2:CreateSnapshot", [volume_arn, snapshots]))
    saver = house.client("ec2", keys)
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "b"}]}]
    _, _, text = refused(lambda: saver.create_snapshot(VolumeId=volume, TagSpecifications=tags))
    assert "perform: ec2:CreateTags on resource" in text
    second = saver.create_snapshot(VolumeId=volume)["SnapshotId"]
    code, status, text = refused(lambda: saver.delete_snapshot(SnapshotId=first))
    assert (code, status) == ("UnauthorizedOperation", 403)
    assert text.startswith("You are not authorized to perform this operation. User: ")
    own = f"arn:aws:ec2:{REGION}::snapshot/{second}"
    house.client("iam").put_user_policy(
        UserName="saver", PolicyName="p", PolicyDocument=document(allow("ec2:DeleteSnapshot", own))
    )
    assert refused(lambda: saver.delete_snapshot(SnapshotId=first))[0] == "UnauthorizedOperation"
    assert by_the_native_api(house, keys, "DELETE", f"/v1/snapshots/{first}") == 403
    assert by_the_native_api(house, keys, "POST", "/v1/snapshots") == 403
    assert by_the_native_api(house, keys, "POST", "/v1/snapshots/prune") == 403
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[second], WaiterConfig={"Delay": 1})
    saver.delete_snapshot(SnapshotId=second)
    ec2.delete_snapshot(SnapshotId=first)


def by_the_native_api(house: House, keys: dict[str, str], method: str, path: str) -> int:
    async def run() -> int:
        async with Client(house.url, token="") as client:
            with pytest.raises(ApiError) as caught:
                await client.signed(Keys(*keys.values()), method, path)
        return caught.value.status

    return asyncio.run(run())


# ---------------------------------------------------------------- which services may send


@pytest.mark.parametrize("target", ["sqs", "sns"])
def test_a_bucket_sends_where_it_is_let_in(house: House, target: str) -> None:
    bucket, name = f"sends-to-{target}", f"of-bucket-{target}"
    s3 = make_bucket(house, bucket)
    arn = queue_arn(name) if target == "sqs" else topic_arn(name)
    action = "sqs:SendMessage" if target == "sqs" else "sns:Publish"

    def policy(source: str) -> str:
        return document(lets_in("s3", action, arn, f"arn:aws:s3:::{source}"))

    if target == "sqs":
        url = make_queue(house, name)
        configuration: dict[str, Any] = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    else:
        house.client("sns").create_topic(Name=name)
        configuration = {"TopicConfigurations": [{"TopicArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    outbox = house.composition.objects.store.outbox
    published = house.composition.topics.published

    def set_policy(text: str) -> None:
        if target == "sqs":
            house.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})
        else:
            house.client("sns").set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=text)

    before = outbox.given_up
    set_policy(policy("another"))
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    s3.put_object(Bucket=bucket, Key="refused", Body=b"")
    eventually(lambda: outbox.given_up >= before + 1)
    set_policy(policy(bucket))
    s3.put_object(Bucket=bucket, Key="let-in", Body=b"")
    if target == "sns":
        eventually(lambda: house.composition.topics.published == published + 1)
        return
    heard: list[str] = []
    eventually(lambda: bool(heard.extend(bodies(house, url)) or heard))
    (event,) = [json.loads(each) for each in heard if "Records" in each]
    assert event["Records"][0]["s3"]["object"]["key"] == "let-in"


def test_a_topic_sends_where_it_is_let_in(house: House) -> None:
    sns, outbox = house.client("sns"), house.composition.topics.outbox
    arn = sns.create_topic(Name="fan-out")["TopicArn"]
    url = make_queue(house, "fan-in")
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn("fan-in"))
    before = outbox.dropped
    sns.publish(TopicArn=arn, Message="refused")
    eventually(lambda: outbox.dropped == before + 1)
    policy = document(lets_in("sns", "sqs:SendMessage", queue_arn("fan-in"), arn))
    house.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.publish(TopicArn=arn, Message="let in")
    heard: list[str] = []
    eventually(lambda: bool(heard.extend(bodies(house, url)) or heard))
    assert [json.loads(each)["Message"] for each in heard] == ["let in"]


def test_a_topic_invokes_what_lets_it_in(house: House) -> None:
    sns, outbox = house.client("sns"), house.composition.topics.outbox
    arn = sns.create_topic(Name="calls")["TopicArn"]
    function = make_function(house, "called", make_role(house, "called"), "def handler(event, context):\n    pass\n")
    sns.subscribe(TopicArn=arn, Protocol="lambda", Endpoint=function)
    before, delivered = outbox.dropped, outbox.delivered
    sns.publish(TopicArn=arn, Message="refused")
    eventually(lambda: outbox.dropped == before + 1)
    house.client("lambda").add_permission(
        FunctionName="called", StatementId="sns", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com",
        SourceArn=arn,
    )  # fmt: skip
    sns.publish(TopicArn=arn, Message="let in")
    eventually(lambda: outbox.delivered == delivered + 1)


def test_a_rule_sends_where_it_is_let_in(house: House) -> None:
    events, outbox = house.client("events"), house.composition.events.outbox
    url = make_queue(house, "of-rule")
    rule = events.put_rule(Name="to-queue", EventPattern='{"source": ["queues"]}')["RuleArn"]
    events.put_targets(Rule="to-queue", Targets=[{"Id": "1", "Arn": queue_arn("of-rule"), "Input": '{"n": 1}'}])
    entry = {"Source": "queues", "DetailType": "sold", "Detail": "{}"}
    before = outbox.dropped
    events.put_events(Entries=[entry])
    eventually(lambda: outbox.dropped == before + 1)
    policy = document(lets_in("events", "sqs:SendMessage", queue_arn("of-rule"), rule))
    house.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    events.put_events(Entries=[entry])
    heard: list[str] = []
    eventually(lambda: bool(heard.extend(bodies(house, url)) or heard))
    assert heard == ['{"n": 1}']


def test_a_schedule_sends_by_its_role(house: House) -> None:
    url = make_queue(house, "of-schedule")
    iam = house.client("iam")
    role = iam.create_role(RoleName="scheduling", AssumeRolePolicyDocument=trust("scheduler.amazonaws.com"))["Role"]
    attributes = {"SCHEDULE_ARN": f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/s", "ROLE_ARN": role["Arn"]}

    def send() -> None:
        work = house.composition.events.destinations.send(queue_arn("of-schedule"), SENT.encode(), attributes)
        asyncio.run_coroutine_threadsafe(work, house.loop).result(30)

    with pytest.raises(DestinationError, match="is not authorized to perform: sqs:SendMessage"):
        send()
    grant = document(allow("sqs:SendMessage", queue_arn("of-schedule")))
    iam.put_role_policy(RoleName="scheduling", PolicyName="p", PolicyDocument=grant)
    send()
    assert bodies(house, url) == [SENT]
