"""Invoke by boto3 and by hand: answers, headers, bounds, throttling."""

from __future__ import annotations

import asyncio
import json
import re
from base64 import b64decode, b64encode
from typing import Any

import pytest
from lambda_harness import ACCOUNT, REGION, ROLE, ZIP, World, archive, arn

from runtime.api.lambda_ import LAMBDA
from runtime.errors import InvalidParameterError, PoolBusyError, PoolClosedError
from runtime.model.invocation import Status
from runtime.model.names import FunctionRef
from streamcore.api.aws.rest import RestAction
from streamcore.api.http import Request

INVALID = "InvalidParameterValueException"


def test_an_answer(world: World) -> None:
    world.create()
    got = world.client.invoke(FunctionName="f", Payload=b'{"a": 1}', LogType="Tail")
    assert (got["StatusCode"], got["ExecutedVersion"], "FunctionError" in got) == (200, "$LATEST", False)
    assert got["Payload"].read() == b'{"a": 1}'
    start, one, two, end, report = b64decode(got["LogResult"]).decode().splitlines()
    request_id = got["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    assert (start, one, two) == (f"START RequestId: {request_id} Version: $LATEST", "one", "two")
    assert end == f"END RequestId: {request_id}"
    assert report.startswith(f"REPORT RequestId: {request_id}\tDuration: 1.00 ms\tBilled Duration: 1 ms\t")
    world.answers.log = b"x" * 5000
    assert len(b64decode(world.client.invoke(FunctionName="f", LogType="Tail")["LogResult"])) == 4096
    assert "LogResult" not in world.client.invoke(FunctionName="f", LogType="None")
    (spec, event, _) = world.answers.runs[-1]
    assert event == b"{}"  # no payload at all
    assert (spec.runtime, spec.handler, spec.version) == ("python3.12", "app.handler", "$LATEST")


def test_a_failure_of_the_function_is_status_200(world: World) -> None:
    world.create()
    world.answers.status, world.answers.payload = Status.TIMED_OUT, b'{"errorType":"Sandbox.Timedout"}'
    got = world.client.invoke(FunctionName="f")
    assert (got["StatusCode"], got["FunctionError"]) == (200, "Unhandled")
    assert got["Payload"].read() == world.answers.payload


def test_client_context(world: World) -> None:
    world.create()
    world.client.invoke(FunctionName="f", ClientContext=b64encode(b'{"custom":{"a":"b"}}').decode())
    assert world.answers.runs[-1][2] == '{"custom":{"a":"b"}}'
    bad = "Client context must be a valid Base64-encoded JSON object."
    for text in ("nonsense!", b64encode(b"[]").decode(), b64encode(b"{").decode()):
        assert world.fails("invoke", FunctionName="f", ClientContext=text) == ("InvalidRequestContentException", bad)
    long = b64encode(json.dumps({"custom": {"a": "b" * 3000}}).encode()).decode()
    assert world.fails("invoke", FunctionName="f", ClientContext=long) == (
        "InvalidRequestContentException",
        "Client context must be at most 3583 bytes in base64.",
    )


def test_dry_run(world: World) -> None:
    world.create()
    assert world.client.invoke(FunctionName="f", InvocationType="DryRun")["StatusCode"] == 204
    assert world.answers.runs == []
    assert world.fails("invoke", FunctionName="nope", InvocationType="DryRun")[0] == "ResourceNotFoundException"


@pytest.mark.parametrize("payload", [b"nonsense", b'{"a"', b"{} x", b'"\xff"', b'{"a": NaN}'])
def test_what_is_no_json(world: World, payload: bytes) -> None:
    world.create()
    code, message = world.fails("invoke", FunctionName="f", Payload=payload)
    assert code == "InvalidRequestContentException"
    assert message.startswith("Could not parse request body into json: ")
    assert world.answers.runs == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/x-amz-json-1.1", 200),
        ("application/octet-stream", 200),
        ("", 200),
        ("text/plain", 415),
        ("application/xml", 415),
    ],
)
def test_media_types(world: World, kind: str, status: int) -> None:
    world.create()
    got = invoke_by_hand(world, b"{}", **({"content-type": kind} if kind else {}))
    assert got.status == status
    if status == 415:
        text = "The content type of the Invoke request body is not JSON."
        assert json.loads(got.body) == {"Type": "User", "message": text}
        assert got.headers["x-amzn-ErrorType"] == "UnsupportedMediaTypeException"


