"""REST-JSON services: paths, where members travel, errors; with a service made for the test."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
import pytest
from aws_harness import authorization

from streamcore.api.aws.binding import PAYLOAD, STATUS, URI, header, plan_of, query
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.rest import RestError, RestJsonProtocol, RestService
from streamcore.api.aws.routes import Router, values_of
from streamcore.api.aws.service import BODY_MAX_BYTES, Call, Endpoint
from streamcore.api.aws.shapes import Shape, Timestamp, number, text
from streamcore.api.aws.target import TargetProtocol
from streamcore.api.door import Door
from streamcore.api.http import Request, Response
from streamcore.broker import open_broker
from streamcore.config import settings
from streamcore.errors import LimitExceeded

TEMPLATES = {
    "GET /a/b": "fixed",
    "GET /a/{x}": "label",
    "GET /a/{x}/c": "after",
    "GET /a/b/{y}/d": "deep",
    "GET /files/{key+}": "rest",
    "PUT /a/{x}": "put",
    "GET /v/{x}?list=ALL": "listed",
    "GET /v/{x}": "single",
}


@pytest.mark.parametrize(
    ("path", "found", "labels"),
    [
        ("GET /a/b", "fixed", {}),
        ("GET /a/b/", "fixed", {}),
        ("GET /a/z", "label", {"x": "z"}),
        ("GET /a/b/c", "after", {"x": "b"}),  # the fixed branch leads nowhere
        ("GET /a/b/c/d", "deep", {"y": "c"}),
        ("GET /a/x%2Fy%20z", "label", {"x": "x/y z"}),
        ("PUT /a/z", "put", {"x": "z"}),
        ("GET /files/a/b%2Fc", "rest", {"key": "a/b/c"}),
        ("DELETE /a/z", None, {}),
        ("GET /a", None, {}),
        ("GET /", None, {}),
        ("GET /a/b/c/d/e", None, {}),
        ("GET /a//c", None, {}),
    ],
)
def test_paths(path: str, found: str | None, labels: dict[str, str]) -> None:
    router: Router[str] = Router()
    for template, target in TEMPLATES.items():
        router.add(*template.split(" "), target)  # type: ignore[arg-type]  # two words
    method, _, rest = path.partition(" ")
    got = router.find(method, rest)
    if found is None:
        assert got is None
        return
    assert got is not None
    (leaf,) = got.leaves
    assert (leaf.target, values_of(leaf, got)) == (found, labels)


def test_a_greedy_label_is_the_last() -> None:
    with pytest.raises(ValueError, match="only the last label may be greedy"):
        Router().add("GET", "/{a+}/b", "")


class ThingInput(Shape, frozen=True, kw_only=True):
    name: Annotated[str, text(1, 5), URI]
    size: Annotated[Annotated[int, number(1, 9)], query()] | None = None
    is_new: Annotated[bool, query("new")] | None = None
    keys: Annotated[list[str], query("key")] | None = None
    mode: Annotated[str, header("X-Mode")] | None = None
    inner: dict[str, str] | None = None
    at: Timestamp | None = None


class ThingOutput(Shape, frozen=True, kw_only=True):
    status: Annotated[int, STATUS]
    mode: Annotated[str, header("X-Mode")] | None = None
    told: dict[str, Any]


class RawInput(Shape, frozen=True, kw_only=True):
    body: Annotated[bytes, PAYLOAD] = b""


class RawOutput(Shape, frozen=True, kw_only=True):
    body: Annotated[bytes, PAYLOAD]


class NoInput(Shape, frozen=True, kw_only=True):
    """Nothing."""


def service(name: str = "things", root: str = "/v1") -> RestService[list[Any]]:
    made: RestService[list[Any]] = RestService(name)

    @made.action("Thing", "POST", f"{root}/things/{{Name}}", status=201)
    async def thing(app: list[Any], call: Call, input_: ThingInput) -> ThingOutput:
        app.append((call, input_))
        told = msgspec.to_builtins(input_, enc_hook=lambda value: value.ms)
        return ThingOutput(status=201, mode=input_.mode, told=told)

    @made.action("Raw", "PUT", f"{root}/raw", body_max_bytes=BODY_MAX_BYTES * 3)
    async def raw(app: list[Any], call: Call, input_: RawInput) -> RawOutput:
        return RawOutput(body=input_.body[::-1])

    @made.action("List", "GET", f"{root}/v?list=ALL")
    async def listed(app: list[Any], call: Call, input_: NoInput) -> RawOutput:
        return RawOutput(body=b"all")

    @made.action("Single", "GET", f"{root}/v")
    async def single(app: list[Any], call: Call, input_: NoInput) -> RawOutput:
        return RawOutput(body=name.encode())

    @made.action("Nothing", "DELETE", f"{root}/v", status=204)
    async def nothing(app: list[Any], call: Call, input_: NoInput) -> None:
        app.append(call.scope)

    @made.action("Whole", "GET", f"{root}/whole")
    async def whole(app: list[Any], call: Call, input_: NoInput) -> Response:
        return Response(418, {"x-a": "b"}, b"c")

    @made.action("Fails", "GET", f"{root}/fails")
    async def fails(app: list[Any], call: Call, input_: NoInput) -> None:
        raise app[0]

    return made


class Rig:
    def __init__(self, endpoint: Endpoint, app: list[Any]) -> None:
        self.endpoint, self.app = endpoint, app

    async def __call__(self, method: str, target: str, body: bytes = b"", **headers: str) -> Response:
        path, _, query_ = target.partition("?")
        given = {"authorization": authorization(), "x-amz-date": "20231114T221320Z", "host": "here:4566"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(method, path, {name: value for name, value in given.items() if value}, body, query_)
        answer = await self.endpoint.handle(request)
        assert isinstance(answer, Response)
        return answer


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    app: list[Any] = []
    async with open_broker(None) as broker:
        other = service("others")
        rest = RestJsonProtocol(broker, [service().on(app), other.on(app)])
        yield Rig(Endpoint([rest, TargetProtocol(broker, [])]), app)


async def test_members_travel_in_all_places(rig: Rig) -> None:
    body = b'{"Inner": {"a": "b"}, "Name": "no", "Size": 7, "At": 1.5}'
    got = await rig("POST", "/v1/things/a%20b?Size=3&new=true&key=x&key=y%2F&other=1", body, x_mode="m")
    assert (got.status, got.headers["X-Mode"], got.operation) == (201, "m", "things.Thing")
    assert got.headers["content-type"] == "application/json"
    told = {"Name": "a b", "Size": 3, "IsNew": True, "Keys": ["x", "y/"], "Mode": "m", "Inner": {"a": "b"}, "At": 1500}
    assert json.loads(got.body) == {"Told": told}
    ((call, input_),) = rig.app
    assert (call.origin, call.scope.account) == ("http://here:4566", "123456789012")
    assert input_.at == Timestamp(1500)


async def test_payloads_are_raw(rig: Rig) -> None:
    assert (await rig("PUT", "/v1/raw", b'{"a":')).body == b':"a"{'
    assert (await rig("PUT", "/v1/raw")).body == b""


async def test_demands_and_services_on_one_path(rig: Rig) -> None:
    assert (await rig("GET", "/v1/v?x=1&list=ALL")).body == b"all"
    assert (await rig("GET", "/v1/v")).body == b"things"
    assert (await rig("GET", "/v1/v", authorization=authorization().replace("kinesis", "others"))).body == b"others"


async def test_answers_without_a_shape(rig: Rig) -> None:
    nothing = await rig("DELETE", "/v1/v")
    assert (nothing.status, nothing.body, "content-type" in nothing.headers) == (204, b"", False)
    whole = await rig("GET", "/v1/whole")
    assert (whole.status, whole.body, whole.headers["x-a"], whole.operation) == (418, b"c", "b", "things.Whole")


BAD_INPUTS = [
    ("/v1/things/abcdef", b"", "ValidationException", "Value 'abcdef' at 'name' failed to satisfy constraint: "),
    ("/v1/things/a?Size=12", b"", "ValidationException", "Member must have value less than or equal to 9"),
    ("/v1/things/a?Size=x", b"", "SerializationException", "'x' can not be converted to an Integer"),
    ("/v1/things/a?new=perhaps", b"", "SerializationException", "'PERHAPS' can not be converted to an Boolean"),
    ("/v1/things/a", b"{", "SerializationException", ""),
    ("/v1/things/a", b"[]", "SerializationException", "Start of list found where not expected"),
    ("/v1/things/a", b'{"Inner": 3}', "SerializationException", "Expected map or null"),
    ("/v1/things/a?" + "&".join("a=b" for _ in range(300)), b"", "SerializationException", "More than 200 parameters"),
]


@pytest.mark.parametrize(("target", "body", "code", "text_"), BAD_INPUTS)
async def test_bad_inputs(rig: Rig, target: str, body: bytes, code: str, text_: str) -> None:
    got = await rig("POST", target, body)
    assert (got.status, got.headers["x-amzn-ErrorType"], got.error) == (400, code, code)
    assert text_ in json.loads(got.body).get("message", "")
    assert rig.app == []


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        (AwsError("SomeException", 409, "text"), 409, {"message": "text"}),
        (RestError("SomeException", 429, "text", members={"Reason": "r"}), 429, {"message": "text", "Reason": "r"}),
        (LimitExceeded("text"), 400, {"message": "text"}),
        (ZeroDivisionError(), 500, {"message": "Internal Service Failure"}),
    ],
)
async def test_errors(rig: Rig, error: Exception, status: int, body: Any, caplog: pytest.LogCaptureFixture) -> None:
    rig.app.append(error)
    got = await rig("GET", "/v1/fails")
    assert (got.status, json.loads(got.body)) == (status, body)
    assert bool(caplog.records) == (status == 500)


async def test_what_is_no_action(rig: Rig) -> None:
    for method, path in (("GET", "/v1/nothing"), ("PATCH", "/v1/v")):
        got = await rig(method, path)
        assert (got.status, got.error) == (403, "AccessDeniedException")
    assert (await rig("GET", "/")).error == "AccessDeniedException"
    assert (await rig("POST", "/elsewhere", b"{}", content_type="application/json")).error == (
        "UnknownOperationException"
    )


@pytest.mark.parametrize(
    ("header_", "code"),
    [("", "MissingAuthenticationTokenException"), ("AWS4-HMAC-SHA256 Credential=a", "IncompleteSignatureException")],
)
async def test_signatures(rig: Rig, header_: str, code: str) -> None:
    got = await rig("GET", "/v1/v", authorization=header_)
    assert (got.status, got.error) == (403, code)


async def test_bodies_are_bounded_by_their_route(rig: Rig) -> None:
    most = BODY_MAX_BYTES * 3
    assert (await rig("PUT", "/v1/raw", bytes(most))).status == 200
    got = await rig("PUT", "/v1/raw", bytes(most + 1))
    assert (got.status, got.error) == (413, "RequestEntityTooLargeException")
    assert json.loads(got.body)["message"] == f"Request must be smaller than {most} bytes for the Raw operation"
    assert (await rig("POST", "/v1/things/a", bytes(BODY_MAX_BYTES + 1))).status == 413
    limit = rig.endpoint.body_limit
    assert limit("PUT", "/v1/raw") > most
    assert limit("POST", "/v1/raw") == limit("PUT", "/v1/nothing") == limit("POST", "/") == BODY_MAX_BYTES
    door = Door(settings(), {}, rig.endpoint, limit)
    assert door.refuse(most, "PUT", "/v1/raw") is None
    assert door.takes(most, "PUT", "/v1/things/a") is False
    refusal = door.refuse(most, "PUT", "/v1/things/a")
    assert refusal is not None
    assert (refusal.status, refusal.body) == (413, b"A request has at most 25165824 bytes.\n")


def test_mistakes_of_a_service_are_found_when_it_is_made() -> None:
    made = service()
    with pytest.raises(ValueError, match="things has an action Thing already"):
        made.action("Thing", "GET", "/x")(next(iter(made.actions.values())).handler)

    class Two(Shape, frozen=True, kw_only=True):
        raw: Annotated[bytes, PAYLOAD]
        member: str

    with pytest.raises(TypeError, match="Two has two bodies"):
        plan_of(Two)
    assert repr(made) == "<RestService things, 7 actions>"
