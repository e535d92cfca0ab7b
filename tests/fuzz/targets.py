# ruff: noqa: E501  an input is one line
"""What reads something from outside: a name, good inputs, what is done with one, and the refusals it may answer with."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import cbor2
import msgspec
from botocore.eventstream import EventStreamBuffer

from runtime import templates
from runtime.aggregation import user_records
from runtime.api.s3.form import Form, boundary_of
from runtime.errors import FunctionsError, RefusedError
from runtime.functions.archive import remove_tree, unpack
from runtime.model import log_filter, schedule
from runtime.model.apigateway.authorization import PolicyError as GatewayPolicyError
from runtime.model.apigateway.authorization import grant_of
from runtime.model.apigateway.jsonpath import PathError, json_path
from runtime.model.apigateway.openapi_document import read_document
from runtime.model.apigateway.proxy_event import answer_v1
from runtime.model.apigateway.vtl.template import RenderError, Template, TemplateError
from runtime.model.filtering import RecordFilter
from runtime.model.http_event import answer_v2, prelude
from runtime.model.patterns import Pattern, read_event
from runtime.model.s3.errors import S3Error
from runtime.model.topic_filter import FilterPolicy
from runtime.workers import frames
from streamcore.api.aws import eventstream
from streamcore.api.aws.aws_chunked import ChunkedDecoder, ChunkError
from streamcore.api.aws.codecs import CBOR, RPC_CBOR, JsonCodec
from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.query_form import read_form, tree_of
from streamcore.api.aws.sigv4 import identify
from streamcore.errors import StreamcoreError
from streamcore.model.iam import document, sigv4
from streamcore.model.iam.context import Context
from streamcore.model.iam.evaluate import Policies, Question, evaluate
from streamcore.model.iam.principals import Kind, Principal
from streamcore.model.iterator import decode_iterator
from streamcore.model.xml import XmlError, parse

Refusals = tuple[type[Exception], ...]


class Target(NamedTuple):
    name: str
    seeds: list[bytes]
    read: Callable[[bytes], object]
    refusals: Refusals = ()


# ---------------------------------------------------------------- how each is read


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _inputs(decode: Callable[[bytes, Any], object]) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        for action in KINESIS.actions.values():
            try:
                decode(data, action.input)
            except AwsError:
                continue

    return read


def _query(data: bytes) -> None:
    from runtime.api.ec2 import EC2, SPELLING
    from runtime.api.sns.shapes import SNS
    from streamcore.api.aws.iam import IAM

    form = dict(parse_qsl(_text(data), keep_blank_values=True, max_num_fields=10_000))
    for registry, spelling in ((EC2, [SPELLING]), (SNS, []), (IAM, [])):
        for action in registry.actions.values():  # type: ignore[attr-defined]  # registries of several services
            try:
                read_form(action.input, tree_of(form), *spelling)
            except AwsError:
                continue


def _frames(data: bytes) -> None:
    """Frames of an event stream hold whatever is put into them, and AWS's own reader gives it back."""
    kind = _text(data[:20]) or "x"
    buffer = EventStreamBuffer()
    buffer.add_data(eventstream.event(kind[:100], "application/json", data))
    (event,) = list(buffer)
    assert event.payload == data
    assert event.headers[":event-type"] == kind[:100]


def _worker_frames(data: bytes) -> None:
    decoder = frames.Decoder()
    for at in range(0, len(data), 7):
        decoder.feed(data[at : at + 7])


def _zip(data: bytes) -> None:
    folder = Path(tempfile.mkdtemp(prefix="fuzz-zip-"))
    try:
        (folder / "a.zip").write_bytes(data)
        size = unpack(folder / "a.zip", folder / "tree", 1_000_000)
        assert size <= 1_000_000
    finally:
        outside = sorted(path.name for path in folder.iterdir())
        remove_tree(folder / "tree") if (folder / "tree").exists() else None
        shutil.rmtree(folder, ignore_errors=True)
    assert set(outside) <= {"a.zip", "tree"}


BOUNDARY = b"xYzZy"


def _form(data: bytes) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(data), 100):
            yield data[at : at + 100]

    async def run() -> None:
        form = Form(pieces(), BOUNDARY)
        await form.read_fields()
        async for _ in form.file():
            pass

    asyncio.run(run())


def _chunks(data: bytes) -> None:
    decoder = ChunkedDecoder()
    for at in range(0, len(data), 50):
        decoder.feed(data[at : at + 50])


EVENT = read_event(json.dumps({"detail": {"a": [1, "x", {"b": None}], "ip": "10.0.0.1", "n": 3.5}, "source": "aws.s3"}))


def _schedule(data: bytes) -> None:
    found = schedule.parse(_text(data))
    schedule.shortest_ms(found)


def _log_pattern(data: bytes) -> None:
    pattern = log_filter.compile_pattern(_text(data))
    for message in ('{"a": {"b": [1, "x"]}, "n": 5}', "127.0.0.1 - - [x] 200 1534", "ERROR something", ""):
        pattern.match(message)


