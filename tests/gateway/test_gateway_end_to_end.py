"""A whole server with real workers, boto3 and plain HTTP: functions, streams and HTTP servers behind REST APIs, and
what is left after a restart."""

from __future__ import annotations

import io
import json
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from runtime.testing import _Server

HANDLER = """
import json

def handler(event, context):
    if event.get("type") == "TOKEN":
        allowed = event["authorizationToken"] == "good"
        effect = {"Effect": "Allow" if allowed else "Deny", "Action": "*", "Resource": event["methodArn"]}
        return {"principalId": "me", "policyDocument": {"Version": "2012-10-17", "Statement": [effect]}}
    return {"statusCode": 200, "headers": {"X-From": context.function_name}, "body": json.dumps(event)}
"""
ROLE = "arn:aws:iam::000000000000:role/r"


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr("app.py", HANDLER)
    return buffer.getvalue()


class Site:
    """A server over a folder, and what speaks to it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._clients: list[Any] = []

    def client(self, service: str) -> Any:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        made = boto3.client(
            service, endpoint_url=self.url, region_name="us-east-1", config=Config(retries={"max_attempts": 0}), **keys
        )
        self._clients.append(made)
        return made

    def fetch(
        self, path: str, method: str = "GET", data: bytes | None = None, headers: Any = None
    ) -> tuple[int, bytes, Any]:
        asked = urllib.request.Request(f"{self.url}{path}", data=data, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(asked, timeout=20) as raw:
                return raw.status, raw.read(), raw.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), error.headers

    def close(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture
def site(streamcore_url: str) -> Iterator[Site]:
    made = Site(streamcore_url)
    yield made
    made.close()


def function(site: Site, name: str = "web") -> str:
    functions = site.client("lambda")
    told = functions.create_function(
        FunctionName=name, Runtime="python3.12", Role=ROLE, Handler="app.handler", Code={"ZipFile": archive()}
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 500})
    return f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{told['FunctionArn']}/invocations"


def method(gateway: Any, api: Any, part: str, verb: str, integration: dict[str, Any], **given: Any) -> dict[str, str]:
    made = gateway.create_resource(restApiId=api["id"], parentId=api["rootResourceId"], pathPart=part)
    place = {"restApiId": api["id"], "resourceId": made["id"], "httpMethod": verb}
    gateway.put_method(**place, **{"authorizationType": "NONE"} | given)
    gateway.put_integration(**place, **integration)
    return place


def test_a_function_behind_an_api(site: Site) -> None:
    gateway, uri = site.client("apigateway"), function(site)
    api = gateway.create_rest_api(name="web")
    proxy = {"type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": uri}
    method(gateway, api, "{proxy+}", "ANY", proxy)
    authorizer = gateway.create_authorizer(
        restApiId=api["id"], name="a", type="TOKEN", authorizerUri=uri, identitySource="method.request.header.Auth"
    )
    method(gateway, api, "safe", "GET", proxy, authorizationType="CUSTOM", authorizerId=authorizer["id"])
    gateway.create_deployment(restApiId=api["id"], stageName="prod")
    below = f"/restapis/{api['id']}/prod/_user_request_"
    status, body, headers = site.fetch(f"{below}/a/b?x=1", "POST", b"hello", {"X-Case": "Kept"})
    event = json.loads(body)
    assert (status, headers["X-From"]) == (200, "web")
    assert (event["path"], event["body"], event["headers"]["X-Case"]) == ("/a/b", "hello", "Kept")
    assert event["requestContext"]["requestId"] == headers["x-amzn-RequestId"]
    host = {"Host": f"{api['id']}.execute-api.us-east-1.localhost:4566"}
    assert json.loads(site.fetch("/prod/c", "PUT", b"x" * 100_000, host)[1])["body"] == "x" * 100_000
    assert json.loads(site.fetch(f"/_aws/execute-api/{api['id']}/prod/d")[1])["path"] == "/d"
    for token, expected in (("good", 200), ("bad", 403), ("", 401)):
        assert site.fetch(f"{below}/safe", headers={"Auth": token} if token else {})[0] == expected


def test_tags_beside_those_of_the_scheduler(site: Site) -> None:
    """Both services have the paths below /tags; the signature says whose a request is."""
    gateway, scheduler = site.client("apigateway"), site.client("scheduler")
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{gateway.create_rest_api(name='t')['id']}"
    group = scheduler.create_schedule_group(Name="g")["ScheduleGroupArn"]
    gateway.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    scheduler.tag_resource(ResourceArn=group, Tags=[{"Key": "c", "Value": "3"}])
    gateway.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert gateway.get_tags(resourceArn=arn)["tags"] == {"b": "2"}
    assert scheduler.list_tags_for_resource(ResourceArn=group)["Tags"] == [{"Key": "c", "Value": "3"}]


def test_an_endpoint_that_feeds_a_stream(site: Site) -> None:
    gateway, kinesis = site.client("apigateway"), site.client("kinesis")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 0, "MaxAttempts": 500})
    api = gateway.create_rest_api(name="producer")
    records = (
        '{"StreamName": "orders", "Records": [#foreach($r in $input.path("$.records"))'
        '{"Data": "$util.base64Encode($r.data)", "PartitionKey": "$r.key"}#if($foreach.hasNext),#end#end]}'
    )
    for part, action, template in (
        ("streams", "ListStreams", "{}"),
        ("records", "PutRecords", records),
        ("missing", "PutRecord", '{"StreamName": "none", "Data": "eA==", "PartitionKey": "k"}'),
    ):
        uri = f"arn:aws:apigateway:us-east-1:kinesis:action/{action}"
        place = method(gateway, api, part, "POST", {
            "type": "AWS", "integrationHttpMethod": "POST", "uri": uri,
            "requestTemplates": {"application/json": template},
        })  # fmt: skip
        for status, pattern in (("200", None), ("404", "4..")):
            gateway.put_method_response(**place, statusCode=status)
            selected = {"selectionPattern": pattern} if pattern else {}
            gateway.put_integration_response(**place, statusCode=status, **selected)
    gateway.create_deployment(restApiId=api["id"], stageName="v1")
    below, kind = f"/restapis/{api['id']}/v1/_user_request_", {"Content-Type": "application/json"}
    assert json.loads(site.fetch(f"{below}/streams", "POST", b"{}", kind)[1])["StreamNames"] == ["orders"]
    body = json.dumps({"records": [{"data": "one", "key": "a"}, {"data": "two", "key": "b"}]}).encode()
    status, answer, _ = site.fetch(f"{below}/records", "POST", body, kind)
    assert (status, json.loads(answer)["FailedRecordCount"]) == (200, 0)
    status, answer, _ = site.fetch(f"{below}/missing", "POST", b"{}", kind)
    assert (status, json.loads(answer)["__type"]) == (404, "ResourceNotFoundException")
    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    found = kinesis.get_records(ShardIterator=iterator)["Records"]
    assert [(each["Data"], each["PartitionKey"]) for each in found] == [(b"one", "a"), (b"two", "b")]


def test_an_endpoint_that_feeds_a_queue_and_a_topic(site: Site) -> None:
    gateway, sqs, sns = site.client("apigateway"), site.client("sqs"), site.client("sns")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    api = gateway.create_rest_api(name="messages")
    template = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
    for part, uri, given in (
        ("queue", "sqs:path/000000000000/q", {"requestTemplates": {"text/plain": template}}),
        ("topic", "sns:action/Publish", {"requestParameters": {
            "integration.request.querystring.TopicArn": f"'{topic}'",
            "integration.request.querystring.Message": "method.request.body",
        }}),
    ):  # fmt: skip
        integration = {"type": "AWS", "integrationHttpMethod": "POST", "uri": f"arn:aws:apigateway:us-east-1:{uri}"}
        place = method(gateway, api, part, "POST", integration | given)
        gateway.put_method_response(**place, statusCode="200")
        gateway.put_integration_response(**place, statusCode="200")
    gateway.create_deployment(restApiId=api["id"], stageName="s")
    found = []
    for part in ("queue", "topic"):
        place, kind = f"/restapis/{api['id']}/s/_user_request_/{part}", {"Content-Type": "text/plain"}
        status, body, _ = site.fetch(place, "POST", f"to the {part} & on".encode(), kind)
        assert (status, b"MessageId" in body) == (200, True)
        found += sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    assert [each["Body"] for each in found] == ["to the queue & on", "to the topic & on"]


class Backend(BaseHTTPRequestHandler):
    """Answers with what it was asked."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        told = {"path": self.path, "body": body.decode(), "agent": self.headers.get("User-Agent")}
        text = json.dumps(told).encode() if self.path != "/large" else bytes(11 * 1024 * 1024)
        self.send_response(207)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def backend() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_an_http_server_behind_an_api(site: Site, backend: str) -> None:
    gateway = site.client("apigateway")
    api = gateway.create_rest_api(name="front")
    method(
        gateway, api, "{proxy+}", "ANY",
        {"type": "HTTP_PROXY", "integrationHttpMethod": "ANY", "uri": f"{backend}/{{proxy}}",
         "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"}},
        requestParameters={"method.request.path.proxy": True},
    )  # fmt: skip
    nobody = {"type": "HTTP_PROXY", "integrationHttpMethod": "PUT", "uri": "http://127.0.0.1:1/"}
    method(gateway, api, "gone", "PUT", nobody)
    gateway.create_deployment(restApiId=api["id"], stageName="s")
    below = f"/restapis/{api['id']}/s/_user_request_"
    status, body, _ = site.fetch(f"{below}/a/b?q=1%202", "PUT", b"in", {"User-Agent": "me"})
    assert (status, json.loads(body)) == (207, {"path": "/a/b?q=1+2", "body": "in", "agent": "me"})
    assert site.fetch(f"{below}/gone", "PUT", b"x")[0] == 500
    assert site.fetch(f"{below}/large", "PUT", b"x")[0] == 500


