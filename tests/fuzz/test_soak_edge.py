# ruff: noqa: E501  a request is one line
"""A served broker, fed over its socket with damaged requests of every protocol: no 500, nothing in its log, and what it
holds afterwards is what it held before. STREAMCORE_SOAK_SECONDS is the time for each protocol."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from mutations import Mutator
from targets import ANSWERS, FORM, LOG_PATTERNS, OPENAPI, PATTERNS, POLICIES, RECORDS, SCHEDULES, TEMPLATES, XML

SECONDS = float(os.environ.get("STREAMCORE_SOAK_SECONDS", "20"))
SEED = int(os.environ.get("STREAMCORE_FUZZ_SEED", "0")) or time.time_ns() & 0xFFFFFF
GROWTH_MAX_KIB = 40_000
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=000000000000/20260131/us-east-1/{}/aws4_request, SignedHeaders=host;x-amz-date, "
    "Signature=" + "0" * 64
)

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]


def request(method: str, path: str, body: bytes = b"", service: str = "kinesis", **headers: str) -> bytes:
    """A good request, but for its signature, at which nobody looks here."""
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", f"authorization: {AUTHORIZATION.format(service)}"]
    lines += [
        "x-amz-date: 20260131T000000Z",
        *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def target(name: str, value: object, service: str, version: str = "1.1") -> bytes:
    body = json.dumps(value).encode()
    return request("POST", "/", body, service, x_amz_target=name, content_type=f"application/x-amz-json-{version}")


def query(form: str, service: str) -> bytes:
    return request("POST", "/", form.encode(), service, content_type="application/x-www-form-urlencoded")


def rest(method: str, path: str, value: object, service: str = "lambda") -> bytes:
    return request(method, path, json.dumps(value).encode(), service, content_type="application/json")


FUNCTION = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "a.b", "Role": "arn:aws:iam::000000000000:role/r"}
REQUESTS: dict[str, list[bytes]] = {
    "target header": [
        target("Kinesis_20131202.PutRecords", RECORDS, "kinesis"),
        target("Kinesis_20131202.CreateStream", {"StreamName": "s", "ShardCount": 1}, "kinesis"),
        target("Kinesis_20131202.GetShardIterator", {"StreamName": "orders", "ShardId": "shardId-000000000000", "ShardIteratorType": "LATEST"}, "kinesis"),
        target("Logs_20140328.FilterLogEvents", {"logGroupName": "/aws/lambda/f", "filterPattern": LOG_PATTERNS[0].decode()}, "logs"),
        target("Logs_20140328.PutLogEvents", {"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]}, "logs"),
        target("AWSEvents.PutRule", {"Name": "r", "ScheduleExpression": SCHEDULES[1].decode()}, "events"),
        target("AWSEvents.PutEvents", {"Entries": [{"Source": "a", "DetailType": "b", "Detail": "{}"}]}, "events"),
        target("AWSEvents.TestEventPattern", {"EventPattern": PATTERNS[0].decode(), "Event": "{}"}, "events"),
        target("AmazonSQS.CreateQueue", {"QueueName": "q", "Attributes": {"DelaySeconds": "0"}}, "sqs", "1.0"),
        target("AmazonSQS.SendMessage", {"QueueUrl": "http://localhost/000000000000/q", "MessageBody": "m", "MessageAttributes": {"a": {"DataType": "String", "StringValue": "x"}}}, "sqs", "1.0"),
        target("GraniteServiceVersion20100801.PutMetricData", {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1.5}]}, "monitoring", "1.0"),
    ],
    "query": [
        query("Action=CreateTopic&Version=2010-03-31&Name=t&Attributes.entry.1.key=DisplayName&Attributes.entry.1.value=x", "sns"),
        query("Action=Publish&Version=2010-03-31&TopicArn=arn:aws:sns:us-east-1:000000000000:t&Message=m", "sns"),
        query("Action=CreateSnapshot&Version=2016-11-15&VolumeId=vol-1&TagSpecification.1.Tag.1.Key=a", "ec2"),
        query("Action=DescribeVolumes&Version=2016-11-15&Filter.1.Name=status&Filter.1.Value.1=in-use", "ec2"),
        query("Action=SendMessageBatch&Version=2012-11-05&QueueUrl=x&SendMessageBatchRequestEntry.1.Id=a", "sqs"),
        query("Action=PutUserPolicy&Version=2010-05-08&UserName=u&PolicyName=p&PolicyDocument=%7B%7D", "iam"),
        query("Action=AssumeRole&Version=2011-06-15&RoleArn=arn:aws:iam::000000000000:role/r&RoleSessionName=s", "sts"),
        query("Action=GetMetricData&Version=2010-08-01&StartTime=2026-01-01T00:00:00Z&EndTime=2026-01-02T00:00:00Z", "monitoring"),
    ],
    "REST": [
        rest("POST", "/2015-03-31/functions", {**FUNCTION, "Code": {"ZipFile": "UEsDBA=="}}),
        rest("POST", "/2015-03-31/functions/f/invocations", {"a": 1}),
        rest("PUT", "/2015-03-31/functions/f/configuration", {"Timeout": 5, "Environment": {"Variables": {"A": "b"}}}),
        rest("POST", "/2015-03-31/functions/f/policy", {"StatementId": "s", "Action": "lambda:InvokeFunction", "Principal": "*"}),
        rest("POST", "/2015-03-31/event-source-mappings", {"FunctionName": "f", "EventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/orders", "StartingPosition": "LATEST"}),
        rest("POST", "/schedules/s", {"ScheduleExpression": SCHEDULES[0].decode(), "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": {"Arn": "x", "RoleArn": "y"}}, "scheduler"),
        rest("POST", "/restapis", {"name": "x", "policy": POLICIES[0].decode()}, "apigateway"),
        request("POST", "/restapis?mode=import", OPENAPI[0], "apigateway", content_type="application/json"),
        rest("PUT", "/restapis/abcdefghij/resources/abcdef/methods/GET/integration", {"type": "MOCK", "requestTemplates": {"application/json": TEMPLATES[0].decode()}}, "apigateway"),
        request("GET", "/restapis/abcdefghij/prod/_user_request_/a/b?x=1&x=2", b"", "execute-api"),
        request("GET", "/_streamcore/url/abc/x?y=z", ANSWERS[0], "lambda"),
    ],
    "S3": [
        request("PUT", "/photos", b"", "s3"),
        request("PUT", "/photos/a%20b/c.jpg", b"JPEG" * 100, "s3", x_amz_content_sha256="UNSIGNED-PAYLOAD", x_amz_meta_a="b", x_amz_tagging="a=b"),
        request("PUT", "/photos/x", b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", "s3", x_amz_content_sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER", content_encoding="aws-chunked", x_amz_decoded_content_length="5", x_amz_trailer="x-amz-checksum-crc32"),
        request("GET", "/photos?list-type=2&prefix=a&delimiter=/&max-keys=5&encoding-type=url", b"", "s3"),
        request("GET", "/photos/a%20b/c.jpg", b"", "s3", range="bytes=1-5,7-9", if_none_match='"x"'),
        request("POST", "/photos?delete", XML[0], "s3", content_md5="x"),
        request("PUT", "/photos?cors", XML[1], "s3"),
        request("PUT", "/photos?policy", POLICIES[1], "s3"),
        request("POST", "/photos", FORM, "s3", content_type="multipart/form-data; boundary=xYzZy"),
        request("POST", "/photos/m?uploads", b"", "s3"),
        request("POST", "/photos/m?uploadId=x", b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>x</ETag></Part></CompleteMultipartUpload>", "s3"),
    ],
    "native": [
        request("POST", "/v1/streams/orders/records", b"\x82\xa4keys\x91\xa1k\xa4data\x91\xc4\x01x", content_type="application/msgpack"),
        request("POST", "/v1/streams", b"\x82\xa4name\xa1s\xa6shards\x01", content_type="application/msgpack"),
        request("GET", "/v1/streams/orders/shards/shardId-000000000000/records?position=latest&limit=5&wait_ms=0"),
        request("POST", "/v1/mappings/x/skip", b"\x81\xa2to\xa6latest"),
        request("POST", "/v1/snapshots/prune", b"\x81\xadolder_than_ms\x00"),
        request("GET", "/metrics"),
    ],
}  # fmt: skip


def _h2(path: str, body: bytes) -> bytes:
    """What a client sends from the preface on."""
    client = H2Connection(H2Configuration(client_side=True))
    client.initiate_connection()
    fields = [(":method", "POST"), (":path", path), (":scheme", "http"), (":authority", "localhost")]
    fields += [("authorization", AUTHORIZATION.format("kinesis")), ("x-amz-date", "20260131T000000Z")]
    fields += [("x-amz-target", "Kinesis_20131202.ListStreams"), ("content-type", "application/x-amz-json-1.1")]
    client.send_headers(1, fields)
    client.send_data(1, body, end_stream=True)
    client.ping(b"12345678")
    return client.data_to_send()


REQUESTS["HTTP/2"] = [_h2("/", b"{}"), _h2("/", json.dumps(RECORDS).encode()), _h2("/v1/streams", b"")]


class Served:
    """`streamcore serve` with its log in a file."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        command = [sys.executable, "-m", "streamcore", "serve", "--port", "0", "--data", str(folder / "data")]
        command += ["--request-timeout-s", "2", "--idle-timeout-s", "2", "--log-level", "WARNING"]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        assert self.process.stdout is not None
        words = self.process.stdout.readline().decode().split()
        self.url = next(word for word in words if "://" in word)
        self.port = int(self.url.rpartition(":")[2])

    def memory_kib(self) -> int:
        found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        assert found is not None
        return int(found[1])

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("edge"))
    for each in [*REQUESTS["S3"][:1], target("Kinesis_20131202.CreateStream", {"StreamName": "orders"}, "kinesis")]:
        assert talk(served.port, each, 10).startswith(b"HTTP/1.1 200")
    yield served
    assert served.stop() == 0


