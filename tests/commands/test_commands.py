"""`streamcore invoke`, `events`, `deploy` and `delete` against a whole server."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from click.testing import CliRunner, Result

from streamcore.cli import main

Run = Callable[..., Result]

HANDLER = """
import os
def handler(event, context):
    print("got it")
    if event.get("fail"):
        raise ValueError("no")
    return {"event": event, "version": context.function_version, "greeting": os.environ.get("GREETING")}
"""


@pytest.fixture
def run(streamcore_url: str) -> Run:
    def run(*arguments: str, code: int = 0, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(main, arguments, input=stdin, env={"STREAMCORE_ENDPOINT": streamcore_url})
        assert result.exit_code == code, result.output
        return result

    return run


@pytest.fixture
def client(streamcore_url: str) -> Any:
    def of(service: str) -> Any:
        keys = {"aws_access_key_id": "000000000000", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        return boto3.client(service, endpoint_url=streamcore_url, **keys)

    return of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "greeter"
    folder.mkdir()
    (folder / "app.py").write_text(HANDLER)
    return folder


def test_a_folder_becomes_a_function(run: Run, client: Any, folder: Path, tmp_path: Path) -> None:
    first = run("deploy", str(folder), "--env", "GREETING=hello", "--timeout", "20")
    assert first.stdout == "arn:aws:lambda:us-east-1:000000000000:function:greeter\n"
    assert "with the handler app.handler" in first.stderr
    assert "greeter is created" in first.stderr
    assert "greeter is unchanged" in run("deploy", str(folder)).stderr

    done = run("invoke", "greeter", "--data", '{"n": 1}', "--log")
    assert json.loads(done.stdout) == {"event": {"n": 1}, "version": "$LATEST", "greeting": "hello"}
    assert "got it\nEND RequestId" in done.stderr
    failed = run("invoke", "greeter", "--data", '{"fail": 1}', code=1)
    assert json.loads(failed.stdout)["errorMessage"] == "no"
    assert failed.stderr == "the function failed: Unhandled\n"
    assert json.loads(run("invoke", "greeter").stdout)["event"] == {}

    (folder / "app.py").write_text(HANDLER.replace("got it", "got more"))
    assert "greeter is updated" in run("deploy", str(folder), "--memory", "256").stderr
    about = client("lambda").get_function_configuration(FunctionName="greeter")
    assert (about["MemorySize"], about["Timeout"], about["Environment"]["Variables"]) == (
        256,
        20,
        {"GREETING": "hello"},
    )
    assert "got more" in run("invoke", "greeter", "--log").stderr
    client("lambda").publish_version(FunctionName="greeter")
    assert json.loads(run("invoke", "greeter", "--qualifier", "1").stdout)["version"] == "1"
    assert run("invoke", "greeter", "--async").stdout.startswith("accepted as ")


def test_a_folder_that_is_watched(run: Run, folder: Path) -> None:
    run("deploy", str(folder), "--watch", "--name", "w", "--timeout", "20")
    assert "got it" in run("invoke", "w", "--log").stderr
    (folder / "app.py").write_text(HANDLER.replace("got it", "got something else"))
    assert "got something else" in run("invoke", "w", "--log").stderr


def test_events(run: Run, folder: Path, tmp_path: Path) -> None:
    assert "kinesis\n" in run("events", "list").stdout
    assert json.loads(run("events", "show", "kinesis").stdout)["Records"][0]["eventSource"] == "aws:kinesis"
    assert "must be one of" in run("events", "show", "nothing", code=1).stderr
    head, *sources = run("events", "list", "--sources").stdout.splitlines()
    assert head.split()[0] == "SOURCE"
    assert [line.split()[:5] for line in sources if line.startswith("kinesis ")] == [
        ["kinesis", "aws:kinesis", "in", "batches", "kinesis"]
    ]
    assert json.loads(run("events", "show", "--source", "sns").stdout)["Records"][0]["EventSource"] == "aws:sns"
    assert "Function not found" in run("events", "save", "greeter", "e", "--data", "{}", code=1).stderr
    run("deploy", str(folder), "--timeout", "20")
    assert run("events", "save", "greeter", "one", "--data", '{"n":1}').stdout == "one is saved for greeter\n"
    (tmp_path / "two.json").write_text('{"n":2}')
    run("events", "save", "greeter", "two", "--event", str(tmp_path / "two.json"))
    run("events", "save", "greeter", "put", "--template", "s3-put")
    assert run("events", "list", "greeter").stdout == "one\nput\ntwo\n"
    assert run("events", "show", "one", "--function", "greeter").stdout == '{"n":1}\n'
    assert json.loads(run("invoke", "greeter", "--saved", "two").stdout)["event"] == {"n": 2}
    assert json.loads(run("invoke", "greeter", "--template", "kinesis").stdout)["event"]["Records"]
    assert json.loads(run("invoke", "greeter", "--event", "-", stdin='{"n":3}').stdout)["event"] == {"n": 3}
    assert json.loads(run("invoke", "greeter", "--event", str(tmp_path / "two.json")).stdout)["event"] == {"n": 2}
    assert run("events", "delete", "greeter", "one").stdout == "one is deleted\n"
    for arguments in (("show", "one", "--function", "greeter"), ("delete", "greeter", "one")):
        assert "there is no test event one of the function greeter" in run("events", *arguments, code=1).stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("invoke", "nothing"), 1, "Function not found: arn:aws:lambda:us-east-1:000000000000:function:nothing"),
        (("invoke", "f", "--data", "{"), 1, "the event is no JSON"),
        (("invoke", "f", "--event", "/nowhere"), 1, "/nowhere: No such file"),
        (("invoke", "f", "--data", "{}", "--template", "sns"), 2, "--template and --data exclude each other"),
        (("invoke", "f", "--async", "--log"), 2, "exclude each other"),
        (("invoke", "f", "--template", "nothing"), 1, "must be one of"),
        (("invoke", "f", "--account", "me"), 2, "12 digits"),
        (("invoke", "f", "--region", "a b"), 2, "a region such as us-east-1"),
        (("invoke", "f", "--endpoint", "http://127.0.0.1:9"), 1, "http://127.0.0.1:9 did not answer"),
        (("events", "list", "f", "--sources"), 2, "FUNCTION and --sources exclude each other"),
        (("events", "show", "sns", "--source", "--function", "f"), 2, "--function and --source exclude each other"),
        (("events", "show", "--source", "nothing"), 1, "there is no source nothing; there are authorizer_http, "),
        (("events", "save", "f", "e"), 2, "one of --template, --event and --data"),
        (("deploy", "/nowhere"), 2, "does not exist"),
        (("deploy", "{tmp}"), 1, "is not certain"),
        (("deploy", "{tmp}", "--runtime", "python3.12", "--handler", "a.b"), 1, "no files to pack"),
        (("deploy", "{tmp}", "--env", "A"), 2, "--env takes KEY=VALUE"),
        (("deploy", "{tmp}", "--parameter", "A=1"), 2, "--parameter is for templates"),
        (("deploy", "{template}", "--env", "A=1"), 2, "--env is for folders"),
        (("deploy", "{template}"), 1, "A: the type AWS::SQS::Queue is not offered"),
        (("deploy", "{template}", "--parameter", "A=1"), 1, "the template has no parameter A; it has none"),
        (("delete", "{template}"), 1, "is not offered"),
    ],
)
def test_wrong_uses(run: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    (tmp_path / "empty").mkdir()
    template = tmp_path / "template.yaml"
    template.write_text("Resources: {A: {Type: AWS::SQS::Queue}}")
    places = {"{tmp}": str(tmp_path / "empty"), "{template}": str(template)}
    result = run(*(places.get(each, each) for each in arguments), code=code)
    assert words in result.stderr


def test_two_handlers_leave_a_doubt(run: Run, folder: Path) -> None:
    (folder / "index.mjs").write_text("export const handler = async () => 1")
    assert "(python app.handler; nodejs index.handler)" in run("deploy", str(folder), code=1).stderr
    assert "taken for python3.12" in run("deploy", str(folder), "--runtime", "python3.12").stderr


TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  Memory: {Type: Number, Default: 256}
Globals: {Function: {Runtime: python3.12, Timeout: 20}}
Resources:
  Lib:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: lib, CompatibleRuntimes: [python3.12]}
  Orders: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 2, Tags: [{Key: a, Value: b}]}}
  Log: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub "/aws/lambda/${Count}", RetentionInDays: 3}}
  Count:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: ./src
      Handler: app.handler
      MemorySize: !Ref Memory
      Layers: [!Ref Lib]
      Tags: {team: blue}
      Environment: {Variables: {STREAM: !Ref Orders, NUMBER: 1}}
      ReservedConcurrentExecutions: 5
      AutoPublishAlias: live
      FunctionUrlConfig: {AuthType: NONE}
      EventInvokeConfig:
        MaximumRetryAttempts: 0
        DestinationConfig: {OnFailure: {Type: Kinesis, Destination: !GetAtt Orders.Arn}}
  Small:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: small
      Handler: index.handler
      Runtime: python3.12
      Timeout: 20
      Role: arn:aws:iam::000000000000:role/x
      Code: {ZipFile: "def handler(event, context): return 'small'"}
Outputs:
  Url: {Value: !GetAtt CountUrl.FunctionUrl}
  Alias: {Value: !Ref Count.Alias}
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    shop = tmp_path / "shop"
    (shop / "src").mkdir(parents=True)
    (shop / "lib" / "python").mkdir(parents=True)
    (shop / "lib" / "python" / "lib.py").write_text("X = 1")
    (shop / "src" / "app.py").write_text(
        "import os, lib\ndef handler(event, context): return [lib.X, os.environ['STREAM'], os.environ['NUMBER']]"
    )
    (shop / "template.yaml").write_text(TEMPLATE)
    return shop / "template.yaml"


def test_a_template_is_deployed_updated_and_removed(run: Run, client: Any, template: Path) -> None:
    first = run("deploy", str(template))
    lines = dict(line.split(" = ") for line in first.stdout.splitlines() if " = " in line)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:shop-Count"
    assert lines["Alias"] == f"{arn}:live"
    assert lines["Url"].startswith("http")
    functions, kinesis, logs = client("lambda"), client("kinesis"), client("logs")
    about = functions.get_function(FunctionName="shop-Count")
    assert about["Tags"] == {"team": "blue"}
    assert about["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    assert (about["Configuration"]["MemorySize"], about["Configuration"]["Timeout"]) == (256, 20)
    assert (
        functions.get_function_event_invoke_config(FunctionName="shop-Count", Qualifier="live")["MaximumRetryAttempts"]
        == 0
    )
    assert kinesis.describe_stream_summary(StreamName="shop-Orders")["StreamDescriptionSummary"]["OpenShardCount"] == 2
    assert kinesis.list_tags_for_stream(StreamName="shop-Orders")["Tags"] == [{"Key": "a", "Value": "b"}]
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/shop")["logGroups"][0]["retentionInDays"] == 3
    assert json.loads(run("invoke", lines["Alias"]).stdout) == [1, "shop-Orders", "1"]
    assert json.loads(run("invoke", "small").stdout) == "small"

    again = run("deploy", str(template))
    assert again.stdout == first.stdout  # the same version, layer version and URL
    assert [each["Version"] for each in functions.list_versions_by_function(FunctionName="shop-Count")["Versions"]] == [
        "$LATEST",
        "1",
    ]

    template.write_text(
        TEMPLATE.replace("ShardCount: 2", "ShardCount: 3")
        .replace("team: blue", "team2: red")
        .replace("      ReservedConcurrentExecutions: 5\n", "")
    )
    run("deploy", str(template), "--parameter", "Memory=512")
    about = functions.get_function(FunctionName="shop-Count", Qualifier="live")
    assert (about["Configuration"]["MemorySize"], about["Configuration"]["Version"]) == (512, "2")
    assert (about["Tags"], about.get("Concurrency")) == ({"team2": "red"}, None)
    assert kinesis.describe_stream_summary(StreamName="shop-Orders")["StreamDescriptionSummary"]["OpenShardCount"] == 3

    run("delete", str(template))
    assert functions.list_functions()["Functions"] == functions.list_layers()["Layers"] == []
    assert kinesis.list_streams()["StreamNames"] == []
    assert logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/shop")["logGroups"] == []
    run("delete", str(template))  # nothing is there, and nothing is said to be wrong


API_TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Front:
    Type: AWS::Serverless::HttpApi
    Properties:
      StageName: prod
      StageVariables: {colour: blue}
      CorsConfiguration: {AllowOrigins: ["https://a.example"], AllowMethods: [GET]}
  Web:
    Type: AWS::Serverless::Function
    Properties:
      InlineCode: |
        def handler(event, context):
            return event["routeKey"] + event.get("stageVariables", {}).get("colour", "")
      Handler: index.handler
      Runtime: python3.12
      Events:
        Pet: {Type: HttpApi, Properties: {ApiId: !Ref Front, Path: "/pets/{id}", Method: get}}
        All: {Type: HttpApi}
Outputs:
  Url: {Value: !Sub "https://${Front}.execute-api.${AWS::Region}.amazonaws.com/prod"}
"""


