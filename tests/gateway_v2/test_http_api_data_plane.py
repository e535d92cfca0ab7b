"""Requests to HTTP APIs: addresses, routes, payload formats, mappings, services, CORS, throttles, logs."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qsl

import pytest
from gateway_v2_harness import FUNCTION, REGION, FunctionError, World

from runtime.gateway.ports import HttpCall, HttpCallError, HttpResult, ServiceCall
from streamcore.api.http import Response

ROLE = "arn:aws:iam::123456789012:role/r"


def body(answer: Response) -> Any:
    return json.loads(answer.body)


def echo(event: Any) -> Any:
    return {"statusCode": 200, "body": json.dumps(event)}


def tell(text: str) -> Any:
    return lambda event: text


# ---------------------------------------------------------------- addresses and routes


def test_addresses_and_stages(world: World) -> None:
    world.functions[FUNCTION] = echo
    api = world.api()
    api.route("ANY /{proxy+}")
    world.client.create_stage(ApiId=api.id, StageName="dev", AutoDeploy=True, StageVariables={"v": "1"})
    host = {"Host": f"{api.id}.execute-api.{REGION}.localhost:4566"}
    for prefix, path, headers, expected in (
        ("", "/a", {}, ("$default", "/a")),
        ("", "/$default/a", {}, ("$default", "/a")),
        ("", "/%24default/a", {}, ("$default", "/a")),
        ("", "/dev/a", {}, ("dev", "/dev/a")),
        ("/", "a", host, ("$default", "/a")),
        ("/", "dev/a%20b", host, ("dev", "/dev/a b")),
        (f"/restapis/{api.id}/dev/_user_request_", "/a", {}, ("dev", "/dev/a")),
        (f"/restapis/{api.id}/$default/_user_request_", "/a", {}, ("$default", "/a")),
    ):
        event = body(api.send(path, headers=headers, prefix=prefix))
        assert (event["requestContext"]["stage"], event["rawPath"]) == expected, (prefix, path)
        assert event.get("stageVariables") == ({"v": "1"} if expected[0] == "dev" else None)
    assert world.send("none", "/a").status == 403
    world.client.update_api(ApiId=api.id, DisableExecuteApiEndpoint=True)
    assert (api.send("/a").status, body(api.send("/a"))) == (404, {"message": "Not Found"})


ROUTES = ["GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "POST /pets/", "GET /"]


@pytest.mark.parametrize(
    ("method", "path", "key", "parameters"),
    [
        ("GET", "/pets/dog/1", "GET /pets/dog/1", None),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}", {"id": "2"}),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}", {"proxy": "cat/1"}),
        ("GET", "/pets/a%2Fb", "GET /pets/{proxy+}", {"proxy": "a/b"}),
        ("POST", "/pets/dog/1", "ANY /{proxy+}", {"proxy": "pets/dog/1"}),
        ("GET", "/pets", "ANY /{proxy+}", {"proxy": "pets"}),
        ("POST", "/pets/", "POST /pets/", None),
        ("POST", "/pets", "ANY /{proxy+}", {"proxy": "pets"}),
        ("GET", "/pets/dog/1/", "GET /pets/{proxy+}", {"proxy": "dog/1/"}),
        ("GET", "/", "GET /", None),
        ("POST", "/", "$default", None),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_the_most_specific_route_wins(
    world: World, method: str, path: str, key: str, parameters: Any, order: int
) -> None:
    world.functions[FUNCTION] = echo
    api = world.api()
    for each in [*ROUTES, "$default"][::order]:
        api.route(each)
    event = body(api.send(path, method))
    assert (event["routeKey"], event.get("pathParameters")) == (key, parameters)


def test_no_route(world: World) -> None:
    api = world.api()
    api.route("GET /{proxy+}")
    for method, path in (("POST", "/a"), ("GET", "/")):
        answer = api.send(path, method)
        assert (answer.status, body(answer)) == (404, {"message": "Not Found"})
        assert answer.headers["content-type"] == "application/json"
        assert len(answer.headers["apigw-requestid"]) == 16


def test_what_a_stage_serves(world: World) -> None:
    """A deployment is what it was; a stage that deploys itself follows the API; a restart changes nothing."""
    world.functions[FUNCTION] = tell("one")
    api = world.api()
    route = api.route("GET /x")
    world.client.create_stage(ApiId=api.id, StageName="fixed")
    assert api.send("/fixed/x").status == 404
    world.client.create_deployment(ApiId=api.id, StageName="fixed")
    world.client.update_route(ApiId=api.id, RouteId=route, RouteKey="GET /y")
    for _ in range(2):
        found = [api.send(path).status for path in ("/x", "/y", "/fixed/x", "/fixed/y")]
        assert found == [404, 200, 200, 404]
        world.restart()
    world.client.delete_api(ApiId=api.id)
    assert api.send("/y").status == 403


# ---------------------------------------------------------------- functions


def test_payload_format_2(world: World) -> None:
    world.functions[FUNCTION] = echo
    api = world.api()
    api.route("POST /pets/{id}")
    headers = [("X-A", "1"), ("X-A", "2"), ("Cookie", "c=1; d=2"), ("Content-Type", "text/plain"), ("User-Agent", "me")]
    answer = api.send("/pets/a%20b?x=1&y=%20&x=2", "POST", b"hello", headers)
    event = body(answer)
    assert event["requestContext"].pop("requestId") == answer.headers["apigw-requestid"]
    assert event["headers"].pop("x-amzn-trace-id").startswith("Root=1-")
    assert event == {
        "version": "2.0",
        "routeKey": "POST /pets/{id}",
        "rawPath": "/pets/a b",
        "rawQueryString": "x=1&y=%20&x=2",
        "cookies": ["c=1", "d=2"],
        "headers": {
            "x-a": "1,2", "content-type": "text/plain", "user-agent": "me", "host": "localhost:4566",
            "x-forwarded-for": "127.0.0.1", "x-forwarded-port": "4566", "x-forwarded-proto": "http",
        },
        "queryStringParameters": {"x": "1,2", "y": " "},
        "requestContext": {
            "accountId": "123456789012", "apiId": api.id, "domainName": "localhost", "domainPrefix": "localhost",
            "http": {"method": "POST", "path": "/pets/a b", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                     "userAgent": "me"},
            "routeKey": "POST /pets/{id}", "stage": "$default", "time": "14/Nov/2023:22:14:00 +0000",
            "timeEpoch": 1_700_000_040_000,
        },
        "pathParameters": {"id": "a b"},
        "body": "hello",
        "isBase64Encoded": False,
    }  # fmt: skip
    event = body(api.send("/pets/1", "POST", b"\xff\x00", {"Content-Type": "image/png"}))
    assert (event["body"], event["isBase64Encoded"]) == (b64encode(b"\xff\x00").decode(), True)


def test_payload_format_1(world: World) -> None:
    world.functions[FUNCTION] = echo
    api = world.api()
    api.route("ANY /pets/{id}", api.integration(PayloadFormatVersion="1.0"))
    answer = api.send("/pets/7?x=1&x=2", "PUT", b"hello", [("X-A", "1"), ("X-A", "2"), ("Content-Type", "text/plain")])
    event = body(answer)
    assert event["version"] == "1.0"
    assert (event["resource"], event["path"], event["httpMethod"]) == ("/pets/{id}", "/pets/7", "PUT")
    assert (event["headers"]["x-a"], event["multiValueHeaders"]["x-a"]) == ("2", ["1", "2"])
    assert (event["queryStringParameters"], event["multiValueQueryStringParameters"]) == ({"x": "2"}, {"x": ["1", "2"]})
    assert (event["pathParameters"], event["stageVariables"]) == ({"id": "7"}, None)
    assert (event["body"], event["isBase64Encoded"]) == ("hello", False)
    context = event["requestContext"]
    assert (context["resourceId"], context["resourcePath"]) == ("ANY /pets/{id}", "/pets/{id}")
    assert (context["requestId"], context["stage"]) == (answer.headers["apigw-requestid"], "$default")
    assert context["identity"]["sourceIp"] == "127.0.0.1"


JSON = "application/json"
TEXT = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("version", "result", "status", "kind", "content"),
    [
        ("2.0", {"statusCode": 201, "body": "x"}, 201, TEXT, b"x"),
        ("2.0", {"statusCode": "202", "headers": {"Content-Type": "a/b"}, "body": "x"}, 202, "a/b", b"x"),
        ("2.0", {"a": 1}, 200, JSON, b'{"a": 1}'),
        ("2.0", "text", 200, JSON, b"text"),
        ("2.0", {"statusCode": 200, "body": "eHk=", "isBase64Encoded": True}, 200, TEXT, b"xy"),
        ("2.0", {"statusCode": "no"}, 500, JSON, b'{"message":"Internal Server Error"}'),
        ("2.0", {"statusCode": 100}, 500, JSON, b'{"message":"Internal Server Error"}'),
        ("1.0", {"statusCode": 200, "body": "eHk=", "isBase64Encoded": True}, 200, JSON, b"xy"),
        ("1.0", {"a": 1}, 500, JSON, b'{"message":"Internal Server Error"}'),
        ("1.0", "text", 500, JSON, b'{"message":"Internal Server Error"}'),
        ("2.0", {"statusCode": 200, "body": "x" * (10 * 1024 * 1024 + 1)}, 500, JSON,
         b'{"message":"Internal Server Error"}'),
    ],
)  # fmt: skip
def test_what_functions_answer(world: World, version: str, result: Any, status: int, kind: str, content: bytes) -> None:
    world.functions[FUNCTION] = lambda event: result
    api = world.api()
    api.route("GET /x", api.integration(PayloadFormatVersion=version))
    answer = api.send("/x")
    assert (answer.status, answer.headers["content-type"], answer.body) == (status, kind, content)


def test_cookies_and_headers_of_answers(world: World) -> None:
    world.functions[FUNCTION] = lambda event: {
        "statusCode": 200, "cookies": ["a=1", "b=2"], "headers": {"X-Y": "1", "Content-Length": "9", "x-b": True},
    }  # fmt: skip
    api = world.api()
    api.route("GET /x")
    answer = api.send("/x")
    assert answer.cookies == ("a=1", "b=2")
    assert (answer.headers["x-y"], answer.headers["x-b"]) == ("1", "true")
    assert "content-length" not in answer.headers
    world.functions[FUNCTION] = lambda event: {"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}}
    api.route("GET /y", api.integration(PayloadFormatVersion="1.0"))
    assert api.send("/y").cookies == ("a=1", "b=2")


def test_what_fails(world: World) -> None:
    def fail(event: Any) -> Any:
        raise FunctionError("no")

    api = world.api()
    api.route("GET /gone")
    other = f"{FUNCTION}-bad"
    world.functions[other] = fail
    api.route("GET /bad", api.integration(IntegrationUri=other))
    world.client.create_route(ApiId=api.id, RouteKey="GET /nowhere")
    for path in ("/gone", "/bad", "/nowhere"):
        answer = api.send(path)
        assert (answer.status, body(answer)) == (500, {"message": "Internal Server Error"}), path
    answer = api.send("/bad", body=bytes(10 * 1024 * 1024 + 1))
    assert (answer.status, body(answer)) == (413, {"message": "Request Entity Too Large"})
    assert api.send("/bad?" + "&".join("x=1" for _ in range(1001))).status == 400


def test_a_function_that_takes_too_long(world: World) -> None:
    ended = asyncio.Event()

    async def slow(event: Any) -> Any:
        await ended.wait()
        return "late"

    world.functions[FUNCTION] = slow
    api = world.api()
    api.route("GET /x", api.integration(TimeoutInMillis=50))
    answer = api.send("/x")
    assert (answer.status, body(answer)) == (503, {"message": "Service Unavailable"})
    ended.set()


def test_stage_variables_in_targets(world: World) -> None:
    world.functions[FUNCTION] = tell("f")
    world.functions[f"{FUNCTION[:-1]}g"] = tell("g")
    api = world.api()
    api.route("GET /x", api.integration(IntegrationUri=f"{FUNCTION[:-1]}${{stageVariables.fn}}"))
    world.client.create_stage(ApiId=api.id, StageName="g", AutoDeploy=True, StageVariables={"fn": "g"})
    world.client.update_stage(ApiId=api.id, StageName="$default", StageVariables={"fn": "f"})
    assert (api.send("/x").body, api.send("/g/x").body) == (b"f", b"g")


# ---------------------------------------------------------------- mappings and HTTP servers


def server(uri: str = "https://up.example/base", method: str = "ANY", **given: Any) -> dict[str, Any]:
    return {
        "IntegrationType": "HTTP_PROXY",
        "IntegrationUri": uri,
        "IntegrationMethod": method,
        "PayloadFormatVersion": "1.0",
    } | given


def test_http_servers(world: World) -> None:
    world.server = lambda call: HttpResult(
        status=207, headers=[("X-A", "1"), ("Set-Cookie", "a=1"), ("Server", "s"), ("Connection", "close")], body=b"up"
    )
    api = world.api()
    api.route("ANY /p/{proxy+}", api.integration(**server("https://up.example/{proxy}?k=1")))
    api.route("GET /q", api.integration(**server(method="POST")))
    answer = api.send("/p/a%20b/c?x=%2F", "PUT", b"in", {"X-Y": "1", "Connection": "close"})
    assert (answer.status, answer.body, answer.cookies) == (207, b"up", ("a=1",))
    assert (answer.headers["x-a"], answer.headers["x-amzn-remapped-server"]) == ("1", "s")
    call = world.http_calls[-1]
    assert (call.method, call.url, call.body) == ("PUT", "https://up.example/a%20b/c?k=1&x=%2F", b"in")
    names = {name.lower(): value for name, value in call.headers}
    assert names["x-y"] == "1"
    assert not {"connection", "host"} & names.keys()
    api.send("/q")
    assert (world.http_calls[-1].method, world.http_calls[-1].url) == ("POST", "https://up.example/base")


def test_http_servers_that_do_not_answer(world: World) -> None:
    def nobody(call: HttpCall) -> HttpResult:
        raise HttpCallError("nobody is there")

    async def late(call: HttpCall) -> HttpResult:
        raise TimeoutError

    api = world.api()
    api.route("GET /x", api.integration(**server()))
    for each in (nobody, late):
        world.server = each
        answer = api.send("/x")
        assert (answer.status, body(answer)) == (503, {"message": "Service Unavailable"})


@pytest.mark.parametrize(
    ("parameters", "headers", "url"),
    [
        ({"append:header.x-a": "$request.header.x-b"}, ["1", "b"], "/base?q=1"),
        ({"overwrite:header.x-a": "${request.path.id}-$"}, ["7-$"], "/base?q=1"),
        ({"remove:header.X-A": "''"}, [], "/base?q=1"),
        ({"overwrite:header.x-a": "$request.body.user.names[1]"}, ["d"], "/base?q=1"),
        ({"overwrite:header.x-a": "$request.body"}, ['{"user": {"names": ["c", "d"]}}'], "/base?q=1"),
        ({"overwrite:header.x-a": "$stageVariables.v"}, ["sv"], "/base?q=1"),
        ({"overwrite:header.x-a": "$context.routeKey"}, ["POST /p/{id}"], "/base?q=1"),
        ({"overwrite:header.x-a": "$request.header.none"}, ["1"], "/base?q=1"),
        ({"overwrite:path": "/v2/$request.path.id"}, ["1"], "/v2/$request.path.id?q=1"),
        ({"overwrite:path": "/v2/${request.path.id}/ü"}, ["1"], "/v2/7/%C3%BC?q=1"),
        ({"overwrite:path": "$request.path"}, ["1"], "/p/7?q=1"),
        ({"append:querystring.r": "$request.querystring.q"}, ["1"], "/base?q=1&r=1"),
        ({"overwrite:querystring.q": "2 3"}, ["1"], "/base?q=2+3"),
        ({"remove:querystring.q": "''"}, ["1"], "/base"),
    ],
)
def test_request_mappings(world: World, parameters: Any, headers: list[str], url: str) -> None:
    api = world.api()
    api.route("POST /p/{id}", api.integration(**server(RequestParameters=parameters)))
    world.client.update_stage(ApiId=api.id, StageName="$default", StageVariables={"v": "sv"})
    api.send("/p/7?q=1", "POST", b'{"user": {"names": ["c", "d"]}}', {"X-A": "1", "X-B": "b"})
    [call] = world.http_calls
    assert [value for name, value in call.headers if name.lower() == "x-a"] == headers
    assert call.url == f"https://up.example{url}"


def test_a_mapping_changes_what_a_function_sees(world: World) -> None:
    world.functions[FUNCTION] = echo
    api = world.api()
    mappings = {"append:header.x": "1", "overwrite:path": "/other", "append:querystring.q": "2"}
    api.route("GET /x", api.integration(RequestParameters=mappings))
    event = body(api.send("/x"))
    assert (event["headers"]["x"], event["rawPath"], event["rawQueryString"]) == ("1", "/other", "q=2")


def test_response_mappings(world: World) -> None:
    world.server = lambda call: HttpResult(status=500, headers=[("X-A", "1"), ("X-B", "2")], body=b'{"code": 7}')
    api = world.api()
    changes = {
        "500": {
            "overwrite:statuscode": "403",
            "append:header.x-a": "$response.body.code",
            "remove:header.x-b": "''",
            "overwrite:header.id": "$context.requestId",
        },
        "200": {"overwrite:statuscode": "201"},
    }
    api.route("GET /x", api.integration(**server(ResponseParameters=changes)))
    answer = api.send("/x")
    assert (answer.status, answer.headers["x-a"], "x-b" in answer.headers) == (403, "1,7", False)
    assert answer.headers["id"] == answer.headers["apigw-requestid"]
    world.server = lambda call: HttpResult(status=404, headers=[], body=b"")
    assert api.send("/x").status == 404


# ---------------------------------------------------------------- services


def service(subtype: str, **parameters: str) -> dict[str, Any]:
    return {
        "IntegrationType": "AWS_PROXY",
        "IntegrationSubtype": subtype,
        "PayloadFormatVersion": "1.0",
        "CredentialsArn": ROLE,
        "RequestParameters": parameters,
    }


def test_a_stream_behind_a_route(world: World) -> None:
    api = world.api()
    given = service("Kinesis-PutRecord", StreamName="s", Data="$request.body.data", PartitionKey="$request.header.key")
    api.route("POST /r", api.integration(**given))
    world.service = lambda call: HttpResult(
        status=200, headers=[("content-type", "application/x-amz-json-1.1")], body=b'{"ShardId": "0"}'
    )
    answer = api.send("/r", "POST", b'{"data": "eA=="}', {"Key": "k"})
    assert (answer.status, body(answer)) == (200, {"ShardId": "0"})
    [call] = world.service_calls
    assert (call.service, call.headers["x-amz-target"]) == ("kinesis", "Kinesis_20131202.PutRecord")
    assert (call.scope.account, call.scope.region) == ("123456789012", REGION)
    assert json.loads(call.body) == {"StreamName": "s", "Data": "eA==", "PartitionKey": "k"}
    for missing in ({"Key": ""}, {}):
        answer = api.send("/r", "POST", b'{"data": "eA=="}', missing)
        assert (answer.status, body(answer)) == (400, {"message": "Bad Request"})
    world.service = lambda call: HttpResult(status=400, headers=[], body=b'{"__type": "ResourceNotFoundException"}')
    answer = api.send("/r", "POST", b'{"data": "eA=="}', {"Key": "k"})
    assert (answer.status, body(answer)) == (500, {"message": "Internal Server Error"})


def form(call: ServiceCall) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode()))


def test_queues_behind_routes(world: World) -> None:
    api = world.api()
    attributes = '{"a": {"DataType": "String", "StringValue": "x"}}'
    for key, given in (
        (
            "POST /send",
            service("SQS-SendMessage", QueueUrl="u", MessageBody="$request.body", MessageAttributes=attributes),
        ),
        (
            "GET /receive",
            service("SQS-ReceiveMessage", QueueUrl="u", AttributeNames='["All", "B"]', Region="us-west-2"),
        ),
        ("DELETE /m", service("SQS-DeleteMessage", QueueUrl="u", ReceiptHandle="$request.querystring.h")),
    ):
        api.route(key, api.integration(**given))
    world.service = lambda call: HttpResult(status=200, headers=[("content-type", "text/xml")], body=b"<x/>")
    assert api.send("/send", "POST", b"hello").headers["content-type"] == "text/xml"
    api.send("/receive")
    api.send("/m?h=1%2B2", "DELETE")
    sent, received, deleted = map(form, world.service_calls)
    version = {"Version": "2012-11-05", "QueueUrl": "u"}
    assert sent == version | {
        "Action": "SendMessage", "MessageBody": "hello", "MessageAttribute.1.Name": "a",
        "MessageAttribute.1.Value.DataType": "String", "MessageAttribute.1.Value.StringValue": "x",
    }  # fmt: skip
    assert received == version | {"Action": "ReceiveMessage", "AttributeName.1": "All", "AttributeName.2": "B"}
    assert world.service_calls[1].scope.region == "us-west-2"
    assert deleted == version | {"Action": "DeleteMessage", "ReceiptHandle": "1+2"}


def test_events_behind_a_route(world: World) -> None:
    api = world.api()
    given = service(
        "EventBridge-PutEvents", Detail="$request.body", DetailType="d", Source="s", Resources='["a"]', Time="1.5"
    )
    api.route("POST /e", api.integration(**given))
    assert api.send("/e", "POST", b'{"x": 1}').status == 200
    [call] = world.service_calls
    assert call.headers["x-amz-target"] == "AWSEvents.PutEvents"
    entry = {"Detail": '{"x": 1}', "DetailType": "d", "Source": "s", "Resources": ["a"], "Time": 1.5}
    assert json.loads(call.body) == {"Entries": [entry]}


# ---------------------------------------------------------------- CORS, throttles, logs

CORS = {
    "AllowOrigins": ["https://a.example", "http://*"],
    "AllowMethods": ["GET", "POST"],
    "AllowHeaders": ["x-token"],
    "ExposeHeaders": ["x-seen"],
    "AllowCredentials": True,
    "MaxAge": 300,
}


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://a.example", True), ("http://any.example:3000", True), ("https://b.example", False)],
)
def test_cors(world: World, origin: str, allowed: bool) -> None:
    world.functions[FUNCTION] = lambda event: {
        "statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*", "X-Seen": "1"},
    }  # fmt: skip
    api = world.api(CorsConfiguration=CORS)
    api.route("GET /x")
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-token"}
    before = len(world.events)
    preflight = api.send("/anything", "OPTIONS", headers=asked)
    assert (preflight.status, preflight.body, len(world.events)) == (204, b"", before)
    told = {name: value for name, value in preflight.headers.items() if name.startswith("access-control-")}
    shared = {
        "access-control-allow-origin": origin,
        "access-control-allow-credentials": "true",
        "access-control-expose-headers": "x-seen",
    }
    assert told == (
        shared
        | {
            "access-control-allow-methods": "GET,POST",
            "access-control-allow-headers": "x-token",
            "access-control-max-age": "300",
        }
        if allowed
        else {}
    )
    for path, status in (("/x", 200), ("/none", 404)):
        answer = api.send(path, headers={"Origin": origin})
        told = {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}
        assert (answer.status, told) == (status, shared if allowed else {})
    assert api.send("/x", "OPTIONS", headers={"Origin": origin}).status == 404  # it asks for nothing


def test_without_cors_an_integration_says_it_itself(world: World) -> None:
    world.functions[FUNCTION] = lambda event: {"statusCode": 200, "headers": {"Access-Control-Allow-Origin": "*"}}
    api = world.api()
    api.route("OPTIONS /x")
    answer = api.send("/x", "OPTIONS", headers={"Origin": "https://a", "Access-Control-Request-Method": "GET"})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")


def test_throttles(world: World) -> None:
    world.functions[FUNCTION] = tell("x")
    api = world.api()
    api.route("GET /a")
    api.route("GET /b")
    world.client.update_stage(
        ApiId=api.id, StageName="$default",
        DefaultRouteSettings={"ThrottlingBurstLimit": 2, "ThrottlingRateLimit": 1.0},
        RouteSettings={"GET /b": {"ThrottlingBurstLimit": 1}},
    )  # fmt: skip
    assert [api.send("/a").status for _ in range(3)] == [200, 200, 429]
    assert [api.send("/b").status for _ in range(2)] == [200, 429]
    assert body(api.send("/a")) == {"message": "Too Many Requests"}
    world.advance(1.0)
    assert [api.send("/a").status for _ in range(2)] == [200, 429]


def test_access_logs(world: World) -> None:
    world.functions[FUNCTION] = tell("hello")
    api = world.api()
    api.route("GET /x/{id}")
    group = f"arn:aws:logs:{REGION}:123456789012:log-group:access"
    text = "$context.requestId $context.routeKey $context.path $context.status $context.responseLength"
    text += " $context.integrationStatus $context.integration.error $context.error.message $context.stage"
    world.client.update_stage(
        ApiId=api.id, StageName="$default", AccessLogSettings={"DestinationArn": group, "Format": text}
    )
    ids = [api.send(path).headers["apigw-requestid"] for path in ("/x/1", "/none")]
    world.functions.clear()
    ids.append(api.send("/x/1").headers["apigw-requestid"])
    assert world.lines == [
        (group, f"{api.id}/$default", f"{ids[0]} GET /x/{{id}} /x/1 200 5 200 - - $default"),
        (group, f"{api.id}/$default", f"{ids[1]} - /none 404 23 - - Not Found $default"),
        (
            group,
            f"{api.id}/$default",
            f"{ids[2]} GET /x/{{id}} /x/1 500 35 - Function not found: {FUNCTION} Internal Server Error $default",
        ),
    ]