def invoke_by_hand(world: World, body: bytes, **headers: str) -> Any:
    credential = f"{ACCOUNT}/20231114/{REGION}/lambda/aws4_request"
    given = {
        "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0a1b",
        "x-amz-date": "20231114T221320Z",
    }
    return world.handle(Request("POST", "/2015-03-31/functions/f/invocations", given | headers, body))


def test_payloads_are_bounded(world: World) -> None:
    world.create()
    largest = b'"' + b"x" * (6_291_556 - 2) + b'"'
    assert world.client.invoke(FunctionName="f", Payload=largest)["StatusCode"] == 200
    assert world.fails("invoke", FunctionName="f", Payload=b" " + largest) == (
        "RequestTooLargeException",
        "6291557 byte payload is too large for the RequestResponse invocation type (limit 6291556 bytes)",
    )
    assert world.fails("invoke", FunctionName="f", InvocationType="Event", Payload=largest) == (
        "RequestTooLargeException",
        "6291556 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
    )


def test_events_need_a_queue(world: World) -> None:
    world.create(Publish=True)
    world.functions.invoker.queue = None
    assert world.fails("invoke", FunctionName="f", InvocationType="Event") == (
        INVALID,
        "InvocationType Event is not available here; use RequestResponse.",
    )

    class Queue:
        taken: list[tuple[FunctionRef, bytes, str]] = []  # noqa: RUF012  one test's

        async def enqueue(self, ref: FunctionRef, event: bytes, *, request_id: str, **_: Any) -> None:
            self.taken.append((ref, event, request_id))

    world.functions.invoker.queue = Queue()
    got = world.client.invoke(FunctionName="f", Qualifier="1", InvocationType="Event", Payload=b"[1]")
    assert (got["StatusCode"], got["Payload"].read()) == (202, b"")
    ((ref, event, request_id),) = Queue.taken
    assert (ref.arn, event) == (arn("f", "1"), b"[1]")
    assert request_id == got["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]
    assert world.fails("invoke", FunctionName="nope", InvocationType="Event")[0] == "ResourceNotFoundException"


def test_wrong_headers(world: World) -> None:
    world.create()
    assert world.fails("invoke", FunctionName="f", InvocationType="Sometimes") == (
        "ValidationException",
        "1 validation error detected: Value 'Sometimes' at 'invocationType' failed to satisfy constraint: "
        "Member must satisfy enum value set: [Event, RequestResponse, DryRun]",
    )
    assert world.fails("invoke", FunctionName="f", TenantId="t") == (
        INVALID,
        "TenantId is not available here: tenants are not isolated",
    )


def test_versions_and_aliases(world: World) -> None:
    world.create(Publish=True)
    other = archive({"app.py": "def handler(event, context): return 2\n"})
    world.client.update_function_code(FunctionName="f", ZipFile=other, Publish=True)
    world.settle()
    world.client.create_alias(
        FunctionName="f", Name="live", FunctionVersion="1", RoutingConfig={"AdditionalVersionWeights": {"2": 0.3}}
    )
    chances = iter([0.0, 0.29, 0.3, 0.99])
    world.functions.invoker._random.random = lambda: next(chances)  # type: ignore[method-assign]
    ran = [world.client.invoke(FunctionName="f:live")["ExecutedVersion"] for _ in range(4)]
    assert ran == ["2", "2", "1", "1"]
    assert world.client.invoke(FunctionName=arn("f", "2"))["ExecutedVersion"] == "2"
    folders = {spec.version: spec.paths[0] for spec, _, _ in world.answers.runs}
    assert folders["1"] != folders["2"]
    world.client.update_alias(FunctionName="f", Name="live", FunctionVersion="2", RoutingConfig={})
    assert world.client.invoke(FunctionName="f", Qualifier="live")["ExecutedVersion"] == "2"


def test_an_update_reaches_the_next_invocation(world: World) -> None:
    world.create()
    world.client.invoke(FunctionName="f")
    world.client.update_function_configuration(FunctionName="f", Timeout=9, MemorySize=256)
    world.client.invoke(FunctionName="f")
    assert [(spec.timeout_ms, spec.memory_mb) for spec, _, _ in world.answers.runs] == [(3000, 128), (9000, 256)]
    world.client.delete_function(FunctionName="f")
    assert world.fails("invoke", FunctionName="f")[0] == "ResourceNotFoundException"


def test_reserved_concurrency_is_enforced(world: World) -> None:
    world.create()
    world.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    scope = world.functions.catalog.function(world.functions.invoker.target("f", _scope()).key).key.scope
    world.answers.gate = asyncio.Event()
    first = world.loop.create_task(world.functions.call("f", b"{}", scope=scope))
    world.run(asyncio.sleep(0))
    with pytest.raises(world.client.exceptions.TooManyRequestsException) as caught:
        world.client.invoke(FunctionName="f")
    response = caught.value.response
    assert response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert (response["Error"]["Message"], response["Type"]) == ("Rate Exceeded.", "User")
    world.answers.gate.set()
    assert world.run(first).version == "$LATEST"
    assert world.client.invoke(FunctionName="f")["StatusCode"] == 200
    world.client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=0)
    assert world.fails("invoke", FunctionName="f")[0] == "TooManyRequestsException"


