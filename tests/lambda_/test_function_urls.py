"""Function URLs and streamed answers, over real sockets with real workers."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import pytest

PYTHON = """
def handler(event, context):
    mode = event.get("queryStringParameters", {}).get("mode")
    if mode == "raise":
        raise ValueError("no")
    if mode == "text":
        return "plain text"
    if mode == "list":
        return [1, 2]
    if mode == "bad":
        return {"statusCode": "nonsense"}
    if mode == "split":
        return {"statusCode": 200, "headers": {"x-a": "b\\r\\nx-evil: 1"}}
    if mode == "full":
        return {"statusCode": 201, "headers": {"X-Custom": "ü", "x-number": 5}, "cookies": ["a=1", "b=2"],
                "body": "aGVsbG8=", "isBase64Encoded": True}
    return event
"""

NODE = """
exports.pieces = awslambda.streamifyResponse(async (event, stream, context) => {
  stream.setContentType("text/plain");
  for (const part of ["one ", "two ", "three"]) { stream.write(part); await new Promise(r => setImmediate(r)); }
  stream.end();
});
exports.http = awslambda.streamifyResponse(async (event, stream, context) => {
  stream = awslambda.HttpResponseStream.from(stream, {statusCode: 418, headers: {"x-tea": "pot"}});
  stream.write("short"); stream.end();
});
exports.fails = awslambda.streamifyResponse(async (event, stream, context) => { throw new Error("no"); });
"""


class Answer:
    def __init__(self, raw: Any) -> None:
        self.status = raw.status
        self.headers = raw.headers
        self.body = raw.read()


def fetch(endpoint: Any, url: str, path: str = "", *, method: str = "GET", data: bytes | None = None,
          headers: dict[str, str] | None = None) -> Answer:  # fmt: skip
    """By the host name of the function, without asking a resolver for it."""
    parts = urlsplit(url)
    asked = urllib.request.Request(f"{endpoint.url}{parts.path}{path}", data=data, method=method)
    asked.add_header("Host", parts.netloc)
    for name, value in (headers or {}).items():
        asked.add_header(name, value)
    try:
        with urllib.request.urlopen(asked, timeout=20) as raw:
            return Answer(raw)
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error)


@pytest.fixture
def url(endpoint: Any) -> str:
    endpoint.create("web", {"app.py": PYTHON})
    made = endpoint.functions.create_function_url_config(FunctionName="web", AuthType="NONE")
    return str(made["FunctionUrl"])


def test_the_event(endpoint: Any, url: str) -> None:
    got = fetch(endpoint, url, "some/p%C3%A4th?a=1&a=2&b=", method="POST", data=b'{"x":1}',
                headers={"Content-Type": "application/json", "Cookie": "c=1; d=2", "X-Some": "Thing"})  # fmt: skip
    event = json.loads(got.body)
    assert (got.status, got.headers["content-type"]) == (200, "application/json")
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "$default", "/some/päth")
    assert (event["rawQueryString"], event["queryStringParameters"]) == ("a=1&a=2&b=", {"a": "1,2", "b": ""})
    assert (event["cookies"], event["headers"]["x-some"]) == (["c=1", "d=2"], "Thing")
    assert "cookie" not in event["headers"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"x":1}', False)
    about = event["requestContext"]
    assert about["http"]["method"] == "POST"
    assert (about["stage"], about["domainPrefix"]) == ("$default", urlsplit(url).netloc.partition(".")[0])
    assert got.headers["x-amzn-RequestId"] == about["requestId"]


@pytest.mark.parametrize(("mode", "status", "body"), [
    ("text", 200, b"plain text"),
    ("list", 200, b"[1, 2]"),
    ("full", 201, b"hello"),
    ("raise", 502, b"Internal Server Error"),
    ("bad", 502, b"Internal Server Error"),
    ("split", 502, b"Internal Server Error"),
])  # fmt: skip
def test_answers(endpoint: Any, url: str, mode: str, status: int, body: bytes) -> None:
    got = fetch(endpoint, url, f"?mode={mode}")
    assert (got.status, got.body) == (status, body)
    if mode == "full":
        assert got.headers.get_all("set-cookie") == ["a=1", "b=2"]
        assert got.headers["x-custom"].encode("latin-1").decode() == "ü"
        assert got.headers["x-number"] == "5"


def test_by_path_where_names_below_localhost_are_not_found(endpoint: Any, url: str) -> None:
    url_id = urlsplit(url).netloc.partition(".")[0]
    got = fetch(endpoint, f"{endpoint.url}/_streamcore/url/{url_id}/here")
    assert json.loads(got.body)["rawPath"] == "/here"


def test_binary_bodies(endpoint: Any, url: str) -> None:
    event = json.loads(fetch(endpoint, url, method="POST", data=b"\xff\x00").body)
    assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)


def test_no_such_url(endpoint: Any) -> None:
    got = fetch(endpoint, f"http://{'a' * 32}.lambda-url.us-east-1.localhost/")
    assert (got.status, json.loads(got.body)) == (403, {"Message": "Forbidden"})


def test_throttled(endpoint: Any, url: str) -> None:
    endpoint.functions.put_function_concurrency(FunctionName="web", ReservedConcurrentExecutions=0)
    assert fetch(endpoint, url).status == 429


def test_signatures_where_they_are_asked_for(endpoint: Any, url: str) -> None:
    endpoint.functions.update_function_url_config(FunctionName="web", AuthType="AWS_IAM")
    got = fetch(endpoint, url)
    assert got.status == 403
    assert json.loads(got.body)["Message"].startswith("Forbidden. For troubleshooting")


def test_cors(endpoint: Any, url: str) -> None:
    cors = {"AllowOrigins": ["https://a.example"], "AllowMethods": ["GET"], "AllowHeaders": ["x-a"], "MaxAge": 60,
            "AllowCredentials": True, "ExposeHeaders": ["x-b"]}  # fmt: skip
    endpoint.functions.update_function_url_config(FunctionName="web", Cors=cors)
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET"}
    preflight = fetch(endpoint, url, method="OPTIONS", headers=asked)
    assert preflight.headers["access-control-allow-origin"] == "https://a.example"
    assert preflight.headers["access-control-allow-methods"] == "GET"
    assert preflight.headers["access-control-max-age"] == "60"
    plain = fetch(endpoint, url, headers=asked)
    assert plain.headers["access-control-expose-headers"] == "x-b"
    other = fetch(endpoint, url, headers={"Origin": "https://b.example"})
    assert "access-control-allow-origin" not in other.headers


class TestStreaming:
    @staticmethod
    def create(endpoint: Any, export: str) -> None:
        endpoint.create("s", {"index.js": NODE}, f"index.{export}", Runtime="nodejs20.x", Timeout=10)

    def test_pieces(self, endpoint: Any) -> None:
        self.create(endpoint, "pieces")
        answer = endpoint.functions.invoke_with_response_stream(FunctionName="s", LogType="Tail")
        assert answer["ExecutedVersion"] == "$LATEST"
        events = list(answer["EventStream"])
        chunks = [event["PayloadChunk"]["Payload"] for event in events if "PayloadChunk" in event]
        assert b"".join(chunks) == b"one two three"
        assert list(events[-1]) == ["InvokeComplete"]
        assert "ErrorCode" not in events[-1]["InvokeComplete"]
        assert events[-1]["InvokeComplete"]["LogResult"]

    def test_a_failure(self, endpoint: Any) -> None:
        self.create(endpoint, "fails")
        events = list(endpoint.functions.invoke_with_response_stream(FunctionName="s")["EventStream"])
        complete = events[-1]["InvokeComplete"]
        assert complete["ErrorCode"] == "Unhandled"
        assert json.loads(complete["ErrorDetails"])["errorMessage"] == "no"

    def test_a_runtime_that_does_not_stream(self, endpoint: Any) -> None:
        endpoint.create("py", {"app.py": "def handler(event, context): return event"})
        answer = endpoint.functions.invoke_with_response_stream(FunctionName="py", Payload=b'{"a": 1}')
        events = list(answer["EventStream"])
        assert [event["PayloadChunk"]["Payload"] for event in events[:-1]] == [b'{"a": 1}']

    def test_no_such_function(self, endpoint: Any) -> None:
        with pytest.raises(endpoint.functions.exceptions.ResourceNotFoundException):
            endpoint.functions.invoke_with_response_stream(FunctionName="nope")

    @pytest.mark.parametrize(("export", "status", "body"), [
        ("pieces", 200, b"one two three"), ("http", 418, b"short"), ("fails", 502, b"Internal Server Error"),
    ])  # fmt: skip
    def test_by_url(self, endpoint: Any, export: str, status: int, body: bytes) -> None:
        self.create(endpoint, export)
        made = endpoint.functions.create_function_url_config(
            FunctionName="s", AuthType="NONE", InvokeMode="RESPONSE_STREAM"
        )
        got = fetch(endpoint, made["FunctionUrl"])
        assert (got.status, got.body) == (status, body)
        if export == "http":
            assert got.headers["x-tea"] == "pot"