def _template(data: bytes) -> None:
    Template(_text(data)).render({"input": {"body": '{"a": 1}'}, "context": {"stage": "x"}, "list": [1, 2, 3]})


QUESTION = Question(
    principal=Principal(kind=Kind.USER, arn="arn:aws:iam::123456789012:user/ann", account="123456789012", name="ann"),
    action="s3:GetObject",
    resource="arn:aws:s3:::b/ann/x",
    context=Context({"aws:username": "ann", "aws:SourceIp": "10.0.0.1", "aws:CurrentTime": "2026-06-01T00:00:00Z"}),
)


def _policy(data: bytes) -> None:
    """What can be read is also asked."""
    for kind in document.PolicyKind:
        try:
            policy = document.read_policy(_text(data), kind)
        except document.PolicyError:
            continue
        evaluate(QUESTION, Policies(identity=(policy,)))


def _signature(data: bytes) -> None:
    text = _text(data)
    headers = {"authorization": text, "x-amz-date": "20260131T000000Z"}
    for read in (
        lambda: identify(headers, ""),
        lambda: identify({}, text),
        lambda: sigv4.from_header(text, headers),
        lambda: sigv4.from_query(text),
    ):
        try:
            read()
        except (AwsError, sigv4.SignatureError):
            continue
    sigv4.canonical_query(text)
    sigv4.canonical_path("/" + text, single=True)


# ---------------------------------------------------------------- good inputs


def _archive() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return event\n" * 20)
        archive.writestr("lib/data.txt", "x" * 1000)
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "lib/data.txt")
    return made.getvalue()


RECORDS = {
    "StreamName": "orders",
    "Records": [{"Data": "YWJj", "PartitionKey": "k", "ExplicitHashKey": "5"}],
    "ShardFilter": {"Type": "AT_TIMESTAMP", "Timestamp": 1.5},
    "Tags": {"a": "b"},
    "Limit": 5,
}
FORM = (
    b"\r\n".join(
        [
            b'--xYzZy\r\nContent-Disposition: form-data; name="key"\r\n\r\nphotos/${filename}',
            b'--xYzZy\r\nContent-Disposition: form-data; name="policy"\r\n\r\ne30=',
            b'--xYzZy\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\nJPEG',
        ]
    )
    + b"\r\n--xYzZy--\r\n"
)
XML = [
    b'<?xml version="1.0"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a &amp; b</Key></Object></Delete>',
    b"<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>",
    b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
]
PATTERNS = [
    b'{"detail": {"a": [1, {"prefix": "x"}], "n": [{"numeric": [">", 0, "<=", 5]}]}}',
    b'{"source": [{"anything-but": ["aws.s3"]}], "$or": [{"detail": {"ip": [{"cidr": "10.0.0.0/8"}]}}, {"x": [{"exists": false}]}]}',
    b'{"detail": {"a": [{"wildcard": "*x*y*"}, {"equals-ignore-case": "X"}, {"suffix": ".jpg"}, null, ""]}}',
]
SCHEDULES = [
    b"rate(5 minutes)", b"cron(0/15 8-17 ? * MON-FRI *)", b"cron(0 12 L * ? 2026-2030)", b"cron(0 9 ? * 6#3 *)",
    b"cron(0 0 15W * ? *)", b"at(2026-11-23T10:00:00)", b"cron(5,35 20-2 ? JAN 1-5 2022)",
]  # fmt: skip
LOG_PATTERNS = [
    b'{ ($.a.b[0] = 1) && ($.n > 4 || $.x NOT EXISTS) }', b"[ip, user, ..., status=4*, bytes > 1000]", b'?ERROR -"not this" %[a-z]+%',
]  # fmt: skip
TEMPLATES = [
    b'#set($x = $input.body)#foreach($i in [1..5])$foreach.count: $!i.y #if($i > 3)#break#end,#end{"a": "$util.escapeJavaScript($x)"}',
    b"#macro(m $a)$a#end#m('x') $list.size() $list.get(0).toString().replaceAll('(a)', '$1') #else #[[raw]]# ## comment",
    b"#if($context.stage == 'x' && !($list.isEmpty() || 1 + 2 * 3 % 4 >= 7))yes#elseif(true)no#end",
]
POLICIES = [
    b'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:Get*", "kinesis:Put?ecord"], "Resource": "arn:aws:s3:::b/${aws:username}/*", "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "ForAllValues:StringLike": {"aws:TagKeys": ["a*"]}}}]}',
    b'{"Statement": {"Sid": "x", "Effect": "Deny", "NotAction": "iam:*", "NotResource": "*", "Principal": {"AWS": ["arn:aws:iam::123456789012:root", "*"], "Service": "s3.amazonaws.com"}, "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}, "NumericLessThanEqualsIfExists": {"s3:max-keys": "10"}, "Null": {"aws:MultiFactorAuthAge": "true"}}}}',
]
AUTHORIZATIONS = [
    b"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=" + b"5d" * 32,
    b"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260131%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20260131T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=" + b"0a" * 32,
]  # fmt: skip
ANSWERS = [
    b'{"statusCode": "200", "headers": {"a": 1, "b": null}, "multiValueHeaders": {"c": ["d"]}, "body": "eA==", "isBase64Encoded": true, "cookies": ["a=b"]}',
    b'"text"', b"[1]", b'{"statusCode": 200, "headers": {"x": "y"}}' + b"\0" * 8 + b"body",
]  # fmt: skip
OPENAPI = [
    b'{"openapi": "3.0.1", "info": {"title": "x", "version": "1"}, "paths": {"/a/{b}": {"get": {"x-amazon-apigateway-integration": {"type": "mock"}}}}}',
    b"swagger: '2.0'\ninfo: {title: x, version: '1'}\npaths:\n  /pets: &p\n    get:\n      responses: {'200': {description: ok}}\n  /more: *p\n",
]
KPL = bytes.fromhex("f3899ac2") + b"\x0a\x01k\x1a\x07\x08\x00\x1a\x03abc" + bytes(16)