def _scope() -> Any:
    from streamcore.model.stream import Scope

    return Scope(ACCOUNT, REGION)


def test_the_accounts_concurrency_is_enforced(world: World) -> None:
    world.create()
    world.create("reserved")
    world.client.put_function_concurrency(FunctionName="reserved", ReservedConcurrentExecutions=900)
    world.answers.gate = asyncio.Event()
    running = [world.loop.create_task(world.functions.call("f", b"{}", scope=_scope())) for _ in range(100)]
    world.run(asyncio.sleep(0))
    with pytest.raises(world.client.exceptions.TooManyRequestsException) as caught:
        world.client.invoke(FunctionName="f")
    assert caught.value.response["Reason"] == "ConcurrentInvocationLimitExceeded"
    held = world.loop.create_task(world.functions.call("reserved", b"{}", scope=_scope()))
    world.run(asyncio.sleep(0))
    assert not held.done()  # it has its own
    world.answers.gate.set()
    world.run(asyncio.gather(*running, held))
    assert world.functions.invoker.running(world.functions.invoker.target("f", _scope()).key) == 0


def test_what_the_pool_refuses(world: World) -> None:
    world.create()

    def refusing(error: Exception) -> Any:
        async def run(*_: Any, **__: Any) -> Any:
            raise error

        return run

    world.functions.invoker._run = refusing(PoolBusyError(1000))
    assert world.fails("invoke", FunctionName="f") == ("TooManyRequestsException", "Rate Exceeded.")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [(PoolClosedError(), 503, "ServiceUnavailableException"), (ZeroDivisionError(), 500, "ServiceException")],
)
def test_faults(world: World, error: Exception, status: int, code: str, caplog: pytest.LogCaptureFixture) -> None:
    world.create()

    async def run(*_: Any, **__: Any) -> Any:
        raise error

    world.functions.invoker._run = run
    got = invoke_by_hand(world, b"{}")
    assert (got.status, got.error, got.headers["x-amzn-ErrorType"]) == (status, code, code)
    assert bool(caplog.records) == (status == 500)


def test_code_in_use_stays_until_the_last_invocation_has_ended(world: World) -> None:
    world.create()
    world.answers.gate = asyncio.Event()
    running = world.loop.create_task(world.functions.call("f", b"{}", scope=_scope()))
    world.run(asyncio.sleep(0))
    folder = world.functions.code._root() / "code"
    world.client.delete_function(FunctionName="f")
    world.client.list_functions()
    assert len(list(folder.iterdir())) == 1
    world.answers.gate.set()
    world.run(running)
    world.quiet()
    assert list(folder.iterdir()) == []


def test_code_that_lies_in_a_folder_is_read_anew(world: World, tmp_path: Any) -> None:
    (tmp_path / "app.py").write_text("def handler(e, c): return 1\n")
    world.create(Code={"S3Bucket": "hot-reload", "S3Key": str(tmp_path)})
    assert world.client.get_function(FunctionName="f")["Code"]["Location"] == f"file://{tmp_path}"
    world.client.invoke(FunctionName="f")
    world.client.invoke(FunctionName="f")
    (tmp_path / "app.py").write_text("def handler(e, c): return 'two'\n")
    (tmp_path / "__pycache__").mkdir()
    world.client.invoke(FunctionName="f")
    (tmp_path / "__pycache__" / "app.pyc").write_text("")  # no change
    world.client.invoke(FunctionName="f")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "more.py").write_text("")
    world.client.invoke(FunctionName="f")
    states = [spec.code_sha256 for spec, _, _ in world.answers.runs]
    assert states[0] == states[1] != states[2] == states[3] != states[4]
    assert {spec.paths for spec, _, _ in world.answers.runs} == {(str(tmp_path),)}


