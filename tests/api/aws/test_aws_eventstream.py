"""Frames: golden bytes, botocore as the reader, and a handler that streams."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aws_harness import CBOR, JSON, Wire, authorization
from botocore.eventstream import EventStreamBuffer

from streamcore.api.aws import eventstream
from streamcore.api.aws.service import Call, Endpoint, EventStream, Request, Service, StreamingResponse
from streamcore.api.aws.shapes import Shape
from streamcore.api.aws.target import TargetProtocol
from streamcore.errors import ResourceInUse


def test_the_bytes_of_a_frame() -> None:
    assert eventstream.frame({":a": "b"}, b"{}") == bytes.fromhex(
        "00000019"  # 25 bytes in all
        "00000007"  # headers
        "96b6bf39"  # CRC32 of the 8 bytes above
        "02 3a61 07 0001 62"  # ':a', string, 'b'
        "7b7d"
        "9e086d50"  # CRC32 of all above
    )


def test_botocore_reads_them() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(eventstream.initial_response(JSON, b"{}"))
    buffer.add_data(eventstream.event("SubscribeToShardEvent", JSON, b'{"Records":[]}'))
    buffer.add_data(eventstream.exception("ResourceInUseException", JSON, b'{"message":"x"}'))
    first, second, third = (event.to_response_dict() for event in buffer)
    assert (first["headers"][":event-type"], first["body"]) == ("initial-response", b"{}")
    assert second["headers"] == {
        ":message-type": "event",
        ":event-type": "SubscribeToShardEvent",
        ":content-type": JSON,
    }
    assert (third["status_code"], third["headers"][":exception-type"]) == (400, "ResourceInUseException")


class WatchInput(Shape, frozen=True, kw_only=True):
    fail: bool | None = None


class Seen(Shape, frozen=True, kw_only=True):
    count: int


SERVICE = Service("watching", target_prefix="Watch")


@SERVICE.action("Watch")
async def watch(call: Call, input_: WatchInput) -> EventStream:
    async def events() -> AsyncIterator[tuple[str, Shape]]:
        yield "Seen", Seen(count=1)
        if input_.fail:
            raise ResourceInUse("somebody else reads")
        yield "Seen", Seen(count=2)
        raise ZeroDivisionError

    return EventStream(events())


@pytest.mark.parametrize("content_type", [JSON, CBOR])
@pytest.mark.parametrize(
    ("fail", "last"),
    [
        (True, ("ResourceInUseException", "somebody else reads")),
        (False, ("InternalFailure", "Internal Service Failure")),
    ],
)
async def test_a_handler_that_streams(wire: Wire, content_type: str, fail: bool, last: tuple[str, str]) -> None:
    wire.content_type = content_type
    headers = {
        "content-type": content_type,
        "x-amz-target": "Watch.Watch",
        "authorization": authorization(),
        "date": "x",
    }
    endpoint = Endpoint([TargetProtocol(wire.broker, [SERVICE])])
    answer = await endpoint.handle(Request("POST", "/", headers, wire.encode({"Fail": fail})))
    assert isinstance(answer, StreamingResponse)
    assert (answer.status, answer.headers["content-type"]) == (200, eventstream.CONTENT_TYPE)
    assert "x-amzn-RequestId" in answer.headers
    buffer = EventStreamBuffer()
    async for frame in answer.events:
        buffer.add_data(frame)
    first, *events, end = (event.to_response_dict() for event in buffer)
    assert (first["headers"][":event-type"], wire.decode(first["body"])) == ("initial-response", {})
    assert [wire.decode(event["body"]) for event in events] == [{"Count": n + 1} for n in range(1 if fail else 2)]
    assert (end["headers"][":exception-type"], wire.decode(end["body"])["message"]) == last
