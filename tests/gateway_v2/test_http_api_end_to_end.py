"""A whole server with real workers, boto3 and plain HTTP: functions, streams, queues and HTTP servers behind HTTP APIs,
tokens of an issuer on loopback, and what is left after a restart."""

from __future__ import annotations

import io
import json
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import jwt
import pytest
from botocore.config import Config
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from runtime.testing import _Server

HANDLER = """
import json

def handler(event, context):
    if event.get("type") == "REQUEST":
        return {"isAuthorized": event["identitySource"] == ["good"], "context": {"who": "me"}}
    return {"statusCode": 200, "headers": {"x-from": context.function_name}, "cookies": ["a=1"],
            "body": json.dumps(event)}
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


def function(site: Site) -> str:
    functions = site.client("lambda")
    told = functions.create_function(
        FunctionName="web", Runtime="python3.12", Role=ROLE, Handler="app.handler", Code={"ZipFile": archive()}
    )
    functions.get_waiter("function_active_v2").wait(FunctionName="web", WaiterConfig={"Delay": 0, "MaxAttempts": 500})
    return str(told["FunctionArn"])


def route(gateway: Any, api: str, key: str, integration: dict[str, Any], **given: Any) -> None:
    made = gateway.create_integration(ApiId=api, **integration)["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey=key, Target=f"integrations/{made}", **given)


def test_a_function_behind_an_http_api(site: Site) -> None:
    gateway, arn = site.client("apigatewayv2"), function(site)
    cors = {"AllowOrigins": ["https://app.example"], "AllowMethods": ["PUT"], "AllowHeaders": ["content-type"]}
    made = gateway.create_api(Name="web", ProtocolType="HTTP", Target=arn, CorsConfiguration=cors)
    api = made["ApiId"]
    assert made["ApiEndpoint"] == f"http://{api}.execute-api.us-east-1.localhost:{site.url.rpartition(':')[2]}"
    authorizer = gateway.create_authorizer(
        ApiId=api, Name="a", AuthorizerType="REQUEST", AuthorizerPayloadFormatVersion="2.0",
        AuthorizerUri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations",
        IdentitySource=["$request.header.Auth"], EnableSimpleResponses=True,
    )["AuthorizerId"]  # fmt: skip
    proxy = {"IntegrationType": "AWS_PROXY", "IntegrationUri": arn, "PayloadFormatVersion": "2.0"}
    route(gateway, api, "GET /safe", proxy, AuthorizationType="CUSTOM", AuthorizerId=authorizer)
    host = {"Host": f"{api}.execute-api.us-east-1.localhost:4566"}
    status, body, headers = site.fetch("/a/b?x=1", "POST", b"hello", host | {"Content-Type": "text/plain"})
    event = json.loads(body)
    assert (status, headers["x-from"], headers["set-cookie"]) == (200, "web", "a=1")
    assert (event["routeKey"], event["rawPath"], event["body"]) == ("$default", "/a/b", "hello")
    assert event["requestContext"]["domainName"] == f"{api}.execute-api.us-east-1.localhost"
    assert event["requestContext"]["requestId"] == headers["apigw-requestid"]
    for token, expected in (("good", 200), ("bad", 403), ("", 401)):
        status, body, _ = site.fetch(f"/_aws/execute-api/{api}/safe", headers={"Auth": token} if token else {})
        assert status == expected
        if status == 200:
            assert json.loads(body)["requestContext"]["authorizer"] == {"lambda": {"who": "me"}}
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "PUT"}
    status, body, headers = site.fetch("/a", "OPTIONS", headers=host | asked)
    assert (status, body, headers["access-control-allow-methods"]) == (204, b"", "PUT")
    answer = site.fetch("/a", "PUT", b"{}", host | {"Origin": "https://app.example"})
    assert answer[2]["access-control-allow-origin"] == "https://app.example"


def test_rest_and_http_apis_beside_each_other(site: Site) -> None:
    rest, http = site.client("apigateway"), site.client("apigatewayv2")
    one = rest.create_rest_api(name="one")["id"]
    two = http.create_api(Name="two", ProtocolType="HTTP")["ApiId"]
    http.create_stage(ApiId=two, StageName="$default", AutoDeploy=True)
    arn = f"arn:aws:apigateway:us-east-1::/apis/{two}"
    http.tag_resource(ResourceArn=arn, Tags={"a": "1"})
    assert http.get_tags(ResourceArn=arn)["Tags"] == {"a": "1"}
    assert site.fetch(f"/_aws/execute-api/{two}/x")[:2] == (404, b'{"message":"Not Found"}')
    assert site.fetch(f"/_aws/execute-api/{one}/s/x")[:2] == (403, b'{"message":"Forbidden"}')
    with pytest.raises(http.exceptions.NotFoundException, match="Invalid API identifier specified"):
        http.get_api(ApiId=one)


def test_services_behind_an_http_api(site: Site) -> None:
    gateway, kinesis, sqs = site.client("apigatewayv2"), site.client("kinesis"), site.client("sqs")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 0, "MaxAttempts": 500})
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    api = gateway.create_api(Name="producer", ProtocolType="HTTP")["ApiId"]
    gateway.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    shared = {"IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "1.0", "CredentialsArn": ROLE}
    for key, subtype, parameters in (
        ("POST /records", "Kinesis-PutRecord",
         {"StreamName": "orders", "Data": "$request.body.data", "PartitionKey": "$request.body.key"}),
        ("POST /messages", "SQS-SendMessage", {"QueueUrl": queue, "MessageBody": "$request.body"}),
        ("GET /messages", "SQS-ReceiveMessage", {"QueueUrl": queue}),
        ("POST /events", "EventBridge-PutEvents",
         {"Detail": "$request.body", "DetailType": "t", "Source": "me"}),
        ("POST /none", "Kinesis-PutRecord", {"StreamName": "none", "Data": "eA==", "PartitionKey": "k"}),
    ):  # fmt: skip
        route(gateway, api, key, {**shared, "IntegrationSubtype": subtype, "RequestParameters": parameters})
    below = f"/_aws/execute-api/{api}"
    status, body, _ = site.fetch(f"{below}/records", "POST", b'{"data": "b25l", "key": "k"}')
    assert (status, json.loads(body)["ShardId"]) == (200, "shardId-000000000000")
    status, body, headers = site.fetch(f"{below}/messages", "POST", b"to a queue & on")
    assert (status, b"<MessageId>" in body, headers["content-type"]) == (200, True, "text/xml")
    status, body, _ = site.fetch(f"{below}/messages")
    assert (status, b"<Body>to a queue &amp; on</Body>" in body) == (200, True)
    status, body, _ = site.fetch(f"{below}/events", "POST", b'{"a": 1}')
    assert (status, json.loads(body)["FailedEntryCount"]) == (200, 0)
    assert site.fetch(f"{below}/none", "POST", b"")[:2] == (500, b'{"message":"Internal Server Error"}')
    iterator = kinesis.get_shard_iterator(
        StreamName="orders", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert [each["Data"] for each in kinesis.get_records(ShardIterator=iterator)["Records"]] == [b"one"]


KEY = ec.generate_private_key(ec.SECP256R1())


class Provider(BaseHTTPRequestHandler):
    """An OpenID Connect provider, and a server that says what it was asked."""

    def do_GET(self) -> None:
        url = f"http://127.0.0.1:{self.server.server_address[1]}"
        told: Any = {"path": self.path}
        if self.path == "/.well-known/openid-configuration":
            told = {"issuer": url, "jwks_uri": f"{url}/keys"}
        elif self.path == "/keys":
            told = {"keys": [ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True) | {"kid": "k", "alg": "ES256"}]}
        text = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def provider() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_tokens_and_a_server_survive_a_restart(tmp_path: Path, provider: str) -> None:
    data = tmp_path / "data"
    with _Server(data) as server:
        site = Site(server.url)
        gateway = site.client("apigatewayv2")
        api = gateway.create_api(Name="front", ProtocolType="HTTP")["ApiId"]
        group = "arn:aws:logs:us-east-1:000000000000:log-group:access"
        gateway.create_stage(
            ApiId=api, StageName="prod", AutoDeploy=True,
            AccessLogSettings={"DestinationArn": group, "Format": "$context.requestId $context.authorizer.claims.sub"},
        )  # fmt: skip
        authorizer = gateway.create_authorizer(
            ApiId=api, Name="jwt", AuthorizerType="JWT", IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Issuer": provider, "Audience": ["app"]},
        )["AuthorizerId"]  # fmt: skip
        up = {"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "ANY", "PayloadFormatVersion": "1.0"}
        jwt_route = {"AuthorizationType": "JWT", "AuthorizerId": authorizer, "AuthorizationScopes": ["read"]}
        route(gateway, api, "GET /up/{proxy+}", up | {"IntegrationUri": f"{provider}/to/{{proxy}}"}, **jwt_route)
        route(gateway, api, "GET /gone", up | {"IntegrationUri": "http://127.0.0.1:1/"})
        site.close()
    claims = {"iss": provider, "aud": "app", "exp": int(time.time()) + 600, "scope": "read", "sub": "me"}
    token = jwt.encode(claims, KEY, algorithm="ES256", headers={"kid": "k"})
    with _Server(data) as server:
        site = Site(server.url)
        below = f"/_aws/execute-api/{api}/prod"
        status, body, headers = site.fetch(f"{below}/up/a/b?q=1", headers={"Authorization": f"Bearer {token}"})
        assert (status, json.loads(body)) == (200, {"path": "/to/a/b?q=1"})
        request_id = headers["apigw-requestid"]
        status, body, headers = site.fetch(f"{below}/up/a")
        assert (status, body, headers["www-authenticate"]) == (401, b'{"message":"Unauthorized"}', "Bearer")
        assert site.fetch(f"{below}/gone")[:2] == (503, b'{"message":"Service Unavailable"}')
        events = site.client("logs").filter_log_events(logGroupName="access")["events"]
        assert events[0]["message"] == f"{request_id} me"
        site.close()
