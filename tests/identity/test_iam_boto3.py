"""IAM and STS by boto3, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from identity_support import ACCOUNT, House, allow, document, keys_of, refused, trust

BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def test_the_tutorials_role(house: House) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis-example.html"""
    iam = house.client("iam")
    role = iam.create_role(RoleName="lambda-kinesis-role", AssumeRolePolicyDocument=trust())["Role"]
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/lambda-kinesis-role"
    assert role["AssumeRolePolicyDocument"] == json.loads(trust())
    arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
    iam.attach_role_policy(RoleName="lambda-kinesis-role", PolicyArn=arn)
    (attached,) = iam.list_attached_role_policies(RoleName="lambda-kinesis-role")["AttachedPolicies"]
    assert attached == {"PolicyName": "AWSLambdaKinesisExecutionRole", "PolicyArn": arn}
    version = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]
    assert "kinesis:GetRecords" in version["Document"]["Statement"][0]["Action"]
    assert refused(lambda: iam.delete_role(RoleName="lambda-kinesis-role"))[0] == "DeleteConflict"
    iam.detach_role_policy(RoleName="lambda-kinesis-role", PolicyArn=arn)
    iam.delete_role(RoleName="lambda-kinesis-role")
    code, status, text = refused(lambda: iam.get_role(RoleName="lambda-kinesis-role"))
    assert (code, status) == ("NoSuchEntity", 404)
    assert text == "The role with name lambda-kinesis-role cannot be found."


def test_users_groups_and_keys(house: House) -> None:
    iam = house.client("iam")
    user = iam.create_user(UserName="Carl", Path="/staff/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    assert user["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/staff/Carl"
    assert refused(lambda: iam.create_user(UserName="carl"))[0] == "EntityAlreadyExists"
    assert iam.list_user_tags(UserName="Carl")["Tags"] == [{"Key": "team", "Value": "blue"}]
    keys = [iam.create_access_key(UserName="Carl")["AccessKey"] for _ in range(2)]
    assert refused(lambda: iam.create_access_key(UserName="Carl"))[:2] == ("LimitExceeded", 409)
    carl = house.client("iam", keys_of(keys[0]))
    assert refused(carl.get_user)[0] == "AccessDenied"
    iam.create_group(GroupName="readers")
    iam.put_group_policy(GroupName="readers", PolicyName="p", PolicyDocument=document(allow("iam:Get*")))
    iam.add_user_to_group(GroupName="readers", UserName="Carl")
    assert carl.get_user()["User"]["UserId"] == user["UserId"]
    assert [each["GroupName"] for each in iam.list_groups_for_user(UserName="Carl")["Groups"]] == ["readers"]
    assert [each["UserName"] for each in iam.get_group(GroupName="readers")["Users"]] == ["Carl"]
    assert refused(lambda: iam.delete_group(GroupName="readers"))[0] == "DeleteConflict"
    iam.update_access_key(UserName="Carl", AccessKeyId=keys[0]["AccessKeyId"], Status="Inactive")
    assert refused(carl.get_user)[0] == "InvalidClientTokenId"
    iam.update_access_key(UserName="Carl", AccessKeyId=keys[0]["AccessKeyId"], Status="Active")
    used = iam.get_access_key_last_used(AccessKeyId=keys[0]["AccessKeyId"])
    assert (used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]) == ("Carl", "iam")
    iam.update_user(UserName="Carl", NewUserName="Karl")
    assert carl.get_user()["User"]["UserName"] == "Karl"
    assert refused(lambda: iam.get_user(UserName="Carl"))[0] == "NoSuchEntity"
    for key in keys:
        assert refused(lambda: iam.delete_user(UserName="Karl"))[0] == "DeleteConflict"
        iam.delete_access_key(UserName="Karl", AccessKeyId=key["AccessKeyId"])
    iam.remove_user_from_group(GroupName="readers", UserName="Karl")
    iam.delete_user(UserName="Karl")
    iam.delete_group_policy(GroupName="readers", PolicyName="p")
    iam.delete_group(GroupName="readers")