TARGETS = [
    Target("codecs: JSON", [json.dumps(RECORDS).encode()], _inputs(JsonCodec("application/json").decode)),
    Target("codecs: CBOR", [cbor2.dumps({**RECORDS, "Data": b"x"})], _inputs(CBOR.decode)),
    Target("codecs: RPC", [cbor2.dumps({"Timestamp": cbor2.CBORTag(1, 1.5)})], _inputs(RPC_CBOR.decode)),
    Target("the query protocol", [b"Action=X&Version=1&Tags.member.1.Key=a&Filter.1.Value.2=b&Attributes.entry.1.key=k"], _query),
    Target("event stream frames", [b"", b"{}", b"\0" * 100], _frames),
    Target("frames of workers", [frames.encode(kind) for kind in frames.Kind], _worker_frames, (ValueError, msgspec.MsgspecError)),
    Target("zip", [_archive()], _zip, (RefusedError, FunctionsError)),
    Target("multipart", [FORM], _form, (S3Error,)),
    Target("a form's boundary", [b"multipart/form-data; boundary=xYzZy"], lambda d: boundary_of(d.decode("latin-1")), (S3Error,)),
    Target("chunks with trailers", [b"5;chunk-signature=" + b"0" * 64 + b"\r\nhello\r\n0\r\nx-amz-checksum-crc32: NhCmhg==\r\n\r\n"], _chunks, (ChunkError,)),
    Target("XML", XML, parse, (XmlError,)),
    Target("policies", POLICIES, _policy),
    Target("policies of authorizers", [b'{"principalId": "u", "policyDocument": ' + POLICIES[0] + b', "context": {"a": 1}}'], grant_of, (GatewayPolicyError,)),
    Target("signatures", AUTHORIZATIONS, _signature, (UnicodeEncodeError,)),
    Target("filter patterns", PATTERNS, lambda d: Pattern(_text(d)).matches(EVENT), (FunctionsError, ValueError)),
    Target("filters of mappings", [b'{"data": {"a": [1]}}', b'{"partitionKey": [{"prefix": "k"}]}'], lambda d: RecordFilter([_text(d)], {}).takes(b"k", d, "1", 1), (FunctionsError, ValueError)),
    Target("filters of topics", PATTERNS, lambda d: [FilterPolicy(_text(d), scope).wants(_text(d), {}) for scope in ("MessageBody", "MessageAttributes")], (FunctionsError,)),
    Target("patterns of logs", LOG_PATTERNS, _log_pattern, (FunctionsError,)),
    Target("cron, rate and at", SCHEDULES, _schedule, (FunctionsError,)),
    Target("mapping templates", TEMPLATES, _template, (TemplateError, RenderError)),
    Target("JSON paths", [b"$.a[0].b", b"$..book[?(@.price < 10)]['title','x']", b"$[1:3]"], lambda d: json_path(_text(d)).find(EVENT), (PathError,)),
    Target("OpenAPI", OPENAPI, read_document, (FunctionsError, AwsError)),
    Target("answers of functions", ANSWERS, lambda d: (answer_v2(d), answer_v1(d, takes_binary=True), prelude(d))),
    Target("aggregated records", [KPL], user_records),
    Target("iterators", [b"AAAAAAAAAAHSywljv0zEgPX4NyKdZ5wryMzP9yALs8NeKbUjp1IxtZs1Sp"], lambda d: decode_iterator(_text(d), b"s" * 32, 1), (StreamcoreError,)),
    Target("sample events", [json.dumps(templates.template(name)).encode() for name in templates.names()[:5]], lambda d: read_event(d), (ValueError,)),
]  # fmt: skip
