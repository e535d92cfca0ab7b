"""The control plane by boto3: scenario tables of answers and errors, with AWS's sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lambda_harness import ACCOUNT, NOW_MS, REGION, ROLE, ZIP, World, archive, arn

from runtime.errors import RuntimeUnavailableError
from streamcore.api.http import Request

INVALID = "InvalidParameterValueException"
MISSING = "ResourceNotFoundException"
CONFLICT = "ResourceConflictException"
OTHER_ZIP = archive({"app.py": "def handler(event, context): return 2\n"})
FUNCTION = {"FunctionName": "f", "Role": ROLE, "Runtime": "python3.12", "Handler": "app.handler"}
NOT_FOUND = f"Function not found: {arn('nope')}"
REVISION = (
    "The RevisionId provided does not match the latest RevisionId. "
    "Call the GetFunction/GetAlias API to retrieve the latest RevisionId for your resource."
)
UNQUALIFIED = (
    "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. "
    "Please specify either a function name or an unqualified function ARN."
)
LAYER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:layer:lib"


def one(sentence: str) -> str:
    return f"1 validation error detected: {sentence}"


# ---------------------------------------------------------------- functions


def test_a_function_as_aws_tells_it(world: World) -> None:
    told = world.client.create_function(
        **FUNCTION,
        Code={"ZipFile": ZIP},
        Environment={"Variables": {"A1": "b"}},
        Tags={"team": "x"},
        MemorySize=192,
        Timeout=300,
        VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        DeadLetterConfig={"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:q"},
        LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"},
    )
    revision = told.pop("RevisionId")
    told.pop("ResponseMetadata")
    assert told == {
        "FunctionName": "f",
        "FunctionArn": arn("f"),
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "app.handler",
        "CodeSize": len(ZIP),
        "Description": "",
        "Timeout": 300,
        "MemorySize": 192,
        "LastModified": "2023-11-14T22:13:20.000+0000",
        "CodeSha256": told["CodeSha256"],
        "Version": "$LATEST",
        "Environment": {"Variables": {"A1": "b"}},
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"], "VpcId": ""},
        "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:eu-west-1:123456789012:q"},
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "LogGroup": "/aws/lambda/f"},
    }
    world.settle()
    got = world.client.get_function(FunctionName=arn("f"))
    configuration = got["Configuration"]
    assert (configuration["State"], configuration["LastUpdateStatus"]) == ("Active", "Successful")
    assert "StateReason" not in configuration
    assert configuration["RevisionId"] != revision
    assert got["Tags"] == {"team": "x"}
    assert "Concurrency" not in got


def test_code_can_be_downloaded_from_where_get_function_says(world: World) -> None:
    from runtime.api.downloads import DownloadsApi

    world.create()
    location = world.client.get_function(FunctionName="f")["Code"]["Location"]
    start = "http://streamcore.invalid/_streamcore/code/"
    assert location.startswith(start)
    path, _, query = location.removeprefix("http://streamcore.invalid").partition("?")
    api = DownloadsApi(world.functions.downloads, world.clock)
    got = world.run(api.handle(Request("GET", path, {}, query=query)))
    assert (got.status, got.body) == (200, ZIP)
    for bad in (
        Request("GET", path, {}, query=query[:-1] + "x"),
        Request("GET", path, {}, query=""),
        Request("GET", path, {}, query="&".join(f"a{n}=1" for n in range(50))),
        Request("GET", "/_streamcore/code/../../x.zip", {}, query=query),
    ):
        assert world.run(api.handle(bad)).status == 403
    assert world.run(api.handle(Request("POST", path, {}))).status == 405
    world.clock.advance(601)
    assert world.run(api.handle(Request("GET", path, {}, query=query))).status == 403


CREATE_ERRORS: dict[str, tuple[dict[str, Any], str, str]] = {
    "no code": ({"Code": {}}, INVALID, "Please provide a source for function code."),
    "two sources": (
        {"Code": {"ZipFile": ZIP, "S3Bucket": "bucket"}},
        INVALID,
        "Please do not provide other FunctionCode parameters when providing a ZipFile.",
    ),
    "an empty zip": ({"Code": {"ZipFile": b""}}, INVALID, "Uploaded file must be a non-empty zip"),
    "no zip": (
        {"Code": {"ZipFile": b"nonsense"}},
        INVALID,
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    ),
    "s3": (
        {"Code": {"S3Bucket": "bucket", "S3Key": "key"}},
        INVALID,
        "S3Bucket and S3Key need an S3 service, and this endpoint has none. "
        'Give the code as ZipFile, or S3Bucket="hot-reload" and S3Key=<absolute folder>.',
    ),
    "a folder that is not there": (
        {"Code": {"S3Bucket": "hot-reload", "S3Key": "/nowhere/at/all"}},
        INVALID,
        "There is no folder /nowhere/at/all on the machine of this endpoint.",
    ),
    "a relative folder": (
        {"Code": {"S3Bucket": "hot-reload", "S3Key": "src"}},
        INVALID,
        "S3Key of the bucket hot-reload must be the absolute path of a folder; got src",
    ),
    "no runtime": (
        {"Runtime": None},
        INVALID,
        "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
    ),
    "reserved variable": (
        {"Environment": {"Variables": {"AWS_REGION": "x"}}},
        INVALID,
        "Lambda was unable to configure your environment variables because the environment variables you have "
        "provided contains reserved keys that are currently not supported for modification. "
        "Reserved keys used in this request: AWS_REGION",
    ),
    "memory": (
        {"MemorySize": 64},
        "ValidationException",
        one(
            "Value '64' at 'memorySize' failed to satisfy constraint: "
            "Member must have value greater than or equal to 128"
        ),
    ),
    "timeout": (
        {"Timeout": 901},
        "ValidationException",
        one("Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900"),
    ),
    "a long name": (
        {"FunctionName": "a" * 65},
        "ValidationException",
        one(
            f"Value '{'a' * 65}' at 'functionName' failed to satisfy constraint: "
            "Member must have length less than or equal to 64"
        ),
    ),
    "a qualified name": ({"FunctionName": "f:live"}, INVALID, UNQUALIFIED),
    "no role": (
        {"Role": None},
        "ValidationException",
        one("Value null at 'role' failed to satisfy constraint: Member must not be null"),
    ),
    "an image": (
        {"PackageType": "Image"},
        INVALID,
        "PackageType is not available here: functions are zip archives, there are no containers",
    ),
    "EFS": (
        {"FileSystemConfigs": [{"Arn": "a", "LocalMountPath": "/mnt/a"}]},
        INVALID,
        "FileSystemConfigs is not available here: there is no EFS",
    ),
    "a layer that is not there": (
        {"Layers": [f"{LAYER}:1"]},
        INVALID,
        f"Layer version {LAYER}:1 does not exist.",
    ),
    "six layers": ({"Layers": [f"{LAYER}{n}:1" for n in range(6)]}, INVALID, "Cannot reference more than 5 layers."),
    "two versions of a layer": (
        {"Layers": [f"{LAYER}:1", f"{LAYER}:2"]},
        INVALID,
        "Two different versions of the same layer are not allowed to be referenced in the same function. "
        f"{LAYER}:1 and {LAYER}:2 are versions of the same layer.",
    ),
    "tags": ({"Tags": {f"k{n}": "" for n in range(51)}}, INVALID, "Number of tags exceeds resource tag limit."),
    "it exists": ({"FunctionName": "there"}, CONFLICT, "Function already exist: there"),
    "signing": (
        {"CodeSigningConfigArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-{'a' * 17}"},
        "CodeSigningConfigNotFoundException",
        "The code signing configuration cannot be found. Check that the provided configuration is not deleted: "
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:code-signing-config:csc-{'a' * 17}.",
    ),
}


@pytest.mark.parametrize("case", CREATE_ERRORS)
def test_what_cannot_be_created(world: World, case: str) -> None:
    given, code, message = CREATE_ERRORS[case]
    world.create("there")
    request = {"Code": {"ZipFile": ZIP}} | FUNCTION | given
    request = {name: value for name, value in request.items() if value is not None}
    assert world.fails("create_function", **request) == (code, message)
    assert [each["FunctionName"] for each in world.client.list_functions()["Functions"]] == ["there"]


def test_runtimes(world: World) -> None:
    code, message = world.fails("create_function", **FUNCTION | {"Runtime": "cobol85"}, Code={"ZipFile": ZIP})
    assert code == INVALID
    assert message.startswith(
        "Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs"
    )
    assert message.endswith("] or be a valid ARN")
    world.create("old", Runtime="python2.7")

    def check(runtime: str, handler: str, architectures: tuple[str, ...]) -> None:
        if runtime.startswith("java") or "arm64" in architectures:
            raise RuntimeUnavailableError(runtime, "a JDK is needed")

    world.functions.check_runtime = check
    refused = world.fails("create_function", **FUNCTION | {"Runtime": "java21"}, Code={"ZipFile": ZIP})
    assert refused == (INVALID, "The runtime parameter of java21 cannot be used here: a JDK is needed")
    assert world.fails("update_function_configuration", FunctionName="old", Runtime="java21")[0] == INVALID
    assert world.fails("update_function_code", FunctionName="old", ZipFile=ZIP, Architectures=["arm64"])[0] == INVALID


def test_environment_is_bounded_as_aws_measures(world: World) -> None:
    fits = "x" * (4096 - len('{"A1":""}'))
    world.create("fits", Environment={"Variables": {"A1": fits}})
    code, message = world.fails(
        "create_function", **FUNCTION, Code={"ZipFile": ZIP}, Environment={"Variables": {"A1": fits + "x"}}
    )
    assert code == INVALID
    assert message.startswith(
        "Lambda was unable to configure your environment variables because the environment variables you have "
        'provided exceeded the 4KB limit. String measured: {"A1":"xx'
    )


def test_update_configuration(world: World) -> None:
    world.create(Environment={"Variables": {"A1": "b"}}, KMSKeyArn="arn:aws:kms:eu-west-1:123456789012:key/k")
    before = world.client.get_function_configuration(FunctionName="f")
    told = world.client.update_function_configuration(
        FunctionName="f", Timeout=10, Description="d", RevisionId=before["RevisionId"]
    )
    assert (told["Timeout"], told["Description"], told["LastUpdateStatus"]) == (10, "d", "InProgress")
    assert told["LastUpdateStatusReasonCode"] == "Creating"
    world.settle()
    assert world.fails(
        "update_function_configuration", FunctionName="f", Timeout=11, RevisionId=before["RevisionId"]
    ) == ("PreconditionFailedException", REVISION)
    world.client.update_function_configuration(
        FunctionName="f", Environment={}, KMSKeyArn="", DeadLetterConfig={"TargetArn": "arn:aws:sqs:r:1:q"}
    )
    world.settle()
    after = world.client.get_function_configuration(FunctionName="f")
    assert "Environment" not in after
    assert "KMSKeyArn" not in after
    assert (after["Timeout"], after["DeadLetterConfig"]["TargetArn"]) == (10, "arn:aws:sqs:r:1:q")


def test_update_code(world: World) -> None:
    created = world.create()
    dry = world.client.update_function_code(FunctionName="f", ZipFile=OTHER_ZIP, DryRun=True)
    assert dry["CodeSize"] == len(OTHER_ZIP)
    assert world.client.get_function_configuration(FunctionName="f")["CodeSha256"] == created["CodeSha256"]
    told = world.client.update_function_code(FunctionName="f", ZipFile=OTHER_ZIP, Publish=True)
    assert (told["Version"], told["FunctionArn"]) == ("1", arn("f", "1"))
    world.settle()
    assert world.client.get_function_configuration(FunctionName="f")["CodeSha256"] == dry["CodeSha256"]
    world.quiet()
    assert len(list((world.functions.code._root() / "code").iterdir())) == 1  # the first code is gone
    assert world.fails("update_function_code", FunctionName="nope", ZipFile=ZIP) == (MISSING, NOT_FOUND)
    code, message = world.fails("update_function_code", FunctionName="f", ZipFile=ZIP, RevisionId="x")
    assert (code, message) == ("PreconditionFailedException", REVISION)


def test_what_is_under_way(world: World) -> None:
    world.broker.settings = type(world.broker.settings)(transition_ms=1000)
    world.client.create_function(**FUNCTION, Code={"ZipFile": ZIP})
    pending = (
        CONFLICT,
        "The operation cannot be performed at this time. The function is currently in the following state: Pending",
    )
    assert world.fails("update_function_configuration", FunctionName="f", Timeout=4) == pending
    assert world.fails("invoke", FunctionName="f") == pending
    world.client.get_function(FunctionName="f")
    world.clock.advance(1)
    world.settle()
    world.client.update_function_configuration(FunctionName="f", Timeout=4)
    busy = f"The operation cannot be performed at this time. An update is in progress for resource: {arn('f')}"
    assert world.fails("update_function_code", FunctionName="f", ZipFile=ZIP) == (CONFLICT, busy)
    assert world.fails("publish_version", FunctionName="f") == (CONFLICT, busy)
    assert world.client.invoke(FunctionName="f")["StatusCode"] == 200
    world.restart()  # a restart ends it
    assert world.client.get_function_configuration(FunctionName="f")["LastUpdateStatus"] == "Successful"


def test_a_bundle_too_large_for_one_request(world: World) -> None:
    limit = 69_905_067
    body = json.dumps(FUNCTION | {"Code": {"ZipFile": "A" * limit}}).encode()
    headers = {"authorization": _authorization(), "x-amz-date": "20231114T221320Z"}
    got = world.handle(Request("POST", "/2015-03-31/functions", headers, body))
    assert (got.status, got.error) == (413, "RequestEntityTooLargeException")
    text = "Request must be smaller than 69905067 bytes for the CreateFunction operation"
    assert json.loads(got.body) == {"message": text}
    other = world.handle(Request("POST", "/2015-03-31/functions/f/aliases", headers, bytes(17 * 1024 * 1024)))
    assert (other.status, other.body) == (413, b"<RequestEntityTooLargeException/>\n")


def _authorization() -> str:
    credential = f"{ACCOUNT}/20231114/{REGION}/lambda/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature=0a1b"


def test_lists_come_in_pages(world: World) -> None:
    for name in ("c", "a", "b"):
        world.create(name)
    world.client.publish_version(FunctionName="a")
    pages = world.client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    assert [[each["FunctionName"] for each in page["Functions"]] for page in pages] == [["a", "b"], ["c"]]
    everything = world.client.list_functions(FunctionVersion="ALL")["Functions"]
    assert [each["FunctionArn"] for each in everything] == [arn("a"), arn("a", "1"), arn("b"), arn("c")]
    assert world.client.list_functions(MasterRegion="us-east-1")["Functions"] == []
    assert world.fails("list_functions", Marker="é")[0] == INVALID
    assert world.fails("list_functions", MaxItems=0)[0] == "ValidationException"


NAMES = ["f", arn("f"), f"{ACCOUNT}:function:f", "function:f"]


@pytest.mark.parametrize("name", NAMES)
def test_how_a_function_is_named(world: World, name: str) -> None:
    world.create()
    world.client.publish_version(FunctionName="f")
    assert world.client.get_function_configuration(FunctionName=name)["FunctionArn"] == arn("f")
    version = world.client.get_function_configuration(FunctionName=name, Qualifier="1")
    assert version["FunctionArn"] == arn("f", "1")
    assert world.client.get_function_configuration(FunctionName=f"{name}:1")["Version"] == "1"
    assert world.client.get_function_configuration(FunctionName=f"{name}:1", Qualifier="1")["Version"] == "1"
    assert world.fails("get_function_configuration", FunctionName=f"{name}:1", Qualifier="2") == (
        INVALID,
        "The derived qualifier from the function name does not match the specified qualifier.",
    )


def test_names_that_lead_nowhere(world: World) -> None:
    world.create()
    assert world.fails("get_function", FunctionName="nope") == (MISSING, NOT_FOUND)
    assert world.fails("get_function", FunctionName="f", Qualifier="7") == (
        MISSING,
        f"Function not found: {arn('f', '7')}",
    )
    assert world.fails("get_function", FunctionName="f", Qualifier="live")[0] == MISSING
    far = f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:f"
    text = f"Functions from 'us-west-2' are not reachable in this region ('{REGION}')"
    assert world.fails("get_function", FunctionName=far) == (MISSING, text)
    other = f"arn:aws:lambda:{REGION}:999999999999:function:f"
    assert world.fails("get_function", FunctionName=other) == (MISSING, f"Function not found: {other}")
    assert world.fails("get_function", FunctionName="a b")[0] == "ValidationException"


def test_deleting(world: World) -> None:
    world.create()
    world.client.publish_version(FunctionName="f")
    world.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    assert world.fails("delete_function", FunctionName="f", Qualifier="$LATEST") == (
        INVALID,
        "$LATEST version cannot be deleted without deleting the function.",
    )
    assert world.fails("delete_function", FunctionName="f", Qualifier="live") == (
        INVALID,
        "Deletion of aliases is not currently supported.",
    )
    assert world.fails("delete_function", FunctionName="f", Qualifier="1") == (
        CONFLICT,
        "Version 1 cannot be deleted: the aliases [live] point to it.",
    )
    world.client.delete_alias(FunctionName="f", Name="live")
    world.client.delete_alias(FunctionName="f", Name="live")  # no error
    world.client.delete_function(FunctionName="f", Qualifier="1")
    assert [each["Version"] for each in world.client.list_versions_by_function(FunctionName="f")["Versions"]] == [
        "$LATEST"
    ]
    assert world.client.publish_version(FunctionName="f")["Version"] == "2"  # numbers are not used again
    world.client.delete_function(FunctionName="f")
    assert world.fails("get_function", FunctionName="f")[0] == MISSING
    assert world.fails("delete_function", FunctionName="f")[0] == MISSING
    world.quiet()
    assert list((world.functions.code._root() / "code").iterdir()) == []
    world.create()
    assert world.client.publish_version(FunctionName="f")["Version"] == "1"  # another function


# ---------------------------------------------------------------- versions and aliases


def test_versions(world: World) -> None:
    created = world.create(Publish=True)
    assert (created["Version"], created["FunctionArn"], created["State"]) == ("1", arn("f", "1"), "Pending")
    again = world.client.publish_version(FunctionName="f", Description="ignored: nothing has changed")
    assert (again["Version"], again["Description"]) == ("1", "")
    world.client.update_function_configuration(FunctionName="f", Timeout=9)
    world.settle()
    second = world.client.publish_version(FunctionName="f", Description="two", CodeSha256=created["CodeSha256"])
    assert (second["Version"], second["Description"], second["Timeout"], second["State"]) == ("2", "two", 9, "Active")
    versions = world.client.list_versions_by_function(FunctionName="f")["Versions"]
    assert [each["FunctionArn"] for each in versions] == [arn("f", "$LATEST"), arn("f", "1"), arn("f", "2")]
    assert [each["Timeout"] for each in versions] == [9, 3, 9]
    code, message = world.fails("publish_version", FunctionName="f", CodeSha256="other")
    assert (code, message) == (
        INVALID,
        f"CodeSHA256 (other) is different from current CodeSHA256 in $LATEST ({created['CodeSha256']}). "
        "Please try again with the CodeSHA256 in $LATEST.",
    )
    assert world.fails("publish_version", FunctionName="f", RevisionId="x")[0] == "PreconditionFailedException"


def test_aliases(world: World) -> None:
    world.create(Publish=True)
    world.client.update_function_code(FunctionName="f", ZipFile=OTHER_ZIP, Publish=True)
    world.settle()
    alias = world.client.create_alias(
        FunctionName="f",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}},
    )
    assert alias["AliasArn"] == arn("f", "live")
    assert alias["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.25}}
    got = world.client.get_function_configuration(FunctionName="f", Qualifier="live")
    assert (got["FunctionArn"], got["Version"]) == (arn("f", "live"), "1")
    assert [each["Name"] for each in world.client.list_aliases(FunctionName="f", FunctionVersion="2")["Aliases"]] == [
        "live"
    ]
    updated = world.client.update_alias(
        FunctionName="f", Name="live", FunctionVersion="2", RoutingConfig={}, RevisionId=alias["RevisionId"]
    )
    assert ("RoutingConfig" in updated, updated["FunctionVersion"]) == (False, "2")
    assert world.fails("update_alias", FunctionName="f", Name="live", RevisionId=alias["RevisionId"]) == (
        "PreconditionFailedException",
        REVISION,
    )
    assert world.client.get_alias(FunctionName="f", Name="live")["RevisionId"] == updated["RevisionId"]


ALIAS_ERRORS: dict[str, tuple[dict[str, Any], str, str]] = {
    "it exists": ({"Name": "live"}, CONFLICT, f"Alias already exists: {arn('f', 'live')}"),
    "no such version": ({"FunctionVersion": "9"}, MISSING, f"Function not found: {arn('f', '9')}"),
    "no such function": ({"FunctionName": "nope"}, MISSING, f"Function not found: {arn('nope', '1')}"),
    "digits": (
        {"Name": "12"},
        "ValidationException",
        one(
            "Value '12' at 'name' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)"
        ),
    ),
    "two further": (
        {"RoutingConfig": {"AdditionalVersionWeights": {"2": 0.1, "3": 0.1}}},
        INVALID,
        "Number of items in AdditionalVersionWeights cannot be greater than 1",
    ),
    "itself": (
        {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.1}}},
        INVALID,
        "Invalid function version 1. Function version 1 is already included in routing configuration.",
    ),
    "of $LATEST": (
        {"FunctionVersion": "$LATEST", "RoutingConfig": {"AdditionalVersionWeights": {"1": 0.1}}},
        INVALID,
        "$LATEST is not supported for an alias pointing to more than 1 version",
    ),
    "too much": (
        {"RoutingConfig": {"AdditionalVersionWeights": {"2": 1.5}}},
        "ValidationException",
        one(
            "Value '{2=1.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: "
            "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, "
            "Member must have value greater than or equal to 0.0]"
        ),
    ),
}


@pytest.mark.parametrize("case", ALIAS_ERRORS)
def test_what_no_alias_can_be(world: World, case: str) -> None:
    given, code, message = ALIAS_ERRORS[case]
    world.create(Publish=True)
    world.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    request = {"FunctionName": "f", "Name": "new", "FunctionVersion": "1"} | given
    assert world.fails("create_alias", **request) == (code, message)


def test_aliases_that_are_not_there(world: World) -> None:
    world.create()
    missing = (MISSING, f"Cannot find alias arn: {arn('f', 'nope')}")
    assert world.fails("get_alias", FunctionName="f", Name="nope") == missing
    assert world.fails("update_alias", FunctionName="f", Name="nope") == missing
    assert world.fails("list_aliases", FunctionName="nope") == (MISSING, NOT_FOUND)


# ---------------------------------------------------------------- layers


def test_layers(world: World) -> None:
    content = archive({"python/lib.py": "X = 1\n"})
    first = world.client.publish_layer_version(
        LayerName="lib", Content={"ZipFile": content}, CompatibleRuntimes=["python3.12"], LicenseInfo="MIT"
    )
    assert (first["LayerArn"], first["LayerVersionArn"], first["Version"]) == (LAYER, f"{LAYER}:1", 1)
    assert first["Content"]["CodeSize"] == len(content)
    world.client.publish_layer_version(LayerName=LAYER, Content={"ZipFile": content}, Description="two")
    world.create(Layers=[f"{LAYER}:1"])
    told = world.client.get_function_configuration(FunctionName="f")
    assert told["Layers"] == [{"Arn": f"{LAYER}:1", "CodeSize": len(content)}]
    assert [each["Version"] for each in world.client.list_layer_versions(LayerName="lib")["LayerVersions"]] == [2, 1]
    python = world.client.list_layers(CompatibleRuntime="python3.12")["Layers"]
    assert [each["LatestMatchingVersion"]["Version"] for each in python] == [1]
    assert world.client.get_layer_version_by_arn(Arn=f"{LAYER}:2")["Description"] == "two"

    world.client.delete_layer_version(LayerName="lib", VersionNumber=1)
    world.client.delete_layer_version(LayerName="lib", VersionNumber=1)  # no error
    gone = (MISSING, "The resource you requested does not exist.")
    assert world.fails("get_layer_version", LayerName="lib", VersionNumber=1) == gone
    assert [each["Version"] for each in world.client.list_layer_versions(LayerName="lib")["LayerVersions"]] == [2]
    world.client.invoke(FunctionName="f")  # a function that has it keeps it
    (spec, _, _) = world.answers.runs[-1]
    assert Path(spec.layers[0], "python/lib.py").exists()
    assert spec.paths[1:] == (f"{spec.layers[0]}/python",)
    world.client.update_function_configuration(FunctionName="f", Layers=[f"{LAYER}:1"])  # it may keep it
    assert world.fails(
        "create_function", **FUNCTION | {"FunctionName": "g"}, Code={"ZipFile": ZIP}, Layers=[f"{LAYER}:1"]
    ) == (
        INVALID,
        f"Layer version {LAYER}:1 does not exist.",
    )
    world.client.delete_layer_version(LayerName="lib", VersionNumber=2)
    third = world.client.publish_layer_version(LayerName="lib", Content={"ZipFile": content})
    assert third["Version"] == 3  # numbers are not used again


def test_a_layer_policy(world: World) -> None:
    world.client.publish_layer_version(LayerName="lib", Content={"ZipFile": ZIP})
    place = {"LayerName": "lib", "VersionNumber": 1}
    none = (MISSING, "No policy is associated with the given resource.")
    assert world.fails("get_layer_version_policy", **place) == none
    given = {"StatementId": "s", "Action": "lambda:GetLayerVersion", "Principal": "*", "OrganizationId": "o-0123456789"}
    added = world.client.add_layer_version_permission(**place, **given)
    statement = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:GetLayerVersion",
        "Resource": f"{LAYER}:1",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-0123456789"}},
    }
    assert json.loads(added["Statement"]) == statement
    policy = world.client.get_layer_version_policy(**place)
    assert json.loads(policy["Policy"]) == {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}
    assert world.fails("add_layer_version_permission", **place, **given)[0] == CONFLICT
    assert world.fails("remove_layer_version_permission", **place, StatementId="s", RevisionId="x")[0] == (
        "PreconditionFailedException"
    )
    world.client.remove_layer_version_permission(**place, StatementId="s", RevisionId=policy["RevisionId"])
    assert world.fails("remove_layer_version_permission", **place, StatementId="s") == none


# ---------------------------------------------------------------- concurrency


def test_reserved_concurrency(world: World) -> None:
    world.create()
    world.create("g")
    assert world.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=900)
    assert world.client.get_function(FunctionName="f")["Concurrency"] == {"ReservedConcurrentExecutions": 900}
    too_much = (
        INVALID,
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
        "below its minimum value of [100].",
    )
    assert world.fails("put_function_concurrency", FunctionName="g", ReservedConcurrentExecutions=1) == too_much
    world.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=899)
    world.client.put_function_concurrency(FunctionName="g", ReservedConcurrentExecutions=1)
    limits = world.client.get_account_settings()
    assert limits["AccountLimit"]["UnreservedConcurrentExecutions"] == 100
    assert limits["AccountUsage"] == {"TotalCodeSize": 2 * len(ZIP), "FunctionCount": 2}
    world.client.delete_function_concurrency(FunctionName="f")
    assert "ReservedConcurrentExecutions" not in world.client.get_function_concurrency(FunctionName="f")
    assert world.fails("put_function_concurrency", FunctionName="f:1", ReservedConcurrentExecutions=1) == (
        INVALID,
        UNQUALIFIED,
    )


def test_provisioned_concurrency(world: World) -> None:
    warmed: list[tuple[str, int]] = []

    async def warm(spec: Any, count: int) -> int:
        warmed.append((spec.version, count))
        return min(count, 3)

    world.functions.provisioning._warm = warm
    world.create(Publish=True)
    world.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    place = {"FunctionName": "f", "Qualifier": "live"}
    assert world.fails("get_provisioned_concurrency_config", **place) == (
        "ProvisionedConcurrencyConfigNotFoundException",
        "No Provisioned Concurrency Config found for this function",
    )
    put = world.client.put_provisioned_concurrency_config(**place, ProvisionedConcurrentExecutions=2)
    assert (put["Status"], put["RequestedProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 2)
    got = world.client.get_provisioned_concurrency_config(**place)
    assert (got["Status"], got["AllocatedProvisionedConcurrentExecutions"]) == ("READY", 2)
    assert warmed == [("1", 2)]
    world.client.tag_resource(Resource=arn("f"), Tags={"a": "b"})  # changes nothing of it
    assert world.client.get_provisioned_concurrency_config(**place)["Status"] == "READY"
    world.client.put_provisioned_concurrency_config(**place, ProvisionedConcurrentExecutions=5)
    failed = world.client.get_provisioned_concurrency_config(**place)
    assert (failed["Status"], failed["AllocatedProvisionedConcurrentExecutions"]) == ("FAILED", 3)
    assert failed["StatusReason"] == "The setting `workers` leaves place for 3 of 5."
    (listed,) = world.client.list_provisioned_concurrency_configs(FunctionName="f")["ProvisionedConcurrencyConfigs"]
    assert listed["FunctionArn"] == arn("f", "live")
    assert world.fails(
        "put_provisioned_concurrency_config", FunctionName="f", Qualifier="1", ProvisionedConcurrentExecutions=1
    ) == (CONFLICT, "Version is pointed by a Provisioned Concurrency alias")
    assert world.fails(
        "put_provisioned_concurrency_config", FunctionName="f", Qualifier="$LATEST", ProvisionedConcurrentExecutions=1
    ) == (INVALID, "Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
    world.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=5)
    assert world.fails("put_provisioned_concurrency_config", **place, ProvisionedConcurrentExecutions=6)[0] == INVALID
    world.client.delete_provisioned_concurrency_config(**place)
    assert world.client.list_provisioned_concurrency_configs(FunctionName="f")["ProvisionedConcurrencyConfigs"] == []


# ---------------------------------------------------------------- policies, settings, tags


def test_a_function_policy(world: World) -> None:
    world.create()
    none = (MISSING, "The resource you requested does not exist.")
    assert world.fails("get_policy", FunctionName="f") == none
    given = {
        "StatementId": "s3",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
        "SourceArn": "arn:aws:s3:::bucket",
        "SourceAccount": ACCOUNT,
    }
    added = world.client.add_permission(FunctionName="f", **given)
    assert json.loads(added["Statement"]) == {
        "Sid": "s3",
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn("f"),
        "Condition": {
            "StringEquals": {"AWS:SourceAccount": ACCOUNT},
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"},
        },
    }
    world.client.add_permission(FunctionName="f", StatementId="all", Action="lambda:*", Principal=ACCOUNT)
    policy = world.client.get_policy(FunctionName="f")
    assert [each["Principal"] for each in json.loads(policy["Policy"])["Statement"]] == [
        {"Service": "s3.amazonaws.com"},
        {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    ]
    assert world.fails("add_permission", FunctionName="f", **given) == (
        CONFLICT,
        "The statement id (s3) provided already exists. "
        "Please provide a new statement id, or remove the existing statement.",
    )
    assert world.fails("remove_permission", FunctionName="f", StatementId="x") == (
        MISSING,
        "Statement x is not found in resource policy.",
    )
    assert world.fails("remove_permission", FunctionName="f", StatementId="s3", RevisionId="x") == (
        "PreconditionFailedException",
        REVISION.replace("GetFunction/GetAlias", "GetPolicy"),
    )
    world.client.remove_permission(FunctionName="f", StatementId="s3", RevisionId=policy["RevisionId"])
    world.client.remove_permission(FunctionName="f", StatementId="all")
    assert world.fails("remove_permission", FunctionName="f", StatementId="all") == (
        MISSING,
        "No policy is associated with the given resource.",
    )
    assert world.fails("get_policy", FunctionName="f") == none
    assert world.fails("add_permission", FunctionName="f", Qualifier="$LATEST", **given) == (
        INVALID,
        "We currently do not support adding policies for $LATEST.",
    )


def test_a_policy_is_bounded(world: World) -> None:
    world.create()
    given = {"Action": "lambda:InvokeFunction", "Principal": f"arn:aws:iam::{ACCOUNT}:user/{'u' * 2000}"}
    for number in range(9):
        world.client.add_permission(FunctionName="f", StatementId=f"s{number}", **given)
    code, message = world.fails("add_permission", FunctionName="f", StatementId="last", **given)
    assert (code, message[-32:]) == ("PolicyLengthExceededException", " is bigger than the limit (20480)."[-32:])


def test_event_invoke_configs(world: World) -> None:
    world.create()
    missing = (MISSING, f"The function {arn('f', '$LATEST')} doesn't have an EventInvokeConfig")
    assert world.fails("get_function_event_invoke_config", FunctionName="f") == missing
    assert world.fails("update_function_event_invoke_config", FunctionName="f", MaximumRetryAttempts=1) == missing
    assert world.fails("delete_function_event_invoke_config", FunctionName="f") == missing
    assert world.fails("put_function_event_invoke_config", FunctionName="f") == (
        INVALID,
        "You must specify at least one of error handling or destination setting.",
    )
    itself = {"OnSuccess": {"Destination": arn("f")}}
    assert world.fails("put_function_event_invoke_config", FunctionName="f", DestinationConfig=itself) == (
        INVALID,
        "You can't specify the function as a destination for itself.",
    )
    target = {"OnFailure": {"Destination": arn("g")}}
    put = world.client.put_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=0, DestinationConfig=target
    )
    assert put["LastModified"].timestamp() == NOW_MS / 1000
    assert put["DestinationConfig"] == {"OnSuccess": {}} | target
    world.client.update_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=60)
    (listed,) = world.client.list_function_event_invoke_configs(FunctionName="f")["FunctionEventInvokeConfigs"]
    assert (listed["MaximumRetryAttempts"], listed["MaximumEventAgeInSeconds"]) == (0, 60)
    assert listed["DestinationConfig"]["OnFailure"] == target["OnFailure"]
    world.client.delete_function_event_invoke_config(FunctionName="f")
    assert world.fails("put_function_event_invoke_config", FunctionName="f", MaximumRetryAttempts=3)[0] == (
        "ValidationException"
    )


def test_function_urls(world: World) -> None:
    world.create(Publish=True)
    world.client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    assert world.fails("get_function_url_config", FunctionName="f")[0] == MISSING
    cors = {"AllowOrigins": ["*"], "MaxAge": 60}
    made = world.client.create_function_url_config(FunctionName="f", AuthType="NONE", Cors=cors)
    host = made["FunctionUrl"].removeprefix("http://").removesuffix("/")
    assert host.endswith(f".lambda-url.{REGION}.streamcore.invalid")
    assert len(host.partition(".")[0]) == 32
    assert (made["InvokeMode"], made["Cors"], made["FunctionArn"]) == ("BUFFERED", cors, arn("f"))
    assert world.fails("create_function_url_config", FunctionName="f", AuthType="NONE") == (
        CONFLICT,
        f"Failed to create function url config for [functionArn = {arn('f')}]. "
        "Error message:  FunctionUrlConfig exists for this Lambda function",
    )
    world.client.create_function_url_config(FunctionName="f", Qualifier="live", AuthType="AWS_IAM")
    updated = world.client.update_function_url_config(FunctionName="f", InvokeMode="RESPONSE_STREAM", Cors={})
    assert ("Cors" in updated, updated["FunctionUrl"]) == (False, made["FunctionUrl"])
    urls = world.client.list_function_url_configs(FunctionName="f")["FunctionUrlConfigs"]
    assert [each["FunctionArn"] for each in urls] == [arn("f"), arn("f", "live")]
    world.client.delete_function_url_config(FunctionName="f")
    assert world.fails("delete_function_url_config", FunctionName="f") == (
        MISSING,
        "The resource you requested does not exist.",
    )
    assert world.fails("create_function_url_config", FunctionName="f", AuthType="MAYBE")[0] == "ValidationException"


def test_tags(world: World) -> None:
    world.create()
    world.client.tag_resource(Resource=arn("f"), Tags={"a b/c": "d=e", "ü": ""})
    world.client.tag_resource(Resource=arn("f"), Tags={"x": "1", "y": "2"})
    world.client.untag_resource(Resource=arn("f"), TagKeys=["a b/c", "x", "not there"])
    assert world.client.list_tags(Resource=arn("f"))["Tags"] == {"ü": "", "y": "2"}
    assert world.fails("list_tags", Resource=arn("nope")) == (MISSING, NOT_FOUND)
    assert world.fails("list_tags", Resource=arn("f", "1")) == (
        INVALID,
        "Tags on function aliases and versions are not supported. Please specify a function ARN.",
    )
    assert world.fails("untag_resource", Resource=arn("f"), TagKeys=[]) == (
        "ValidationException",
        one("Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"),
    )
    many = {f"k{number}": "" for number in range(49)}
    assert world.fails("tag_resource", Resource=arn("f"), Tags=many)[0] == INVALID
    assert world.fails("tag_resource", Resource="nonsense", Tags={})[0] == "ValidationException"


def test_code_signing_configs(world: World) -> None:
    world.create()
    publishers = {"SigningProfileVersionArns": [f"arn:aws:signer:{REGION}:{ACCOUNT}:/signing-profiles/p/1"]}
    config = world.client.create_code_signing_config(AllowedPublishers=publishers, Tags={"a": "b"})["CodeSigningConfig"]
    where = config["CodeSigningConfigArn"]
    assert config["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    world.client.put_function_code_signing_config(FunctionName="f", CodeSigningConfigArn=where)
    got = world.client.get_function_code_signing_config(FunctionName="f")
    assert (got["CodeSigningConfigArn"], got["FunctionName"]) == (where, "f")
    users = world.client.list_functions_by_code_signing_config(CodeSigningConfigArn=where)
    assert users["FunctionArns"] == [arn("f")]
    assert world.client.list_tags(Resource=where)["Tags"] == {"a": "b"}
    world.client.untag_resource(Resource=where, TagKeys=["a"])
    assert world.client.list_tags(Resource=where)["Tags"] == {}
    assert world.fails("delete_code_signing_config", CodeSigningConfigArn=where)[0] == CONFLICT
    enforce = {"UntrustedArtifactOnDeployment": "Enforce"}
    world.client.update_code_signing_config(CodeSigningConfigArn=where, CodeSigningPolicies=enforce)
    (listed,) = world.client.list_code_signing_configs()["CodeSigningConfigs"]
    assert listed["CodeSigningPolicies"] == enforce
    world.client.delete_function_code_signing_config(FunctionName="f")
    assert "CodeSigningConfigArn" not in world.client.get_function_code_signing_config(FunctionName="f")
    world.client.delete_code_signing_config(CodeSigningConfigArn=where)
    assert world.fails("get_code_signing_config", CodeSigningConfigArn=where)[0] == MISSING
    assert world.fails("put_function_code_signing_config", FunctionName="f", CodeSigningConfigArn=where)[0] == (
        "CodeSigningConfigNotFoundException"
    )


def test_runtime_management_and_recursion(world: World) -> None:
    world.create()
    assert world.client.get_runtime_management_config(FunctionName="f")["UpdateRuntimeOn"] == "Auto"
    version = f"arn:aws:lambda:{REGION}::runtime:{'0' * 64}"
    world.client.put_runtime_management_config(FunctionName="f", UpdateRuntimeOn="Manual", RuntimeVersionArn=version)
    assert world.client.get_runtime_management_config(FunctionName="f")["RuntimeVersionArn"] == version
    assert world.fails("put_runtime_management_config", FunctionName="f", UpdateRuntimeOn="Manual")[0] == INVALID
    assert world.client.get_function_recursion_config(FunctionName="f")["RecursiveLoop"] == "Terminate"
    world.client.put_function_recursion_config(FunctionName="f", RecursiveLoop="Allow")
    assert world.client.get_function_recursion_config(FunctionName="f")["RecursiveLoop"] == "Allow"


def test_a_handler_of_the_program_is_seen_and_left_alone(world: World) -> None:
    from runtime.model.function import FunctionSpec

    world.close()
    local = World(account=ACCOUNT, region=REGION)
    spec = FunctionSpec(name="local", handler="module:handler", paths=("/tmp",))
    local.run(local.functions.register(spec))
    assert [each["FunctionName"] for each in local.client.list_functions()["Functions"]] == ["local"]
    got = local.client.get_function(FunctionName="local")
    assert (got["Code"]["Location"], got["Configuration"]["State"]) == ("file:///tmp", "Active")
    assert local.client.invoke(FunctionName="local", Payload=b"[1]")["Payload"].read() == b"[1]"
    assert local.answers.runs[0][0] is spec
    mine = "local is a handler of the program that runs this endpoint; change it there."
    assert local.fails("delete_function", FunctionName="local") == (INVALID, mine)
    assert local.fails("update_function_configuration", FunctionName="local", Timeout=4) == (INVALID, mine)
    assert local.fails("create_function", **FUNCTION | {"FunctionName": "local"}, Code={"ZipFile": ZIP}) == (
        CONFLICT,
        "Function already exist: local",
    )
    assert local.fails("invoke", FunctionName="local:7")[0] == MISSING
    local.close()
    world.__init__()  # type: ignore[misc]  # what the fixture closes


def test_everything_survives_a_restart(world: World) -> None:
    world.create(Publish=True, Tags={"a": "b"})
    client = world.client
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    client.publish_layer_version(LayerName="lib", Content={"ZipFile": ZIP})
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=7)
    client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=1)
    client.create_function_url_config(FunctionName="f", AuthType="NONE")
    client.add_permission(FunctionName="f", StatementId="s", Action="lambda:*", Principal="*")
    client.put_function_recursion_config(FunctionName="f", RecursiveLoop="Allow")

    def told() -> list[Any]:
        calls = [
            client.get_function_configuration(FunctionName="f"),
            client.get_function_configuration(FunctionName="f", Qualifier="1"),
            client.list_aliases(FunctionName="f")["Aliases"],
            client.list_layers()["Layers"],
            client.get_function_concurrency(FunctionName="f"),
            client.get_function_event_invoke_config(FunctionName="f"),
            client.get_function_url_config(FunctionName="f"),
            client.get_policy(FunctionName="f"),
            client.list_tags(Resource=arn("f")),
            client.get_function_recursion_config(FunctionName="f"),
        ]
        for each in calls:
            if isinstance(each, dict):
                each.pop("ResponseMetadata", None)
        return calls

    before = told()
    world.restart()
    assert told() == before
    client.delete_function(FunctionName="f")
    world.restart()
    assert client.list_functions()["Functions"] == []
    assert {kind: world.run(world.broker.documents(kind)) for kind in ("function", "function-alias")} == {
        "function": {},
        "function-alias": {},
    }