def test_code_from_an_object_store(world: World) -> None:
    asked = []

    async def fetch(bucket: str, key: str, version: str | None) -> bytes:
        asked.append((bucket, key, version))
        return ZIP

    world.functions._fetch_object = fetch
    told = world.create(Code={"S3Bucket": "bucket", "S3Key": "code.zip", "S3ObjectVersion": "7"})
    assert (asked, told["CodeSize"]) == ([("bucket", "code.zip", "7")], len(ZIP))


def test_an_embedder_invokes_by_name(world: World) -> None:
    world.close()
    local = World(account=ACCOUNT, region=REGION)
    local.create(Publish=True)
    for name, qualifier in (("f", None), ("f:1", None), (arn("f"), "1")):
        outcome = local.run(local.functions.invoke(name, b"[1]", qualifier=qualifier))
        assert (outcome.ok, outcome.payload) == (True, b"[1]")
    with pytest.raises(InvalidParameterError, match="must be a registered function"):
        local.run(local.functions.invoke("nope", b"{}"))
    local.close()
    world.__init__()  # type: ignore[misc]  # what the fixture closes


JUNK_BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe",
    b"[" * 5000,
    b'{"FunctionName": {}, "Code": [], "Tags": 3, "Environment": {"Variables": {"a": null}}, "Layers": {}}',
    b'{"FunctionName": "f", "Role": "' + ROLE.encode() + b'", "Code": {"ZipFile": "!!!"}, "Timeout": 1e400}',
    b'{"Timeout": 99999999999999999999999, "RoutingConfig": {"AdditionalVersionWeights": {"1": "x"}}}',
    b'{"MemorySize": "x", "Layers": [1], "Tags": {"a": {}}}',
    b'{"Name": "a", "FunctionVersion": "1", "RoutingConfig": {"AdditionalVersionWeights": {"2": NaN}}}',
    b'{"AllowedPublishers": {"SigningProfileVersionArns": [null]}, "Content": {"ZipFile": ""}, "AuthType": 1}',
]
JUNK_LABELS = [
    "f",
    "f:1",
    "%00",
    "%FF%FE",
    "..",
    "a" * 3000,
    "arn:aws:lambda",
    arn("f"),
    "0",
    "-1",
    "9" * 30,
    "%F0%9F%8E%89",
]


@pytest.mark.parametrize("action", LAMBDA.actions.values(), ids=LAMBDA.actions)
def test_junk_is_never_our_fault(world: World, action: RestAction, caplog: pytest.LogCaptureFixture) -> None:
    world.create()
    headers = {
        "authorization": f"AWS4-HMAC-SHA256 Credential={ACCOUNT}/1/{REGION}/lambda/aws4_request, "
        "SignedHeaders=host, Signature=0a1b",
        "x-amz-date": "20231114T221320Z",
    }
    path, _, demanded = action.template.partition("?")
    for number, label in enumerate(JUNK_LABELS):
        target = re.sub(r"\{\w+\}", label, path)
        for body in JUNK_BODIES if number in (0, 7) else JUNK_BODIES[:2]:
            names = ("Qualifier", "MaxItems", "Marker", "RevisionId", "tagKeys", "Arn")
            query = "&".join([demanded, *(f"{name}={label}" for name in names)])
            for each in (query, demanded):
                got = world.handle(Request(action.method, target, headers, body, each))
                assert got.status < 500, (target, body, each, got.body)
    assert caplog.records == []


def test_paths_that_lead_nowhere(world: World) -> None:
    headers = {"authorization": "AWS4-HMAC-SHA256 Credential=a/b/c/lambda/aws4_request"}
    for method, path in (("PATCH", "/2015-03-31/functions"), ("GET", "/2015-03-31/nothing"), ("GET", "/2015-03-31/")):
        got = world.handle(Request(method, path, headers))
        assert (got.status, got.error) == (403, "AccessDeniedException")
    unsigned = world.handle(Request("GET", "/2015-03-31/functions", {}))
    assert (unsigned.status, unsigned.error) == (403, "MissingAuthenticationTokenException")
    assert json.loads(unsigned.body) == {"message": "Missing Authentication Token"}
