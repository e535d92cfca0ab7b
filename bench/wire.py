"""The requests of the workloads as ready bytes, and how each kind of answer tells its refused records."""

from __future__ import annotations

import base64
import os
import random
import re
import time
from collections.abc import Callable, Mapping

import msgspec

from streamcore.client.signing import keys_of, signed_headers

AMZ_JSON = "application/x-amz-json-1.1"
MSGPACK = "application/msgpack"
HOST = "127.0.0.1"


def authorization(service: str) -> dict[str, str]:
    """Headers of the usual SigV4 form with a made-up signature: servers under test look for their presence only."""
    now = time.gmtime()
    scope = f"{time.strftime('%Y%m%d', now)}/us-east-1/{service}/aws4_request"
    signed = "host;x-amz-date;x-amz-target"
    return {
        "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", now),
        "Authorization": f"AWS4-HMAC-SHA256 Credential=AKID/{scope}, SignedHeaders={signed}, Signature={'0' * 64}",
    }


def kinesis_headers(action: str) -> dict[str, str]:
    return {"X-Amz-Target": f"Kinesis_20131202.{action}", "Content-Type": AMZ_JSON, **authorization("kinesis")}


def post(path: str, headers: dict[str, str], body: bytes, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join([*lines, f"Content-Length: {len(body)}"]) + "\r\n\r\n").encode() + body


def kinesis_post(action: str, body: Mapping[str, object]) -> bytes:
    """Signed with the keys of the environment where a server verifies signatures (bench/workloads/auth_cost.py)."""
    encoded, headers, keys = msgspec.json.encode(body), kinesis_headers(action), keys_of(os.environ)
    if keys is not None:
        del headers["Authorization"]
        at = headers.pop("X-Amz-Date")
        headers |= signed_headers(keys, "kinesis", "us-east-1", at, "POST", HOST, "/", "", headers, encoded)
    return post("/", headers, encoded)


def random_keys(rng: random.Random, count: int) -> list[str]:
    return [f"{rng.getrandbits(64):016x}" for _ in range(count)]


def put_records(stream: str, keys: list[str], data: list[bytes]) -> bytes:
    entries = [
        {"PartitionKey": key, "Data": base64.b64encode(datum).decode()} for key, datum in zip(keys, data, strict=True)
    ]
    return kinesis_post("PutRecords", {"StreamName": stream, "Records": entries})


def put_record(stream: str, keys: list[str], data: list[bytes]) -> bytes:
    entry = {"StreamName": stream, "PartitionKey": keys[0], "Data": base64.b64encode(data[0]).decode()}
    return kinesis_post("PutRecord", entry)


def native_put(stream: str, keys: list[str], data: list[bytes]) -> bytes:
    body = msgspec.msgpack.encode({"keys": keys, "data": data})
    return post(f"/v1/streams/{stream}/records", {"Content-Type": MSGPACK, "Accept": MSGPACK}, body)


def invoke(function: str, keys: list[str], data: list[bytes]) -> bytes:
    """An Invoke whose event is a JSON text as long as the datum."""
    event = msgspec.json.encode(data[0].hex()[: max(0, len(data[0]) - 2)])
    headers = {"Content-Type": "application/json", **authorization("lambda")}
    return post(f"/2015-03-31/functions/{function}/invocations", headers, event)


def put_object(bucket: str, keys: list[str], data: list[bytes]) -> bytes:
    headers = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD", **authorization("s3")}
    return post(f"/{bucket}/{keys[0]}", headers, data[0], "PUT")


def failed_in_invoke(body: bytes) -> int:
    """Failures of a function are status 200 as well; the function echoes a text."""
    return 0 if body.startswith(b'"') else 1


_FAILED_COUNT = re.compile(rb'"FailedRecordCount"\s*:\s*(\d+)')


def failed_in_put_records(body: bytes) -> int:
    found = _FAILED_COUNT.search(body)
    if found is None:
        raise ValueError(f"no FailedRecordCount in {body[:200]!r}")
    return int(found[1])


def failed_in_put_record(body: bytes) -> int:
    """A PutRecord or PutObject is refused by its status, never inside a 200."""
    return 0


class _NativeAnswer(msgspec.Struct):
    failed: int


_native_answer = msgspec.msgpack.Decoder(_NativeAnswer)


def failed_in_native_put(body: bytes) -> int:
    return _native_answer.decode(body).failed


class Kind(msgspec.Struct, frozen=True):
    """How one kind of put is written and how its answer is read."""

    request: Callable[[str, list[str], list[bytes]], bytes]
    failed: Callable[[bytes], int]


KINDS = {
    "put-records": Kind(put_records, failed_in_put_records),
    "put-record": Kind(put_record, failed_in_put_record),
    "invoke": Kind(invoke, failed_in_invoke),
    "put-object": Kind(put_object, failed_in_put_record),
    "native-put": Kind(native_put, failed_in_native_put),
}
