"""One builder for the AWS tests: a broker in memory behind the endpoint, spoken to in either encoding."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from typing import Any

import cbor2
import msgspec
from botocore.loaders import Loader

from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.service import Endpoint, Request, Response
from streamcore.api.aws.target import TargetProtocol
from streamcore.broker import Broker
from streamcore.clock import ManualClock
from streamcore.model.stream import ShardInfo, StreamInfo

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ARN = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/"
NOW_S = 1_700_000_000
JSON = "application/x-amz-json-1.1"
CBOR = "application/x-amz-cbor-1.1"


def authorization(access_key: str = ACCOUNT, region: str = REGION) -> str:
    credential = f"{access_key}/20231114/{region}/kinesis/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host;x-amz-date, Signature=0a1b"


@cache
def model() -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model("kinesis", "service-2")
    return found


#: Errors that AWS gives on every action and lists on none, or that the service gives though the model does not say so.
COMMON_ERRORS = {
    "ValidationException",
    "SerializationException",
    "InternalFailure",
    "ServiceUnavailable",
    "ExpiredNextTokenException",
}
UNDECLARED_ERRORS = {
    ("PutRecord", "ResourceInUseException"): "a stream that is not ACTIVE, recorded from the service",
    ("PutRecords", "ResourceInUseException"): "a stream that is not ACTIVE, recorded from the service",
}


def check_declared(action: str, code: str) -> None:
    """The referee: an action only gives errors that botocore's model has for it."""
    declared = {error["shape"] for error in model()["operations"][action].get("errors", [])}
    newer = code == "DryRunOperationException"  # absent from botocore before 1.44
    assert newer or code in declared | COMMON_ERRORS or (action, code) in UNDECLARED_ERRORS, (action, code)


@dataclass
class Wire:
    """Calls actions in one encoding; bytes and times are given and compared in JSON's form."""

    broker: Broker
    clock: ManualClock
    content_type: str

    def __post_init__(self) -> None:
        self.endpoint = Endpoint([TargetProtocol(self.broker, [KINESIS])])

    async def raw(self, target: str, body: bytes, **headers: str) -> Response:
        given = {
            "content-type": self.content_type,
            "x-amz-target": target,
            "authorization": authorization(),
            "x-amz-date": "20231114T221320Z",
        }
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.endpoint.handle(Request("POST", "/", {k: v for k, v in given.items() if v}, body))
        assert isinstance(answer, Response)
        return answer

    async def call(self, action: str, input_: dict[str, Any], **headers: str) -> tuple[int, Any]:
        """(status, output): the output without its encoding, None when it is empty."""
        answer = await self.raw(f"Kinesis_20131202.{action}", self.encode(input_), **headers)
        assert answer.headers["content-type"] == self.content_type
        assert answer.operation == f"kinesis.{action}"
        output = self.decode(answer.body) if answer.body else None
        if answer.status != 200:
            assert output["__type"] == answer.error
            check_declared(action, answer.error)
        return answer.status, output

    async def ok(self, action: str, **input_: Any) -> Any:
        status, output = await self.call(action, input_)
        assert status == 200, output
        return output

    async def fails(self, action: str, **input_: Any) -> tuple[str, str]:
        """(code, message) of an error with status 400."""
        status, output = await self.call(action, input_)
        assert status == 400, output
        return output["__type"], output.get("message", output.get("Message"))

    def encode(self, value: Any) -> bytes:
        return cbor2.dumps(_to_cbor(value)) if self.content_type == CBOR else json.dumps(_to_json(value)).encode()

    def decode(self, body: bytes) -> Any:
        if self.content_type != CBOR:
            return json.loads(body)
        return _from_cbor(cbor2.loads(body, semantic_decoders={1: lambda ms, _: cbor2.CBORTag(1, ms)}))


@dataclass(frozen=True)
class Time:
    """A timestamp in an input."""

    seconds: float


def _to_json(value: Any) -> Any:
    match value:
        case dict():
            return {key: _to_json(item) for key, item in value.items()}
        case list():
            return [_to_json(item) for item in value]
        case bytes():
            return b64encode(value).decode()
        case Time():
            return value.seconds
        case _:
            return value


def _to_cbor(value: Any) -> Any:
    match value:
        case dict():
            return {key: _to_cbor(item) for key, item in value.items()}
        case list():
            return [_to_cbor(item) for item in value]
        case Time():
            return cbor2.CBORTag(1, round(value.seconds * 1000))
        case _:
            return value


def _from_cbor(value: Any) -> Any:
    match value:
        case dict():
            return {key: _from_cbor(item) for key, item in value.items()}
        case list():
            return [_from_cbor(item) for item in value]
        case bytes():
            return b64encode(value).decode()
        case cbor2.CBORTag():
            assert isinstance(value.value, int)  # milliseconds
            return value.value / 1000
        case _:
            return value


def split(stream: StreamInfo, number: int, at_ms: int) -> StreamInfo:
    """The stream after one of its shards was split in the middle."""
    parent = stream.shards[number]
    first, last = int(parent.first_hash_key), int(parent.last_hash_key)
    middle = (first + last) // 2
    closed = msgspec.structs.replace(parent, closed_ms=at_ms)
    count, created_s = len(stream.shards), at_ms // 1000 + 1
    children = (
        ShardInfo(count, created_s, str(first), str(middle), parent=number),
        ShardInfo(count + 1, created_s, str(middle + 1), str(last), parent=number),
    )
    others = tuple(closed if shard.number == number else shard for shard in stream.shards)
    return msgspec.structs.replace(stream, shards=others + children)


async def split_stream(broker: Broker, name: str, number: int = 0) -> None:
    stream = broker.catalog.find(name, broker.settings.scope, anywhere=True)
    await broker.catalog.change(stream, split(stream.info, number, broker.clock.now_ms()))
