"""The answer parser, the requests, and how refusals are read from answers."""

import base64
import json

import msgspec
import pytest

from bench.http import AnswerParser
from bench.wire import KINDS, failed_in_native_put, failed_in_put_records

PLAIN = b"HTTP/1.1 200 OK\r\nX-Id: 1\r\nContent-Length: 5\r\n\r\nhello"
LOWER_CASE = b"HTTP/1.1 400 Bad Request\r\ncontent-length:2\r\nX: y\r\n\r\n{}"
EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
NO_BODY = b"HTTP/1.1 204 No Content\r\nX: y\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n0\r\n\r\nab\r\n0\r\n\r\n"

ANSWERS = [
    (PLAIN, (200, b"hello")),
    (LOWER_CASE, (400, b"{}")),
    (EMPTY, (200, b"")),
    (NO_BODY, (204, b"")),
    (CHUNKED, (200, b"hello0\r\n\r\nab")),
]


@pytest.mark.parametrize(("sent", "expected"), ANSWERS)
def test_an_answer_in_one_piece(sent: bytes, expected: tuple[int, bytes]) -> None:
    parser = AnswerParser()
    assert parser.feed(sent) == expected
    assert parser.feed(sent) == expected


@pytest.mark.parametrize(("sent", "expected"), ANSWERS)
def test_an_answer_cut_anywhere(sent: bytes, expected: tuple[int, bytes]) -> None:
    for cut in range(1, len(sent)):
        parser = AnswerParser()
        assert parser.feed(sent[:cut]) is None, cut
        assert parser.feed(sent[cut:]) == expected, cut


@pytest.mark.parametrize(("sent", "expected"), ANSWERS)
def test_an_answer_byte_by_byte(sent: bytes, expected: tuple[int, bytes]) -> None:
    parser = AnswerParser()
    answers = [parser.feed(sent[at : at + 1]) for at in range(len(sent))]
    assert answers == [None] * (len(sent) - 1) + [expected]


def body_of(request: bytes) -> bytes:
    head, _, body = request.partition(b"\r\n\r\n")
    assert b"Content-Length: %d" % len(body) in head
    return body


def test_put_records_request() -> None:
    request = KINDS["put-records"].request("s", ["k1", "k2"], [b"\x00", b"\xff"])
    body = json.loads(body_of(request))
    assert b"X-Amz-Target: Kinesis_20131202.PutRecords\r\n" in request
    assert b"Authorization: AWS4-HMAC-SHA256 Credential=AKID/" in request
    assert [(r["PartitionKey"], base64.b64decode(r["Data"])) for r in body["Records"]] == [
        ("k1", b"\x00"),
        ("k2", b"\xff"),
    ]


def test_put_record_request() -> None:
    request = KINDS["put-record"].request("s", ["k"], [b"x"])
    assert json.loads(body_of(request)) == {"StreamName": "s", "PartitionKey": "k", "Data": "eA=="}


def test_native_put_request() -> None:
    request = KINDS["native-put"].request("s", ["k"], [b"\xff"])
    assert request.startswith(b"POST /v1/streams/s/records HTTP/1.1\r\n")
    assert msgspec.msgpack.decode(body_of(request)) == {"keys": ["k"], "data": [b"\xff"]}


@pytest.mark.parametrize(
    ("body", "failed"),
    [
        (b'{"FailedRecordCount":0,"Records":[]}', 0),
        (b'{"Records":[{"SequenceNumber":"1"}],"FailedRecordCount": 17}', 17),
    ],
)
def test_refused_entries_of_put_records(body: bytes, failed: int) -> None:
    assert failed_in_put_records(body) == failed


def test_an_answer_that_is_none_of_put_records_is_an_error() -> None:
    with pytest.raises(ValueError, match="no FailedRecordCount"):
        failed_in_put_records(b"{}")


def test_refused_entries_of_a_native_put() -> None:
    assert failed_in_native_put(msgspec.msgpack.encode({"shards": [1, 2], "failed": 300})) == 300
