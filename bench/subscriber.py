"""A subscribed client for `fanout-latency`: one SubscribeToShard per shard, over HTTP/1.1 or HTTP/2, in a process of
its own (`python -m bench.subscriber`). Says `ready` when every subscription has had its first event; then notes, for
each numbered record, when it was received: "number nanoseconds" lines in a file.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import struct
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, Final, cast

import msgspec
import uvloop
from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection

from bench.control import Client
from bench.wire import HOST, kinesis_headers, kinesis_post

ACTION: Final = "SubscribeToShard"
READY_TIMEOUT_SECONDS: Final = 30.0
_PRELUDE: Final = struct.Struct(">II")


class _Record(msgspec.Struct, rename="pascal"):
    data: str


class _Event(msgspec.Struct, rename="pascal"):
    records: list[_Record] = []


_DECODER: Final = msgspec.json.Decoder(_Event)


class Notes:
    """Frames of all subscriptions in, lines out."""

    def __init__(self, file: IO[str], subscriptions: int) -> None:
        self._file = file
        self._left = subscriptions
        self.ready = asyncio.Event()

    def stream(self) -> Callable[[bytes], None]:
        """What takes the bytes of one event stream, in any pieces."""
        pending = bytearray()
        begun = False

        def feed(data: bytes) -> None:
            nonlocal begun
            at_ns = time.time_ns()
            pending.extend(data)
            while len(pending) >= _PRELUDE.size and len(pending) >= (size := _PRELUDE.unpack_from(pending)[0]):
                head_bytes = _PRELUDE.unpack_from(pending)[1]
                is_event = b"SubscribeToShardEvent" in pending[12 : 12 + head_bytes]
                payload = bytes(pending[12 + head_bytes : size - 4])
                del pending[:size]
                if is_event:
                    self._note(payload, at_ns)
                    if not begun:
                        begun = True
                        self._began()

        return feed

    def _began(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.ready.set()

    def _note(self, payload: bytes, at_ns: int) -> None:
        datas = [base64.b64decode(record.data) for record in _DECODER.decode(payload).records]
        self._file.write("".join(f"{int(data)} {at_ns}\n" for data in datas if data.isdigit()))


class Http1(asyncio.Protocol):
    """One subscription over HTTP/1.1: takes the chunks apart."""

    def __init__(self, request: bytes, feed: Callable[[bytes], None]) -> None:
        self._request = request
        self._feed = feed
        self._pending = bytearray()
        self._is_body = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        self._pending += data
        if not self._is_body:
            end = self._pending.find(b"\r\n\r\n")
            if end < 0:
                return
            if not self._pending.startswith(b"HTTP/1.1 200"):
                raise SystemExit(self._pending.decode(errors="replace"))
            del self._pending[: end + 4]
            self._is_body = True
        while (end := self._pending.find(b"\r\n")) > 0:
            size = int(self._pending[:end], 16)
            if len(self._pending) < end + size + 4:
                return
            chunk = bytes(self._pending[end + 2 : end + 2 + size])
            del self._pending[: end + size + 4]
            self._feed(chunk)


class Http2(asyncio.Protocol):
    """All subscriptions on one HTTP/2 connection with prior knowledge."""

    def __init__(self, bodies: list[bytes], feeds: list[Callable[[bytes], None]]) -> None:
        self._bodies = bodies
        self._feeds = feeds
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._by_stream: dict[int, Callable[[bytes], None]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._h2.initiate_connection()
        for body, feed in zip(self._bodies, self._feeds, strict=True):
            stream_id = self._h2.get_next_available_stream_id()
            self._by_stream[stream_id] = feed
            fields = [(":method", "POST"), (":path", "/"), (":scheme", "http"), (":authority", HOST)]
            fields += [(name.lower(), value) for name, value in kinesis_headers(ACTION).items()]
            self._h2.send_headers(stream_id, fields)
            self._h2.send_data(stream_id, body, end_stream=True)
        self._transport.write(self._h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            if isinstance(event, events.DataReceived):
                self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                self._by_stream[event.stream_id](event.data)
        if answer := self._h2.data_to_send():
            self._transport.write(answer)


def register(port: int, stream: str) -> str:
    """A consumer that is ACTIVE; its ARN."""
    with Client(port) as client:
        arn = client.call("DescribeStreamSummary", StreamName=stream)["StreamDescriptionSummary"]["StreamARN"]
        made = client.call("RegisterStreamConsumer", StreamARN=arn, ConsumerName="bench")["Consumer"]
        consumer = str(made["ConsumerARN"])
        while True:
            described = client.call("DescribeStreamConsumer", ConsumerARN=consumer)["ConsumerDescription"]
            if described["ConsumerStatus"] == "ACTIVE":
                return consumer
            time.sleep(0.02)


async def _run(port: int, stream: str, shards: int, entries: Path, http: int) -> None:
    consumer = register(port, stream)
    inputs = [
        {"ConsumerARN": consumer, "ShardId": f"shardId-{shard:012d}", "StartingPosition": {"Type": "LATEST"}}
        for shard in range(shards)
    ]
    loop = asyncio.get_running_loop()
    with entries.open("w", buffering=1) as file:
        notes = Notes(file, shards)
        if http == 2:
            bodies = [msgspec.json.encode(each) for each in inputs]
            feeds = [notes.stream() for _ in inputs]
            await loop.create_connection(lambda: Http2(bodies, feeds), HOST, port)
        else:
            for each in inputs:
                request = kinesis_post(ACTION, each)
                await loop.create_connection(partial(Http1, request, notes.stream()), HOST, port)
        async with asyncio.timeout(READY_TIMEOUT_SECONDS):
            await notes.ready.wait()
        print("ready", flush=True)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--stream", required=True)
    parser.add_argument("--shards", type=int, required=True)
    parser.add_argument("--entries", type=Path, required=True)
    parser.add_argument("--http", type=int, choices=[1, 2], default=1)
    arguments = parser.parse_args()
    uvloop.run(_run(arguments.port, arguments.stream, arguments.shards, arguments.entries, arguments.http))


if __name__ == "__main__":
    main()