def talk(port: int, data: bytes, moment_s: float = 0.05) -> bytes:
    """The beginning of what is answered, as far as it comes within a moment."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client, contextlib.suppress(OSError):
        client.sendall(data)
        if select.select([client], [], [], moment_s)[0]:
            return client.recv(65536)
    return b""


def drive(port: int, inputs: Mutator, seconds: float) -> list[tuple[bytes, bytes]]:
    """Sends damaged requests; those that were answered with 500, and the answers."""
    until, bad = time.monotonic() + seconds, []
    while time.monotonic() < until:
        data = next(inputs)
        answer = talk(port, data)
        if re.match(rb"HTTP/1\.1 500", answer):
            bad.append((data[:1000], answer[:500]))
    return bad


def _eventually(is_so: object, seconds: float) -> bool:
    assert callable(is_so)
    until = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


@pytest.mark.parametrize("protocol", REQUESTS)
def test_damaged_requests(served: Served, protocol: str) -> None:
    inputs = Mutator(REQUESTS[protocol], SEED)
    bad = drive(served.port, inputs, SECONDS / 2)
    memory, descriptors = served.memory_kib(), served.descriptors()
    bad += drive(served.port, inputs, SECONDS / 2)
    assert bad == [], f"seed {SEED}"
    log = served.log.read_text(errors="replace")
    assert "Traceback" not in log, f"seed {SEED}: {log[log.index('Traceback') - 500 :][:4000]}"
    assert _eventually(lambda: served.descriptors() <= descriptors + 20, 20)
    assert served.memory_kib() < memory + GROWTH_MAX_KIB
    with urlopen(f"{served.url}/readyz", timeout=5) as ready:
        assert ready.status == 200
