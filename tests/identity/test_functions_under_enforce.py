"""Functions have their role's credentials and nothing more; services invoke what lets them in."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from identity_support import ACCOUNT, REGION, House, allow, document, refused, trust, zipped

READER = """
import boto3, json, os

def handler(event, context):
    s3 = boto3.client("s3")
    told = {"arn": boto3.client("sts").get_caller_identity()["Arn"]}
    for bucket in event["buckets"]:
        try:
            told[bucket] = s3.get_object(Bucket=bucket, Key="k")["Body"].read().decode()
        except Exception as error:
            told[bucket] = str(error)
    return told
"""
WRITER = """
import boto3

def handler(event, context):
    boto3.client("s3").put_object(Bucket="heard", Key=event["Records"][0]["s3"]["object"]["key"], Body=b"x")
"""


def make_role(house: House, name: str, *statements: dict[str, Any]) -> str:
    iam = house.client("iam")
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust())["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document(*statements))
    return arn


def make_function(house: House, name: str, role: str, code: str) -> str:
    functions = house.client("lambda")
    made = functions.create_function(
        FunctionName=name, Runtime="python3.11", Handler="app.handler", Role=role, Code={"ZipFile": zipped(code)},
        Timeout=30,
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    arn: str = made["FunctionArn"]
    return arn


def make_bucket(house: House, name: str) -> Any:
    s3 = house.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


def eventually(found: Callable[[], bool]) -> None:
    """Waits for what another thread does."""
    done = threading.Event()
    for _ in range(200):
        if found():
            return
        done.wait(0.05)
    raise AssertionError("it did not come")


@pytest.mark.parametrize("name", ["nobody", "plain"])
def test_the_role_must_be_one_that_lambda_can_take(house: House, name: str) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    if name == "plain":
        house.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust("events.amazonaws.com"))
    code, status, text = refused(lambda: make_function(house, name, role, READER))
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert text == "The role defined for the function cannot be assumed by Lambda."


def test_who_creates_a_function_must_be_allowed_to_pass_its_role(house: House) -> None:
    role = make_role(house, "passed")
    keys = house.user("maker", allow("lambda:*"))
    create = {"FunctionName": "passing", "Runtime": "python3.11", "Handler": "app.handler", "Role": role,
              "Code": {"ZipFile": zipped(READER)}}  # fmt: skip
    code, _, text = refused(lambda: house.client("lambda", keys).create_function(**create))
    assert code == "AccessDeniedException"
    assert f"is not authorized to perform: iam:PassRole on resource: {role} because no identity-based" in text
    condition = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    grant = document(allow("lambda:*"), allow("iam:PassRole", role, Condition=condition))
    house.client("iam").put_user_policy(UserName="maker", PolicyName="p", PolicyDocument=grant)
    assert house.client("lambda", keys).create_function(**create)["Role"] == role


def test_a_function_reads_what_its_role_may_and_nothing_else(house: House) -> None:
    for name in ("mine", "theirs"):
        make_bucket(house, name).put_object(Bucket=name, Key="k", Body=f"of {name}".encode())
    role = make_role(house, "reader", allow("s3:GetObject", "arn:aws:s3:::mine/*"))
    make_function(house, "reader", role, READER)
    functions = house.client("lambda")

    def told() -> dict[str, str]:
        answer = functions.invoke(FunctionName="reader", Payload=json.dumps({"buckets": ["mine", "theirs"]}))
        found: dict[str, str] = json.loads(answer["Payload"].read())
        return found

    first = told()
    assert first["arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/reader"
    assert first["mine"] == "of mine"
    assert "AccessDenied" in first["theirs"]
    assert "is not authorized to perform: s3:GetObject on resource: " in first["theirs"]
    # A warm worker keeps its keys; what they may is looked up each time.
    grant = document(allow("s3:GetObject", "arn:aws:s3:::theirs/*"))
    house.client("iam").put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=grant)
    second = told()
    assert (second["theirs"], "AccessDenied" in second["mine"]) == ("of theirs", True)


def test_a_bucket_invokes_what_lets_it_in(house: House) -> None:
    s3 = make_bucket(house, "told")
    make_bucket(house, "heard")
    role = make_role(house, "writer", allow("s3:PutObject", "arn:aws:s3:::heard/*"))
    arn = make_function(house, "writer", role, WRITER)
    s3.put_bucket_notification_configuration(
        Bucket="told",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    outbox = house.composition.objects.store.outbox
    s3.put_object(Bucket="told", Key="refused", Body=b"")
    eventually(lambda: outbox.given_up == 1)
    functions = house.client("lambda")
    permission = {"FunctionName": "writer", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com"}
    functions.add_permission(StatementId="other", SourceArn="arn:aws:s3:::heard", **permission)
    s3.put_object(Bucket="told", Key="of-another", Body=b"")
    eventually(lambda: outbox.given_up == 2)
    functions.add_permission(StatementId="s3", SourceArn="arn:aws:s3:::told", SourceAccount=ACCOUNT, **permission)
    s3.put_object(Bucket="told", Key="let-in", Body=b"")

    def keys() -> list[str]:
        return [each["Key"] for each in s3.list_objects_v2(Bucket="heard").get("Contents", [])]

    eventually(lambda: bool(keys()))
    assert keys() == ["let-in"]


def test_a_mapping_needs_a_role_that_may_read_the_stream(house: House) -> None:
    kinesis, functions = house.client("kinesis"), house.client("lambda")
    kinesis.create_stream(StreamName="mapped", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="mapped", WaiterConfig={"Delay": 1})
    arn = kinesis.describe_stream_summary(StreamName="mapped")["StreamDescriptionSummary"]["StreamARN"]
    make_function(house, "mapped", make_role(house, "mapped"), READER)
    mapping = {"EventSourceArn": arn, "FunctionName": "mapped", "StartingPosition": "LATEST"}
    code, status, text = refused(lambda: functions.create_event_source_mapping(**mapping))
    assert (code, status) == ("InvalidParameterValueException", 400)
    assert text.startswith(f"Cannot access stream {arn}. Please ensure the role can perform the GetRecords, ")
    house.client("iam").attach_role_policy(
        RoleName="mapped", PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
    )
    assert functions.create_event_source_mapping(**mapping)["UUID"]


def test_function_urls(house: House) -> None:
    import urllib.error
    import urllib.request

    make_function(house, "url", make_role(house, "url"), "def handler(event, context):\n    return 'hi'\n")
    functions = house.client("lambda")
    url = functions.create_function_url_config(FunctionName="url", AuthType="NONE")["FunctionUrl"]
    url_id = url.partition("//")[2].partition(".")[0]
    direct = f"{house.url}/_streamcore/url/{url_id}/"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(direct)
    caught.value.close()
    assert caught.value.code == 403
    functions.add_permission(
        FunctionName="url", StatementId="all", Action="lambda:InvokeFunctionUrl", Principal="*",
        FunctionUrlAuthType="NONE",
    )  # fmt: skip
    with urllib.request.urlopen(direct) as answer:
        assert answer.read() == b"hi"


def test_a_rule_needs_permission_too(house: House) -> None:
    make_bucket(house, "ruled")
    role = make_role(house, "ruled", allow("s3:PutObject", "arn:aws:s3:::ruled/*"))
    code = 'import boto3\n\ndef handler(event, context):\n    boto3.client("s3").put_object(Bucket="ruled", Key="k")\n'
    arn = make_function(house, "ruled", role, code)
    events = house.client("events")
    rule = events.put_rule(Name="ruled", EventPattern='{"source": ["shop"]}')["RuleArn"]
    events.put_targets(Rule="ruled", Targets=[{"Id": "1", "Arn": arn}])
    entry = {"Source": "shop", "DetailType": "sold", "Detail": "{}"}
    events.put_events(Entries=[entry])
    eventually(lambda: house.composition.events.outbox.dropped == 1)
    house.client("lambda").add_permission(
        FunctionName="ruled", StatementId="rule", Action="lambda:InvokeFunction", Principal="events.amazonaws.com",
        SourceArn=rule,
    )  # fmt: skip
    events.put_events(Entries=[entry])
    s3 = house.client("s3")

    def is_there() -> bool:
        try:
            s3.head_object(Bucket="ruled", Key="k")
        except ClientError:
            return False
        return True

    eventually(is_there)