def fetch(url: str, **headers: str) -> tuple[bytes, Any]:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return answer.read(), answer.headers


def test_http_apis_of_a_template(run: Run, client: Any, streamcore_url: str, tmp_path: Path) -> None:
    template = tmp_path / "shop" / "template.yaml"
    template.parent.mkdir()
    template.write_text(API_TEMPLATE)
    gateway = client("apigatewayv2")
    for _ in range(2):  # the second time it is brought up to date
        run("deploy", str(template))
        apis = {each["Name"]: each["ApiId"] for each in gateway.get_apis()["Items"]}
        assert apis.keys() == {"shop-Front", "shop-ServerlessHttpApi"}
        front = f"{streamcore_url}/_aws/execute-api/{apis['shop-Front']}/prod/pets/7"
        body, headers = fetch(front, Origin="https://a.example")
        assert (body, headers["access-control-allow-origin"]) == (b"GET /pets/{id}blue", "https://a.example")
        assert fetch(f"{streamcore_url}/_aws/execute-api/{apis['shop-ServerlessHttpApi']}/x")[0] == b"$default"
    run("delete", str(template))
    assert gateway.get_apis()["Items"] == []


def test_what_the_endpoint_refuses_does_not_stop_the_rest(run: Run, template: Path) -> None:
    template.write_text("""
Resources:
  Bad: {Type: AWS::Lambda::Function, Properties: {Runtime: python9, Handler: a.b, Role: x, Code: src}}
  Alias: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Bad, FunctionVersion: $LATEST, Name: a}}
  Missing: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Handler: a.b, Code: nowhere}}
  Good: {Type: AWS::Kinesis::Stream}
Outputs: {Bad: {Value: !Ref Bad}, Good: {Value: !Ref Good}}
""")
    result = run("deploy", str(template), code=1)
    lines = result.stdout.splitlines()
    assert any(line.startswith("Bad: lambda POST /2015-03-31/functions: ValidationException: ") for line in lines)
    assert "Alias: left out, as it needs Bad" in lines
    assert any(line.startswith("Missing: there is no folder or archive ") for line in lines)
    assert "Good: AWS::Kinesis::Stream shop-Good" in lines
    assert "Good = shop-Good" in lines
    assert sorted(result.stderr.removeprefix("not made: ").strip().split(", ")) == ["Alias", "Bad", "Missing"]
