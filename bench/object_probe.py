"""Large objects over HTTP (`python -m bench.object_probe`, an `ObjectPlan` on stdin, an `ObjectResult` on stdout):
plain sockets that send the same bytes again and again, or receive and count them, so that the client costs little."""

from __future__ import annotations

import os
import re
import socket
import sys
import threading
import time

import msgspec

from bench.wire import HOST, authorization

_READ_BYTES = 1024 * 1024
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)
BUCKET = "bench"


class ObjectPlan(msgspec.Struct, kw_only=True, frozen=True):
    port: int
    size_bytes: int
    seconds: float
    warmup_seconds: float
    connections: int = 1


class ObjectResult(msgspec.Struct, kw_only=True):
    """Bytes put and got by one connection, or the small puts of several."""

    put_bytes_per_s: float = 0.0
    get_bytes_per_s: float = 0.0
    puts_per_s: float = 0.0


def head(method: str, path: str, length: int) -> bytes:
    headers = {**authorization("s3"), "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "Content-Length": str(length)}
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Talk:
    """A connection on which one request follows the other."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket = socket.create_connection((HOST, port), timeout=60)
        self._buffer = bytearray(_READ_BYTES)

    def ask(self, method: str, path: str, body: bytes = b"") -> int:
        """Sends it; how many bytes the answer's body had. Raises RuntimeError unless the status is 200."""
        self._socket.sendall(head(method, path, len(body)))
        if body:
            self._socket.sendall(body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            received = self._socket.recv(_READ_BYTES)
            if not received:
                raise RuntimeError("the server closed the connection")
            answer += received
        first, _, rest = answer.partition(b"\r\n\r\n")
        if b" 200 " not in first[:16]:
            raise RuntimeError(f"{method} {path}: {answer[:300]!r}")
        found = _LENGTH.search(first)
        left = total = int(found[1]) if found else 0
        left -= len(rest)
        while left > 0:
            left -= self._socket.recv_into(self._buffer) or _gone()
        if b"connection: close" in first.lower():
            self._socket.close()
            self._socket = socket.create_connection((HOST, self._port), timeout=60)
        return total


def _gone() -> int:
    raise RuntimeError("the server closed the connection in an answer")


def _rate(talk: Talk, method: str, body: bytes, plan: ObjectPlan) -> float:
    """Bytes a second of whole requests, the first after the warm-up."""
    keys = [f"/{BUCKET}/object-{number}" for number in range(4)]
    from_s = time.monotonic() + plan.warmup_seconds
    count, began_s = 0, 0.0
    while True:
        now_s = time.monotonic()
        if not began_s and now_s >= from_s:
            began_s, count = now_s, 0
        elif began_s and now_s - began_s >= plan.seconds:
            return count * plan.size_bytes / (now_s - began_s)
        received = talk.ask(method, keys[count % len(keys)], body)
        if method == "GET" and received != plan.size_bytes:
            raise RuntimeError(f"an object of {plan.size_bytes} bytes came back with {received}")
        count += 1


def _small_puts(plan: ObjectPlan) -> float:
    """Puts a second of many connections, for servers that close theirs after every answer."""
    body, counts = os.urandom(plan.size_bytes), [0] * plan.connections
    from_s = time.monotonic() + plan.warmup_seconds
    until_s = from_s + plan.seconds

    def put(number: int) -> None:
        talk, made = Talk(plan.port), 0
        while (now_s := time.monotonic()) < until_s:
            talk.ask("PUT", f"/{BUCKET}/{number}-{made}", body)
            made += 1
            counts[number] += now_s >= from_s

    threads = [threading.Thread(target=put, args=(number,)) for number in range(plan.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / plan.seconds


def run(plan: ObjectPlan) -> ObjectResult:
    if plan.connections > 1:
        return ObjectResult(puts_per_s=_small_puts(plan))
    body = os.urandom(plan.size_bytes)
    talk = Talk(plan.port)
    talk.ask("PUT", f"/{BUCKET}")
    for number in range(4):
        talk.ask("PUT", f"/{BUCKET}/object-{number}", body)
    put = _rate(talk, "PUT", body, plan)
    return ObjectResult(put_bytes_per_s=put, get_bytes_per_s=_rate(talk, "GET", b"", plan))


def main() -> None:
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=ObjectPlan)
    sys.stdout.buffer.write(msgspec.json.encode(run(plan)))


if __name__ == "__main__":
    main()
