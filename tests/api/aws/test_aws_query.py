"""The query protocol: forms in, XML out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import pytest
from query_service import ECHO, EchoInput

from streamcore.api.aws.deferred import Deferred
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.query import QueryProtocol, QueryService
from streamcore.api.aws.query_form import QUERY, Spelling, read_form, tree_of
from streamcore.api.aws.service import Endpoint
from streamcore.api.http import Request, Response
from streamcore.broker import Broker, open_broker
from streamcore.model.xml import Node, parse

NAMESPACE = "http://echo.amazonaws.com/doc/2020-01-01/"
FLAT = Spelling(
    is_flattened=True,
    names={"Attributes": "Attribute", "Tags": "Tag", "Names": "Label"},
    halves={"Attributes": ("Name", "Value")},
)
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=123456789012/20260131/us-east-1/echo/aws4_request, SignedHeaders=host, Signature=abc"
)
SIGNED = {"authorization": AUTHORIZATION, "x-amz-date": "20260131T000000Z", "host": "localhost:4567"}


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    async with open_broker(None) as broker:
        yield broker


def of(broker: Broker, kept: list[str], **how: Any) -> QueryService:
    return QueryService(ECHO.bind(kept), "2020-01-01", NAMESPACE, **how)


async def call(protocol: QueryProtocol, form: dict[str, str], *, path: str = "/", signed: bool = True) -> Response:
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8", **(SIGNED if signed else {})}
    request = Request("POST", path, headers, urlencode(form).encode())
    assert protocol.claims(request)
    answer = await protocol.answer(request, "id-1")
    assert isinstance(answer, Response)
    assert answer.headers["content-type"] == "text/xml"
    return answer


def echo(**form: str) -> dict[str, str]:
    return {"Action": "Echo", "Version": "2020-01-01", "Name": "x"} | {
        name.replace("_", "."): value for name, value in form.items()
    }


FORMS: list[tuple[str, Spelling, dict[str, str], dict[str, Any]]] = [
    ("texts", QUERY, {"Name": "a b&c"}, {"Name": "a b&c"}),
    ("a number", QUERY, {"Count": "7"}, {"Count": 7}),
    ("what is no number stays", QUERY, {"Count": "seven"}, {"Count": "seven"}),
    ("a list", QUERY, {"Names.member.1": "a", "Names.member.2": "b"}, {"Names": ["a", "b"]}),
    ("by number, not by place", QUERY, {"Names.member.10": "j", "Names.member.9": "i"}, {"Names": ["i", "j"]}),
    ("an empty list", QUERY, {"Names": ""}, {"Names": []}),
    (
        "structures",
        QUERY,
        {"Tags.member.1.Key": "k", "Tags.member.1.Value": "v"},
        {"Tags": [{"Key": "k", "Value": "v"}]},
    ),
    ("a structure", QUERY, {"Inner.Key": "k"}, {"Inner": {"Key": "k"}}),
    ("a map", QUERY, {"Attributes.entry.1.key": "k", "Attributes.entry.1.value": "v"}, {"Attributes": {"k": "v"}}),
    (
        "a map of structures",
        QUERY,
        {"MessageAttributes.entry.1.key": "k", "MessageAttributes.entry.1.value.Key": "x"},
        {"MessageAttributes": {"k": {"Key": "x"}}},
    ),
    ("a flattened list", FLAT, {"Label.1": "a", "Label.2": "b"}, {"Names": ["a", "b"]}),
    ("a flattened map", FLAT, {"Attribute.1.Name": "k", "Attribute.1.Value": "v"}, {"Attributes": {"k": "v"}}),
    ("flattened structures", FLAT, {"Tag.1.Key": "k"}, {"Tags": [{"Key": "k"}]}),
    ("what is unknown is left", QUERY, {"Colour": "red", "Colour2.member.1": "x"}, {}),
]


@pytest.mark.parametrize(("spelling", "form", "members"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_forms(spelling: Spelling, form: dict[str, str], members: dict[str, Any]) -> None:
    assert read_form(EchoInput, tree_of(form), spelling) == members


@pytest.mark.parametrize(
    "form",
    [
        {"Name": "a", "Name.member.1": "b"},
        {"Name.member.1": "b", "Name": "a"},
        {"Name.x": "a"},
        {"Names.member.x": "a"},
        {"Names.member": "a"},
        {"Names.member.²": "a"},
        {"Attributes.entry.1.value": "v"},
        {"Attributes.entry.1": "v"},
        {"Tags.member.1": "v"},
        {".".join("x" * 17): "v"},
    ],
    ids=str,
)
def test_malformed_forms(form: dict[str, str]) -> None:
    with pytest.raises(AwsError, match="MalformedInput"):
        read_form(EchoInput, tree_of(form))


async def test_an_answer_has_every_kind_of_member(broker: Broker) -> None:
    form = echo(Count="3", IsOn="true", Share="0.5", Blob="aGk=", Since="2026-01-31T12:00:00Z") | {
        "Tags.member.1.Key": "<k>",
        "Names.member.1": "n",
        "Attributes.entry.1.key": "a",
        "Attributes.entry.1.value": "1",
        "Inner.Key": "i",
    }
    answer = await call(QueryProtocol(broker, [of(broker, [])]), form)
    assert answer.status == 200
    assert answer.body.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<EchoResponse xmlns="{NAMESPACE}"><EchoResult><Name>x</Name><Count>3</Count><IsOn>true</IsOn>'
        "<Share>0.5</Share><Blob>aGk=</Blob><Since>2026-01-31T12:00:00Z</Since>"
        "<Tags><member><Key>&lt;k&gt;</Key></member></Tags><Names><member>n</member></Names>"
        "<Attributes><entry><key>a</key><value>1</value></entry></Attributes><Inner><Key>i</Key></Inner>"
        "<Origin>http://localhost:4567</Origin></EchoResult>"
        "<ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></EchoResponse>"
    )


async def test_flattened_answers(broker: Broker) -> None:
    form = echo() | {"Attribute.1.Name": "a", "Attribute.1.Value": "1", "Tag.1.Key": "k", "Tag.2.Key": "l"}
    answer = await call(QueryProtocol(broker, [of(broker, [], spelling=FLAT)]), form)
    assert (
        "<Tag><Key>k</Key></Tag><Tag><Key>l</Key></Tag><Attribute><Name>a</Name><Value>1</Value></Attribute>"
    ) in answer.body.decode()


async def test_ec2_answers(broker: Broker) -> None:
    spelling = Spelling(is_flattened=True, is_ec2=True, names={"Names": "Label"})
    protocol = QueryProtocol(broker, [of(broker, [], spelling=spelling)])
    answer = await call(protocol, {"Action": "Echo", "Version": "2020-01-01", "Name": "x", "Tags.1.Key": "k"})
    assert answer.body.decode().partition("\n")[2] == (
        f'<EchoResponse xmlns="{NAMESPACE}"><requestId>id-1</requestId><Name>x</Name>'
        "<Tags><item><Key>k</Key></item></Tags><Origin>http://localhost:4567</Origin></EchoResponse>"
    )
    nothing = await call(protocol, {"Action": "Remember", "Version": "2020-01-01", "Key": "x"})
    assert b"<return>true</return>" in nothing.body
    failed = await call(protocol, {"Action": "Fail", "Version": "2020-01-01"})
    assert failed.body.endswith(
        b"<Response><Errors><Error><Code>NotHere</Code><Message>It is &lt;not&gt; here.</Message></Error></Errors>"
        b"<RequestID>id-1</RequestID></Response>"
    )


async def test_an_action_without_output(broker: Broker) -> None:
    kept: list[str] = []
    answer = await call(
        QueryProtocol(broker, [of(broker, kept)]), {"Action": "Remember", "Version": "2020-01-01", "Key": "k"}
    )
    assert kept == ["k"]
    assert b"RememberResult" not in answer.body
    assert answer.operation == "echo.Remember"


async def test_the_path_is_a_member(broker: Broker) -> None:
    protocol = QueryProtocol(broker, [of(broker, [], path_member="QueueUrl")])
    answer = await call(protocol, echo(), path="/123456789012/q")
    assert b"<QueueUrl>http://localhost:4567/123456789012/q</QueueUrl>" in answer.body
    told = await call(protocol, echo(QueueUrl="http://other/1/q"), path="/123456789012/q")
    assert b"<QueueUrl>http://other/1/q</QueueUrl>" in told.body


def _error(answer: Response) -> tuple[int, str, str, str]:
    root = parse(answer.body)
    error: Node | None = root.first("Error")
    assert root.name == "ErrorResponse"
    assert error is not None
    assert root.value("RequestId") == "id-1"
    return answer.status, error.value("Type") or "", error.value("Code") or "", error.value("Message") or ""


ERRORS: list[tuple[str, dict[str, str], tuple[int, str, str, str]]] = [
    ("its own error", {"Action": "Fail", "Version": "2020-01-01"}, (404, "Sender", "NotHere", "It is <not> here.")),
    (
        "no such action",
        {"Action": "Dance", "Version": "2020-01-01"},
        (400, "Sender", "InvalidAction", "Could not find operation Dance for version 2020-01-01"),
    ),
    (
        "no such version",
        {"Action": "Echo", "Version": "1999-01-01"},
        (400, "Sender", "InvalidAction", "Could not find operation Echo for version 1999-01-01"),
    ),
    (
        "a constraint",
        echo(Name="much too long"),
        (
            400,
            "Sender",
            "ValidationError",
            "1 validation error detected: Value 'much too long' at 'name' failed to satisfy constraint: Member must "
            "have length less than or equal to 8",
        ),
    ),
    (
        "no number",
        echo(Count="seven"),
        (400, "Sender", "MalformedInput", "class java.lang.String can not be converted to an Integer"),
    ),
    (
        "a fault",
        {"Action": "Break", "Version": "2020-01-01"},
        (500, "Receiver", "InternalFailure", "Internal Service Failure"),
    ),
]


@pytest.mark.parametrize(("form", "told"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
async def test_errors(broker: Broker, form: dict[str, str], told: tuple[int, str, str, str]) -> None:
    assert _error(await call(QueryProtocol(broker, [of(broker, [])]), form)) == told


async def test_unsigned(broker: Broker) -> None:
    answer = await call(QueryProtocol(broker, [of(broker, [])]), echo(), signed=False)
    told = (403, "Sender", "MissingAuthenticationToken", "Request is missing Authentication Token")
    assert _error(answer) == told


async def test_a_query_without_version_finds_its_service(broker: Broker) -> None:
    answer = await call(QueryProtocol(broker, [of(broker, [])]), {"Action": "Echo", "Name": "x"})
    assert answer.status == 200


async def test_by_get(broker: Broker) -> None:
    request = Request("GET", "/", SIGNED, b"", "Action=Echo&Version=2020-01-01&Name=x")
    protocol = QueryProtocol(broker, [of(broker, [])])
    assert protocol.claims(request)
    assert (await protocol.answer(request, "id-1")).status == 200
    assert not protocol.claims(Request("GET", "/", SIGNED, b"", "list-type=2"))


async def test_deferred_services_are_loaded_once(broker: Broker) -> None:
    loaded: list[str] = []

    def load() -> QueryService:
        loaded.append("echo")
        return of(broker, [])

    endpoint = Endpoint([QueryProtocol(broker, [], [Deferred(("2020-01-01",), load)])])
    body = urlencode(echo()).encode()
    request = Request("POST", "/", {"content-type": "application/x-www-form-urlencoded", **SIGNED}, body)
    assert loaded == []
    assert [(await endpoint.handle(request)).status for _ in range(3)] == [200] * 3
    assert loaded == ["echo"]