def test_deployments_and_logs_survive_a_restart(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with _Server(data) as server:
        site = Site(server.url)
        gateway = site.client("apigateway")
        api = gateway.create_rest_api(name="kept")
        templates = {"application/json": '{"statusCode": 200}'}
        place = method(gateway, api, "here", "GET", {"type": "MOCK", "requestTemplates": templates})
        gateway.put_method_response(**place, statusCode="200")
        gateway.put_integration_response(**place, statusCode="200", responseTemplates={"application/json": "still"})
        gateway.create_deployment(restApiId=api["id"], stageName="s")
        group = "arn:aws:logs:us-east-1:000000000000:log-group:access"
        patch = [("format", "$context.requestId $context.status"), ("destinationArn", group)]
        gateway.update_stage(
            restApiId=api["id"], stageName="s",
            patchOperations=[{"op": "replace", "path": f"/accessLogSettings/{n}", "value": v} for n, v in patch],
        )  # fmt: skip
        site.close()
    with _Server(data) as server:
        site = Site(server.url)
        status, body, headers = site.fetch(f"/restapis/{api['id']}/s/_user_request_/here")
        assert (status, body) == (200, b"still")
        events = site.client("logs").filter_log_events(logGroupName="access")["events"]
        assert [each["message"] for each in events] == [f"{headers['x-amzn-RequestId']} 200"]
        assert [each["name"] for each in site.client("apigateway").get_rest_apis()["items"]] == ["kept"]
        site.close()