def test_managed_policies_and_their_versions(house: House) -> None:
    iam = house.client("iam")
    made = iam.create_policy(PolicyName="writers", PolicyDocument=document(allow("kinesis:Put*")))["Policy"]
    arn = made["Arn"]
    keys = house.user("vera")
    iam.attach_user_policy(UserName="vera", PolicyArn=arn)
    vera = house.client("kinesis", keys)
    assert refused(vera.list_streams)[0] == "AccessDeniedException"
    second = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(allow("kinesis:List*")))
    assert second["PolicyVersion"]["VersionId"] == "v2"
    assert refused(vera.list_streams)[0] == "AccessDeniedException"
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    assert vera.list_streams()
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    assert [each["VersionId"] for each in iam.list_policy_versions(PolicyArn=arn)["Versions"]] == ["v2", "v1"]
    assert refused(lambda: iam.delete_policy_version(PolicyArn=arn, VersionId="v2"))[0] == "DeleteConflict"
    assert refused(lambda: iam.delete_policy(PolicyArn=arn))[0] == "DeleteConflict"
    (named,) = iam.list_entities_for_policy(PolicyArn=arn)["PolicyUsers"]
    assert named["UserName"] == "vera"
    local = [each["PolicyName"] for each in iam.list_policies(Scope="Local")["Policies"]]
    assert "writers" in local
    assert "AdministratorAccess" not in local
    aws = [
        each
        for page in iam.get_paginator("list_policies").paginate(Scope="AWS", MaxItems=7)
        for each in page["Policies"]
    ]
    assert len({each["Arn"] for each in aws}) == len(aws) > 30
    assert (
        refused(lambda: iam.create_policy_version(PolicyArn=BASIC, PolicyDocument=document(allow("a:b"))))[0]
        == "AccessDenied"
    )
    iam.detach_user_policy(UserName="vera", PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy(PolicyArn=arn)


def test_boundaries(house: House) -> None:
    iam = house.client("iam")
    keys = house.user("bella", allow("*"))
    bella = house.client("kinesis", keys)
    assert bella.list_streams()
    iam.put_user_permissions_boundary(
        UserName="bella", PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3FullAccess"
    )
    code, _, text = refused(bella.list_streams)
    assert code == "AccessDeniedException"
    assert text.endswith("because no permissions boundary allows the kinesis:ListStreams action")
    shown = iam.get_user(UserName="bella")["User"]["PermissionsBoundary"]
    assert shown["PermissionsBoundaryArn"].endswith("policy/AmazonS3FullAccess")
    iam.delete_user_permissions_boundary(UserName="bella")
    assert bella.list_streams()


def policied(*statements: dict[str, Any]) -> Callable[[Any], Any]:
    return lambda iam: iam.create_policy(PolicyName="x", PolicyDocument=document(*statements))


def roled(text: str) -> Callable[[Any], Any]:
    return lambda iam: iam.create_role(RoleName="x", AssumeRolePolicyDocument=text)


BAD = "MalformedPolicyDocument"


@pytest.mark.parametrize(
    ("call", "code", "text"),
    [
        (roled("{}"), BAD, "Syntax errors in policy."),
        (roled(document(allow("sts:AssumeRole"))), BAD, "Has prohibited field Resource"),
        (policied(allow("s3")), BAD, "Actions/Conditions must be prefaced by a vendor"),
        (policied(allow("s3:Get", "*" + " " * 7000 + "x")), BAD, "Resource"),
        (policied(allow(["s3:a"] * 2000)), "LimitExceeded", "Cannot exceed quota for PolicySize: 6144"),
        (lambda iam: iam.attach_role_policy(RoleName="none", PolicyArn=BASIC), "NoSuchEntity", "The role with name no"),
        (lambda iam: iam.get_policy(PolicyArn=f"arn:aws:iam::{ACCOUNT}:policy/none"), "NoSuchEntity", "Policy arn:aws"),
        (lambda iam: iam.create_access_key(), "ValidationError", "Must specify userName when calling with non-User"),
        (lambda iam: iam.list_users(Marker="x"), "ValidationError", "Invalid marker"),
        (lambda iam: iam.create_user(UserName="a b"), "ValidationError", "1 validation error detected"),
    ],
)
def test_what_is_refused(house: House, call: Callable[[Any], Any], code: str, text: str) -> None:
    found, _, told = refused(lambda: call(house.client("iam")))
    assert (found, told[: len(text)]) == (code, text)


def test_taking_a_role(house: House) -> None:
    iam, sts = house.client("iam"), house.client("sts")
    keys = house.user("tom", allow("sts:AssumeRole"))
    arn = f"arn:aws:iam::{ACCOUNT}:role/shared"
    tom = house.client("sts", keys)
    code, status, text = refused(lambda: tom.assume_role(RoleArn=arn, RoleSessionName="s1"))
    assert (code, status) == ("AccessDenied", 403)
    assert text.startswith(
        f"User: arn:aws:iam::{ACCOUNT}:user/tom is not authorized to perform: sts:AssumeRole on reso"
    )
    iam.create_role(RoleName="shared", AssumeRolePolicyDocument=trust())
    iam.put_role_policy(RoleName="shared", PolicyName="p", PolicyDocument=document(allow("kinesis:*")))
    assert refused(lambda: tom.assume_role(RoleArn=arn, RoleSessionName="s1"))[0] == "AccessDenied"
    statement = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
    condition = {"StringEquals": {"sts:ExternalId": "42"}}
    iam.update_assume_role_policy(RoleName="shared", PolicyDocument=document(statement | {"Condition": condition}))
    assert refused(lambda: tom.assume_role(RoleArn=arn, RoleSessionName="s1"))[0] == "AccessDenied"
    taken = tom.assume_role(RoleArn=arn, RoleSessionName="s1", ExternalId="42")
    assert taken["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/shared/s1"
    session = keys_of(taken["Credentials"])
    assert session["aws_access_key_id"].startswith("ASIA")
    who = house.client("sts", session).get_caller_identity()
    assert (who["Arn"], who["Account"]) == (taken["AssumedRoleUser"]["Arn"], ACCOUNT)
    assert house.client("kinesis", session).list_streams()
    assert refused(house.client("s3", session).list_buckets)[0] == "AccessDenied"
    small = tom.assume_role(RoleArn=arn, RoleSessionName="s2", ExternalId="42", Policy=document(allow("kinesis:Put*")))
    _, _, text = refused(house.client("kinesis", keys_of(small["Credentials"])).list_streams)
    assert text.endswith("because no session policy allows the kinesis:ListStreams action")
    too_long = {"RoleArn": arn, "RoleSessionName": "s3", "ExternalId": "42", "DurationSeconds": 7200}
    assert refused(lambda: tom.assume_role(**too_long))[0] == "ValidationError"
    iam.delete_role_policy(RoleName="shared", PolicyName="p")
    assert refused(house.client("kinesis", session).list_streams)[0] == "AccessDeniedException"
    iam.delete_role(RoleName="shared")
    iam.create_role(RoleName="shared", AssumeRolePolicyDocument=trust())
    iam.put_role_policy(RoleName="shared", PolicyName="p", PolicyDocument=document(allow("kinesis:*")))
    assert refused(house.client("kinesis", session).list_streams)[0] == "AccessDeniedException"
    assert refused(lambda: sts.get_access_key_info(AccessKeyId="AKIAIOSFODNN7EXAMPLE"))[0] == "ValidationError"
    assert sts.get_access_key_info(AccessKeyId=keys["aws_access_key_id"])["Account"] == ACCOUNT
    with pytest.raises(ClientError, match="MissingAuthenticationToken"):  # clients do not sign it
        sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="web", WebIdentityToken="t" * 10)


def test_simulation(house: House) -> None:
    iam = house.client("iam")
    house.user("sim", allow("s3:GetObject", "arn:aws:s3:::b/${aws:username}/*"))
    arn = f"arn:aws:iam::{ACCOUNT}:user/sim"

    def decided(**given: Any) -> list[str]:
        return [each["EvalDecision"] for each in iam.simulate_principal_policy(**given)["EvaluationResults"]]

    asked = {"PolicySourceArn": arn, "ActionNames": ["s3:GetObject", "s3:PutObject"]}
    assert decided(**asked, ResourceArns=["arn:aws:s3:::b/sim/k"]) == ["allowed", "implicitDeny"]
    assert decided(**asked, ResourceArns=["arn:aws:s3:::b/other/k"]) == ["implicitDeny", "implicitDeny"]
    denial = document({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    assert decided(**asked, PolicyInputList=[denial]) == ["explicitDeny", "explicitDeny"]
    conditional = document(allow("s3:*", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}))
    entry = {"ContextKeyName": "aws:SourceIp", "ContextKeyValues": ["10.1.2.3"], "ContextKeyType": "ip"}
    given = {"PolicyInputList": [conditional], "ActionNames": ["s3:GetObject"]}
    for entries, decision in (([entry], "allowed"), ([], "implicitDeny")):
        (result,) = iam.simulate_custom_policy(**given, ContextEntries=entries)["EvaluationResults"]
        assert result["EvalDecision"] == decision
    assert (
        refused(lambda: iam.simulate_principal_policy(PolicySourceArn=arn + "x", ActionNames=["a:b"]))[0]
        == "NoSuchEntity"
    )


def test_conditions_on_the_request(house: House) -> None:
    here = {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}, "Bool": {"aws:SecureTransport": "false"}}
    keys = house.user("here", allow("kinesis:ListStreams", Condition=here))
    assert house.client("kinesis", keys).list_streams()
    away = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    keys = house.user("away", allow("kinesis:ListStreams", Condition=away))
    assert refused(house.client("kinesis", keys).list_streams)[0] == "AccessDeniedException"
    s3 = house.client("s3")
    s3.create_bucket(Bucket="homes", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    home = {"StringLike": {"s3:prefix": "${aws:username}/*"}}
    keys = house.user("hal", allow("s3:ListBucket", "arn:aws:s3:::homes", Condition=home))
    hal = house.client("s3", keys)
    assert hal.list_objects_v2(Bucket="homes", Prefix="hal/x")["KeyCount"] == 0
    assert refused(lambda: hal.list_objects_v2(Bucket="homes", Prefix="ann/"))[0] == "AccessDenied"


def test_bucket_policies(house: House) -> None:
    s3 = house.client("s3")
    s3.create_bucket(Bucket="open", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for key in ("a", "secret/b"):
        s3.put_object(Bucket="open", Key=key, Body=b"x")
    keys = house.user("otto")
    otto = house.client("s3", keys)
    assert refused(lambda: otto.get_object(Bucket="open", Key="a"))[0] == "AccessDenied"
    arn = f"arn:aws:iam::{ACCOUNT}:user/otto"
    statements = [
        allow("s3:GetObject", "arn:aws:s3:::open/*", Principal={"AWS": arn}),
        {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::open/secret/*"},
        allow("s3:DeleteObject", "arn:aws:s3:::open/a", Principal={"AWS": arn}),
    ]
    s3.put_bucket_policy(Bucket="open", Policy=document(*statements))
    assert otto.get_object(Bucket="open", Key="a")["Body"].read() == b"x"
    _, _, text = refused(lambda: otto.get_object(Bucket="open", Key="secret/b"))
    assert text.endswith("with an explicit deny in a resource-based policy")
    assert refused(lambda: s3.get_object(Bucket="open", Key="secret/b"))[0] == "AccessDenied"
    told = otto.delete_objects(Bucket="open", Delete={"Objects": [{"Key": "a"}, {"Key": "secret/b"}]})
    assert [each["Key"] for each in told["Deleted"]] == ["a"]
    assert [(each["Key"], each["Code"]) for each in told["Errors"]] == [("secret/b", "AccessDenied")]
    assert refused(lambda: s3.put_bucket_policy(Bucket="open", Policy=document(allow("s3:*"))))[0] == "MalformedPolicy"


def test_streams_by_every_way_in(house: House) -> None:
    """The resource is the stream that is read, whatever name or token it goes by."""
    kinesis = house.client("kinesis")
    for name in ("ours", "hers"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
        kinesis.get_waiter("stream_exists").wait(StreamName=name, WaiterConfig={"Delay": 1})
    ours, hers = (f"arn:aws:kinesis:eu-west-1:{ACCOUNT}:stream/{name}" for name in ("ours", "hers"))
    keys = house.user("ida", allow("kinesis:*", ours), {"Effect": "Deny", "Action": "*", "Resource": hers})
    ida = house.client("kinesis", keys)
    shard = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    assert ida.put_record(StreamName="ours", PartitionKey="k", Data=b"x")
    iterator = kinesis.get_shard_iterator(StreamName="hers", **shard)["ShardIterator"]
    for call in (
        lambda: ida.put_record(StreamName="hers", PartitionKey="k", Data=b"x"),
        lambda: ida.put_record(StreamARN=hers, PartitionKey="k", Data=b"x"),
        lambda: ida.put_record(StreamARN=hers.replace("arn:aws:", "arn:aws-cn:"), PartitionKey="k", Data=b"x"),
        lambda: ida.get_records(ShardIterator=iterator),
        lambda: ida.get_records(ShardIterator=iterator, StreamARN=ours),
        lambda: ida.list_shards(StreamName="hers"),
    ):
        assert refused(call)[0] in ("AccessDeniedException", "ValidationException")
    mine = ida.get_shard_iterator(StreamName="ours", **shard)["ShardIterator"]
    assert len(ida.get_records(ShardIterator=mine)["Records"]) == 1
