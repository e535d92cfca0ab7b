"""A server that answers the workloads with fixed texts and stores nothing: `python -m bench.null_server`.

It shows what the load generator could send if the server cost nothing (workload `ceiling`), and stands in for a broker
in the tests of the harness.
"""

from __future__ import annotations

import argparse
import asyncio
from typing import cast

import msgspec
import uvloop

from bench.wire import HOST

_RECORDS = [{"SequenceNumber": str(n), "PartitionKey": "k", "Data": "YQ=="} for n in range(1000)]
_STREAM = {"StreamStatus": "ACTIVE", "OpenShardCount": 1}
_ANSWERS: dict[bytes, object] = {
    b"PutRecords": {"FailedRecordCount": 0, "Records": []},
    b"PutRecord": {"ShardId": "shardId-000000000000", "SequenceNumber": "1"},
    b"DescribeStreamSummary": {"StreamDescriptionSummary": _STREAM},
    b"GetShardIterator": {"ShardIterator": "null"},
    b"GetRecords": {"MillisBehindLatest": 0, "NextShardIterator": "null", "Records": _RECORDS},
}


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


ANSWERS = {action: _answer(msgspec.json.encode(answer)) for action, answer in _ANSWERS.items()}
INVOKE_ANSWER = _answer(b'"echoed"')
NATIVE_ANSWER = _answer(msgspec.msgpack.encode({"failed": 0}))
EMPTY_ANSWER = _answer(b"")


def answer_to(request: bytes) -> bytes:
    """By its `X-Amz-Target`; a request without one is an invocation or a native put."""
    at = request.find(b"Kinesis_20131202.")
    if at < 0:
        return INVOKE_ANSWER if b"/invocations" in request[:256] else NATIVE_ANSWER
    return ANSWERS.get(request[at + 17 : request.find(b"\r", at)], EMPTY_ANSWER)


class NullProtocol(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = b""
        self._size_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast(asyncio.WriteTransport, transport).write  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._size_bytes:
            self._size_bytes = self._request_size_bytes()
        if self._size_bytes and len(self._buffer) >= self._size_bytes:
            request, self._buffer, self._size_bytes = self._buffer, b"", 0
            self._write(answer_to(request))

    def _request_size_bytes(self) -> int:
        head_end = self._buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return 0
        at = self._buffer.lower().find(b"content-length:", 0, head_end)
        return head_end + 4 + int(self._buffer[at + 15 : head_end].split(b"\r")[0])


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(NullProtocol, HOST, port)
    print(f"null server ready on http://{HOST}:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.null_server")
    parser.add_argument("--port", type=int, default=0)
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
