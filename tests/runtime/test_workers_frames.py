"""The bytes between broker, zygote and workers."""

import pytest

from runtime.errors import FrameError
from runtime.model.invocation import MAX_PAYLOAD_BYTES
from runtime.workers.frames import (
    AnswerHead,
    Decoder,
    Frame,
    InvokeHead,
    Kind,
    decode_message,
    encode,
)

INVOKE = encode(Kind.INVOKE, InvokeHead("id", 5), 4) + b"null"


def test_golden_bytes():
    head = b'{"request_id":"id","deadline_ms":5}'
    assert bytes([1, 16, 0, len(head), 0, 0, 0, 4]) + head + b"null" == INVOKE
    assert encode(Kind.STARTED) == bytes([1, 17, 0, 0, 0, 0, 0, 0])
    head = b'{"request_id":"id","max_rss_kb":9}'
    assert encode(Kind.RESULT, AnswerHead("id", 9), 65_536) == bytes([1, 19, 0, len(head), 0, 1, 0, 0]) + head


def test_kinds_keep_their_numbers():
    assert {kind.name: int(kind) for kind in Kind} == {
        "PREPARE": 1, "SPAWN": 2, "KILL": 3, "READY": 4, "UNFIT": 5, "SPAWNED": 6, "REFUSED": 7, "EXITED": 8,
        "INVOKE": 16, "STARTED": 17, "INIT_FAILED": 18, "RESULT": 19, "ERROR": 20, "OUT_OF_MEMORY": 21,
    }  # fmt: skip


@pytest.mark.parametrize("size", [1, 3, 7, 8, 9, 40, 47, 1000])
def test_frames_come_out_however_the_stream_is_cut(size):
    stream = INVOKE + encode(Kind.STARTED) + INVOKE
    decoder, frames = Decoder(), []
    for start in range(0, len(stream), size):
        frames += decoder.feed(stream[start : start + size])
    invoke = Frame(Kind.INVOKE, b'{"request_id":"id","deadline_ms":5}', b"null")
    assert frames == [invoke, Frame(Kind.STARTED, b"", b""), invoke]


@pytest.mark.parametrize(
    "data",
    [
        b"\x02" + INVOKE[1:],
        b"HTTP/1.1 200 OK\r\n",
        encode(Kind.RESULT, None, MAX_PAYLOAD_BYTES + 1),
    ],
)
def test_what_is_no_frame_is_refused_before_it_is_gathered(data):
    with pytest.raises(FrameError):
        Decoder().feed(data)


def test_the_largest_body_passes():
    assert Decoder().feed(encode(Kind.RESULT, None, MAX_PAYLOAD_BYTES)) == []


def test_a_head_has_a_bound():
    with pytest.raises(FrameError):
        encode(Kind.INVOKE, InvokeHead("x" * 70_000, 1))


@pytest.mark.parametrize("message", [b"", INVOKE[:-1], INVOKE + INVOKE])
def test_a_message_is_one_frame(message):
    with pytest.raises(FrameError):
        decode_message(message)
    assert decode_message(INVOKE).body == b"null"
