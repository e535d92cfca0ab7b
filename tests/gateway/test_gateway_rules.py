"""The pure rules: routes, rates and quotas, JSONPath, payload 1.0, policies, access log lines, patches."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from runtime.errors import ApiGatewayError
from runtime.model.apigateway.access_log import LineFormat
from runtime.model.apigateway.authorization import Decision, PolicyError, decide
from runtime.model.apigateway.integration_uri import FunctionUri, HttpUri, ServiceUri, UriError, read_uri
from runtime.model.apigateway.jsonpath import PathError, json_path
from runtime.model.apigateway.patch import FLAG, TEXT, MapOf, Operation, SetOf, patched
from runtime.model.apigateway.proxy_event import Arrived, answer_v1, event_v1, is_binary
from runtime.model.apigateway.rates import RateBucket, kept, period_start, used_since
from runtime.model.apigateway.route_tree import RouteTree, segments_of
from runtime.model.apigateway.values import EndpointConfiguration, RestApi

ROUTES = [
    "GET /", "GET /pets", "ANY /pets", "GET /pets/{id}", "GET /pets/dog", "POST /pets/{id}/toys", "GET /pets/{path+}",
    "GET /files/{path+}", "ANY /files/special", "ANY /{proxy+}",
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "route", "parameters"), [
    ("GET", "/", "GET /", {}),
    ("GET", "/pets", "GET /pets", {}),
    ("GET", "/pets/", "GET /pets", {}),
    ("POST", "/pets", "ANY /pets", {}),
    ("GET", "/pets/7", "GET /pets/{id}", {"id": "7"}),
    ("GET", "/pets/dog", "GET /pets/dog", {}),
    ("GET", "/pets/7/toys", "GET /pets/{path+}", {"path": "7/toys"}),
    ("POST", "/pets/7/toys", "POST /pets/{id}/toys", {"id": "7"}),
    ("POST", "/pets/7", "ANY /{proxy+}", {"proxy": "pets/7"}),
    ("GET", "/files/a/b", "GET /files/{path+}", {"path": "a/b"}),
    ("GET", "/files/special", "ANY /files/special", {}),
    ("DELETE", "/files/x", "ANY /{proxy+}", {"proxy": "files/x"}),
    ("GET", "/a%2Fb", "ANY /{proxy+}", {"proxy": "a%2Fb"}),
    ("POST", "/", None, {}),
])  # fmt: skip
def test_routes(method: str, path: str, route: str | None, parameters: dict[str, str]) -> None:
    tree = RouteTree([(*each.split(" "), each) for each in ROUTES])  # type: ignore[misc]  two words each
    found = tree.find(method, segments_of(path))
    assert (None if found is None else found.target) == route
    assert found is None or found.parameters == parameters


def test_a_bucket_passes_its_burst_and_then_its_rate() -> None:
    bucket = RateBucket(2.0, 3)
    assert [bucket.take(10.0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(10.5), bucket.take(10.5), bucket.take(11.0)] == [True, False, True]
    assert [bucket.take(100.0) for _ in range(4)] == [True, True, True, False]
    assert not RateBucket(5.0, 0).take(10.0)


@pytest.mark.parametrize(("period", "offset", "today", "start"), [
    ("DAY", 0, "2023-11-14", "2023-11-14"),
    ("WEEK", 0, "2023-11-14", "2023-11-12"),
    ("WEEK", 0, "2023-11-12", "2023-11-12"),
    ("WEEK", 3, "2023-11-14", "2023-11-08"),
    ("MONTH", 0, "2023-11-14", "2023-11-01"),
    ("MONTH", 14, "2023-11-14", "2023-10-15"),
    ("MONTH", 13, "2023-11-14", "2023-11-14"),
    ("MONTH", 27, "2023-01-05", "2022-12-28"),
])  # fmt: skip
def test_periods(period: str, offset: int, today: str, start: str) -> None:
    assert str(period_start(period, offset, date.fromisoformat(today))) == start


def test_usage_by_days() -> None:
    days = {"2023-01-01": 9, "2023-11-12": 1, "2023-11-13": 2, "2023-11-14": 4}
    assert used_since(days, date(2023, 11, 13), date(2023, 11, 14)) == 6
    assert kept(days, date(2023, 11, 14)).keys() == days.keys() - {"2023-01-01"}


DOCUMENT = {
    "a": {"b c": [1, 2, {"d": "x"}], "e-f": None}, "list": [{"n": 1, "k": "p"}, {"n": 2}, {"n": 3, "k": "q"}],
}  # fmt: skip


@pytest.mark.parametrize(("path", "value"), [
    ("$", DOCUMENT),
    ("$.a['b c'][0]", 1),
    ("$['a'][\"b c\"][-1].d", "x"),
    ("$.a.e-f", None),
    ("$.missing.x", None),
    ("$.list[5]", None),
    ("$.list[*].n", [1, 2, 3]),
    ("$.list.*.n", [1, 2, 3]),
    ("$.list[0:2].n", [1, 2]),
    ("$.list[-1:].n", [3]),
    ("$..n", [1, 2, 3]),
    ("$.list[?(@.n > 1)].n", [2, 3]),
    ("$.list[?(@.k == 'q')].n", [3]),
    ("$.list[?(@.k)].n", [1, 3]),
    ("$.list[?(@.k && @.n < 2 || @.n == 2)].n", [1, 2]),
    ("$.list.length()", 3),
    ("$.list[0]['n','k']", [{"n": 1, "k": "p"}]),
])  # fmt: skip
def test_json_paths(path: str, value: Any) -> None:
    assert json_path(path).value(DOCUMENT) == value


@pytest.mark.parametrize("path", ["", "a", "$.", "$[", "$[?(x)]", "$.a b", "$[?(@.a =~ /x/)]", "$" + ".a" * 2000])
def test_what_is_no_json_path(path: str) -> None:
    with pytest.raises(PathError):
        json_path(path)


def test_a_deep_path_has_a_bound() -> None:
    value: Any = [0] * 400
    with pytest.raises(PathError):
        json_path("$[*]" + "[*]").value([value] * 400)


EVENT_KEYS = [
    "resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters",
    "multiValueQueryStringParameters", "pathParameters", "stageVariables", "requestContext", "body", "isBase64Encoded",
]  # fmt: skip


def arrived(**given: Any) -> Arrived:
    return Arrived(**{"method": "GET", "path": "/p", "query": [], "headers": []} | given)


def test_the_event_has_recorded_keys_and_null_maps() -> None:
    event = json.loads(event_v1(arrived(), {"stage": "s"}, resource="/p", path_parameters={}, stage_variables={}))
    assert list(event) == EVENT_KEYS
    assert [name for name in EVENT_KEYS if event[name] is None] == [*EVENT_KEYS[3:9], "body"]
    assert event["requestContext"] == {"stage": "s"}


def test_the_event_keeps_case_order_and_repetition() -> None:
    request = arrived(
        method="POST", query=[("a", "1"), ("b", ""), ("a", "2")], headers=[("X-One", "1"), ("X-One", "2")], body=b"x"
    )
    event = json.loads(event_v1(request, {}, resource="/p", path_parameters={"i": "7"}, stage_variables={"v": "w"}))
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""]}
    assert event["queryStringParameters"] == {"a": "2", "b": ""}
    assert (event["headers"], event["multiValueHeaders"]) == ({"X-One": "2"}, {"X-One": ["1", "2"]})
    assert (event["body"], event["isBase64Encoded"]) == ("x", False)
    assert (event["pathParameters"], event["stageVariables"]) == ({"i": "7"}, {"v": "w"})


@pytest.mark.parametrize(("kind", "types", "binary"), [
    ("image/png", ["image/png"], True),
    ("image/png; q=1", ["image/*"], True),
    ("", ["*/*"], True),
    ("", ["image/*"], False),
    ("text/plain", ["image/*", "application/pdf"], False),
])  # fmt: skip
def test_binary_types(kind: str, types: list[str], binary: bool) -> None:
    assert is_binary(kind, types) is binary


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(("result", "status", "headers", "body"), [
    ({"statusCode": 200}, 200, JSON, b""),
    ({"headers": {"x": "1"}}, 200, {"x": "1"} | JSON, b""),
    ({"statusCode": "201", "body": "b"}, 201, JSON, b"b"),
    ({"statusCode": 200, "headers": {"a": True, "b": 5, "c": None}}, 200, {"a": "true", "b": "5"} | JSON, b""),
    ({"statusCode": 200, "headers": None, "body": None}, 200, JSON, b""),
    ({"statusCode": 200, "headers": {"a": "1"}, "multiValueHeaders": {"a": ["2", "3"]}}, 200,
     {"a": "2, 3, 1"} | JSON, b""),
    ({"statusCode": 200, "headers": {"content-type": "text/x"}}, 200, {"content-type": "text/x"}, b""),
    ({"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}, 200, JSON, b"hi"),
    ({"statusCode": 200, "wrong": 1}, 502, {}, b""),
    ("text", 502, {}, b""),
    ({}, 502, {}, b""),
    (None, 502, {}, b""),
    ({"statusCode": "no"}, 502, {}, b""),
    ({"statusCode": 99}, 502, {}, b""),
    ({"statusCode": 200, "multiValueHeaders": {"a": "b"}}, 502, {}, b""),
    ({"statusCode": 200, "headers": {"a": "b\r\nc: d"}}, 502, {}, b""),
    ({"statusCode": 200, "body": {"a": 1}}, 502, {}, b""),
])  # fmt: skip
def test_answers_of_functions(result: Any, status: int, headers: dict[str, str], body: bytes) -> None:
    answer = answer_v1(json.dumps(result).encode(), takes_binary=True)
    if status == 502:
        assert answer is None
    else:
        assert answer is not None
        assert (answer.status, answer.headers, answer.body) == (status, headers, body)


def test_cookies_stay_several() -> None:
    payload = json.dumps({"statusCode": 200, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]}}).encode()
    answer = answer_v1(payload, takes_binary=False)
    assert answer is not None
    assert (answer.cookies, answer.headers) == (["a=1", "b=2"], JSON)


ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc/s/GET/pets/7"


def policy(*statements: tuple[str, Any, Any]) -> Any:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": effect, "Action": action, "Resource": what} for effect, action, what in statements],
    }


@pytest.mark.parametrize(("document", "decision"), [
    (policy(("Allow", "execute-api:Invoke", ARN)), Decision.ALLOWED),
    (policy(("Allow", "execute-api:*", "arn:aws:execute-api:*:*:abc/*/GET/pets/?")), Decision.ALLOWED),
    (policy(("Allow", ["s3:*", "*"], ["x", "*"])), Decision.ALLOWED),
    (policy(("Allow", "execute-api:Invoke", "arn:aws:execute-api:*:*:abc/s/POST/*")), Decision.NOT_ALLOWED),
    (policy(("Allow", "s3:*", "*")), Decision.NOT_ALLOWED),
    (policy(("Allow", "*", "*"), ("Deny", "execute-api:Invoke", "*/pets/*")), Decision.DENIED),
    ({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, Decision.ALLOWED),
    ({"Statement": {"Effect": "Allow", "Action": "*", "NotResource": "*/pets/*"}}, Decision.NOT_ALLOWED),
])  # fmt: skip
def test_policies(document: Any, decision: Decision) -> None:
    assert decide(document, ARN) is decision


@pytest.mark.parametrize("document", [
    {}, {"Statement": "x"}, {"Statement": [{"Effect": "Maybe"}]}, {"Statement": [{"Effect": "Allow", "Action": "*"}]},
    {"Statement": [{"Effect": "Allow", "Action": 5, "Resource": "*"}]},
    {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"x": {}}}]},
])  # fmt: skip
def test_policies_that_cannot_be_judged(document: Any) -> None:
    with pytest.raises(PolicyError):
        decide(document, ARN)


@pytest.mark.parametrize(("text", "line"), [
    ("$context.requestId $context.identity.sourceIp", "r 1.2.3.4"),
    ('{"a":"$context.authorizer.principalId","s":$context.status}', '{"a":"-","s":200}'),
    ("$context.flag|$context.identity.user|$contextual|$stageVariables.x", "true|-|$contextual|$stageVariables.x"),
])  # fmt: skip
def test_access_log_lines(text: str, line: str) -> None:
    context = {"requestId": "r", "identity": {"sourceIp": "1.2.3.4", "user": None}, "status": 200, "flag": True}
    assert LineFormat(text).line(context) == line


@pytest.mark.parametrize(("kind", "uri", "read"), [
    ("AWS_PROXY", "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/arn:aws:lambda:r:1:function:f:v/invocations",
     FunctionUri("arn:aws:lambda:r:1:function:f:v")),
    ("AWS", "arn:aws:apigateway:r:kinesis:action/PutRecord", ServiceUri("r", "kinesis", "PutRecord", "")),
    ("AWS", "arn:aws:apigateway:r:sqs:path/1/q", ServiceUri("r", "sqs", "", "/1/q")),
    ("HTTP", "http://h:1/{a}?b=c", HttpUri("http://h:1/{a}?b=c")),
    ("AWS_PROXY", "arn:aws:apigateway:r:kinesis:action/PutRecord", None),
    ("AWS", "arn:aws:apigateway:r:lambda:path/functions/f", None),
    ("AWS", "arn:aws:lambda:r:1:function:f", None),
    ("AWS", "nonsense", None),
    ("HTTP", "ftp://h/", None),
    ("HTTP_PROXY", "http:///x", None),
    ("HTTP_PROXY", "http://h/ x", None),
])  # fmt: skip
def test_uris(kind: str, uri: str, read: Any) -> None:
    if read is None:
        with pytest.raises(UriError):
            read_uri(kind, uri)
    else:
        assert read_uri(kind, uri) == read


VALUE = RestApi(
    id="a", name="n", created_date=1.0, api_key_source="HEADER", binary_media_types=["x/y"], tags={"k": "v"},
    endpoint_configuration=EndpointConfiguration(types=["EDGE"]), disable_execute_api_endpoint=False,
    root_resource_id="r",
)  # fmt: skip
RULES = {"/description": TEXT, "/disableExecuteApiEndpoint": FLAG, "/binaryMediaTypes": SetOf(), "/tags": MapOf(str)}


@pytest.mark.parametrize(("operation", "member", "value"), [
    (("replace", "/description", "d"), "description", "d"),
    (("remove", "/description", None), "description", None),
    (("replace", "/disableExecuteApiEndpoint", "true"), "disable_execute_api_endpoint", True),
    (("add", "/binaryMediaTypes/image~1png", None), "binary_media_types", ["x/y", "image/png"]),
    (("remove", "/binaryMediaTypes/x~1y", None), "binary_media_types", []),
    (("replace", "/binaryMediaTypes/x~1y", "a/b"), "binary_media_types", ["a/b"]),
    (("add", "/tags/a~0b", "1"), "tags", {"k": "v", "a~b": "1"}),
    (("remove", "/tags/k", None), "tags", {}),
])  # fmt: skip
def test_patches(operation: Any, member: str, value: Any) -> None:
    assert getattr(patched(VALUE, [Operation(*operation)], RULES), member) == value


@pytest.mark.parametrize("operation", [
    ("replace", "/nonsense", "x"), ("replace", "/description/x", "x"), ("replace", "/description", None),
    ("replace", "/disableExecuteApiEndpoint", "perhaps"), ("remove", "/disableExecuteApiEndpoint", None),
    ("add", "/binaryMediaTypes", None), ("replace", "/tags", "x"),
])  # fmt: skip
def test_patches_that_are_refused(operation: Any) -> None:
    with pytest.raises(ApiGatewayError):
        patched(VALUE, [Operation(*operation)], RULES)
