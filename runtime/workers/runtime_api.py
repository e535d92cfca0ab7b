"""The Lambda Runtime API 2018-06-01, one listener for each worker: how programs in any language are spoken to.

Paths, headers and statuses: AWS developer guide, "Using the Lambda runtime API"; texts of refusals: AWS's open-source
runtime interface emulator. The listener is on the loopback interface, as the API has no credentials; whoever runs
programs on this machine could speak to it, but has to know the id of the present invocation to answer it.
"""

import asyncio
import base64
import binascii
import json
import re
import socket
from collections.abc import Mapping
from typing import NamedTuple

import h11
import msgspec

from runtime.model.invocation import (
    MAX_PAYLOAD_BYTES,
    PlatformError,
    Status,
    too_large_payload,
)
from runtime.workers.frames import InvokeHead
from runtime.workers.http import Connection
from runtime.workers.link import Answer, LinkOwner
from runtime.workers.stream import MAX_STREAM_BYTES, ResponseStream

MAX_CONNECTIONS = 64  # ours: of one worker at a time; runtimes use one or two
BACKLOG = 16
_MAX_REFUSED_BYTES = 8 * MAX_PAYLOAD_BYTES  # what is read, and thrown away, of a body that is too large

_BASE = "/2018-06-01/runtime"
_ANSWER = re.compile(rf"(?a)\A{re.escape(_BASE)}/invocation/([^/]{{1,128}})/(response|error)\Z")
_JSON = (b"Content-Type", b"application/json")
_TEXT = (b"Content-Type", b"text/plain; charset=utf-8")

_ACCEPTED = b'{"status":"OK"}\n'


class Current(NamedTuple):
    """The event that the worker has, or is about to fetch."""

    head: InvokeHead
    event: bytes
    stream: ResponseStream | None


class Upload:
    """A request's body while it arrives: an answer, or an error report."""

    def __init__(self, kind: str, headers: dict[bytes, bytes], current: Current | None) -> None:
        self.kind = kind  # "response", "error" or "init"
        self.error_type = headers.get(b"lambda-runtime-function-error-type", b"").decode("latin-1")
        self.content_type = headers.get(b"content-type", b"").decode("latin-1")
        streaming = headers.get(b"lambda-runtime-function-response-mode", b"").lower() == b"streaming"
        self.streaming = kind == "response" and streaming
        self.current = current
        self.stream = current.stream if current is not None and self.streaming else None
        self.limit_bytes = MAX_PAYLOAD_BYTES if self.stream is None else MAX_STREAM_BYTES
        self.received_bytes = 0
        self.body = bytearray()
        if self.stream is not None:
            self.stream.content_type = self.content_type or None

    @property
    def too_large(self) -> bool:
        return self.received_bytes > self.limit_bytes

    def add(self, data: bytes) -> bool:
        """Takes a piece; false when the reader of the stream has to catch up first."""
        self.received_bytes += len(data)
        if self.too_large:
            return True
        if self.stream is not None:
            return self.stream.feed(data)
        self.body += data
        return True

    def answer(self, trailers: Mapping[bytes, bytes]) -> tuple[Status, bytes]:
        """What the invocation came to."""
        if self.too_large:
            return Status.FUNCTION_ERROR, too_large_payload()
        failure = _trailing_error(trailers) if self.streaming else None
        if failure is not None:
            return Status.FUNCTION_ERROR, failure
        if self.kind == "response":
            return Status.SUCCESS, bytes(self.body)
        return Status.FUNCTION_ERROR, self.report()

    def report(self) -> bytes:
        """The error object; made of the header's type when the program sent none."""
        if self.body and not self.too_large:
            return bytes(self.body)
        kind = self.error_type or "Runtime.Unknown"
        return msgspec.json.encode(PlatformError(error_type=kind, error_message=""))


class RuntimeApiLink:
    """Serves one worker. Its first request for an event says that the handler is loaded."""

    fds: tuple[int, ...] = ()

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: LinkOwner) -> None:
        self._loop = loop
        self._owner = owner
        self._connections: set[Connection] = set()
        self._uploads: dict[Connection, Upload] = {}
        self._asking: Connection | None = None  # waits for an event
        self._current: Current | None = None
        self._fetched = False
        self._answered = ""  # id of the invocation that has its answer, or is being given it
        self._started = False
        self._listener = _listen()
        host, port = self._listener.getsockname()
        self.variables: Mapping[str, str] = {"AWS_LAMBDA_RUNTIME_API": f"{host}:{port}"}
        loop.add_reader(self._listener, self._accept)

    def send(self, head: InvokeHead, event: bytes, stream: ResponseStream | None) -> None:
        """See `Link`."""
        self._current = Current(head, event, stream)
        self._fetched = False
        self._hand_over()

    def drain(self) -> None:
        """See `Link`."""
        self._accept()
        for connection in list(self._connections):
            while connection.receive():
                pass

    def close(self) -> None:
        """See `Link`."""
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._uploads.clear()
        if self._listener.fileno() >= 0:
            self._loop.remove_reader(self._listener)
            self._listener.close()

    # What a connection says

    def began(self, connection: Connection, request: h11.Request) -> None:
        """Finds out what a request is about; its body is kept, passed on, or thrown away."""
        method, path = request.method.decode("latin-1"), request.target.decode("latin-1").partition("?")[0]
        headers = dict(request.headers)
        answer = _ANSWER.match(path)
        if method == "GET" and path == f"{_BASE}/invocation/next":
            self._next(connection)
        elif method == "POST" and path == f"{_BASE}/init/error":
            self._init_error(connection, headers)
        elif method == "POST" and answer is not None:
            self._answer(connection, answer[1], answer[2], headers)
        else:
            connection.respond(404, [_TEXT], b"404 page not found\n")

    def data(self, connection: Connection, data: bytes) -> None:
        """See `http.Peer`."""
        upload = self._uploads.get(connection)
        if upload is None:
            return
        if not upload.add(data) and upload.stream is not None:
            connection.pause()
            upload.stream.when_room(connection.resume)
        if upload.received_bytes > upload.limit_bytes + _MAX_REFUSED_BYTES:
            self._settle(upload, {})
            connection.close()
            self.gone(connection)

    def finished(self, connection: Connection, trailers: dict[bytes, bytes]) -> None:
        """See `http.Peer`."""
        upload = self._uploads.pop(connection, None)
        if upload is None:
            return
        if upload.too_large:
            text = f"Exceeded maximum allowed payload size ({upload.limit_bytes} bytes)."
            _refuse(connection, 413, "RequestEntityTooLarge", text)
        else:
            connection.respond(202, [_JSON], _ACCEPTED)
        self._settle(upload, trailers)

    def gone(self, connection: Connection) -> None:
        """See `http.Peer`. An answer that breaks off is none: the process goes on and answers, ends, or is ended."""
        self._connections.discard(connection)
        if self._uploads.pop(connection, None) is not None:
            self._answered = ""
        if self._asking is connection:
            self._asking = None

    # The steps

    def _next(self, connection: Connection) -> None:
        if self._current is not None and self._fetched and self._answered != self._current.head.request_id:
            _refuse_state(connection, "Running", "Ready")
            return
        before, self._asking = self._asking, connection
        if before is not None:
            before.close()
            self._connections.discard(before)
        self._started = True
        if self._current is not None and not self._fetched:
            self._hand_over()  # it had asked before, and hung up
        else:
            self._owner.link_ready()

    def _hand_over(self) -> None:
        current, connection = self._current, self._asking
        if current is None or connection is None:
            return
        self._asking = None
        self._fetched = True
        connection.respond(200, _next_headers(current.head), current.event)

    def _init_error(self, connection: Connection, headers: dict[bytes, bytes]) -> None:
        if self._started:
            _refuse_state(connection, "Ready", "InitError")
        else:
            self._uploads[connection] = Upload("init", headers, None)

    def _answer(self, connection: Connection, request_id: str, kind: str, headers: dict[bytes, bytes]) -> None:
        current = self._current
        if current is None or not self._fetched or current.head.request_id != request_id:
            _refuse(connection, 400, "InvalidRequestID", "Invalid request ID")
        elif self._answered == request_id:
            _refuse_state(
                connection, "Ready", "InvocationResponse" if kind == "response" else "InvocationErrorResponse"
            )
        else:
            self._answered = request_id
            self._uploads[connection] = Upload(kind, headers, current)

    def _settle(self, upload: Upload, trailers: Mapping[bytes, bytes]) -> None:
        if upload.current is None:
            self._owner.link_init_failed(upload.report())
        elif upload.current is self._current:
            status, payload = upload.answer(trailers)
            self._owner.link_answered(Answer(upload.current.head.request_id, status, payload, None))

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:  # no descriptors left: the process hears nothing, and its deadline decides
            self._loop.call_exception_handler({"message": "a runtime's connection was not taken", "exception": error})
            return
        if len(self._connections) >= MAX_CONNECTIONS:
            sock.close()
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections.add(Connection(self._loop, sock, self))


def _listen() -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.bind(("127.0.0.1", 0))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _next_headers(head: InvokeHead) -> list[tuple[bytes, bytes]]:
    values = {
        "Lambda-Runtime-Aws-Request-Id": head.request_id,
        "Lambda-Runtime-Deadline-Ms": str(head.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": head.invoked_arn,
        "Lambda-Runtime-Trace-Id": head.trace_id,
        "Lambda-Runtime-Client-Context": _one_line(head.client_context),
    }
    return [_JSON, *((name.encode(), value.encode("ascii", "replace")) for name, value in values.items() if value)]


def _one_line(text: str | None) -> str | None:
    """JSON as a header can carry it: on one line, in ASCII. What is no JSON is passed on as far as possible."""
    if text is None:
        return None
    try:
        return json.dumps(json.loads(text), separators=(",", ":"))
    except (ValueError, RecursionError):
        return "".join(character if character.isprintable() else " " for character in text).strip()


def _trailing_error(trailers: Mapping[bytes, bytes]) -> bytes | None:
    """A streamed answer that failed on its way says so behind its body, in base64."""
    kind = trailers.get(b"lambda-runtime-function-error-type")
    if kind is None:
        return None
    try:
        body = base64.b64decode(trailers.get(b"lambda-runtime-function-error-body", b""), validate=True)
    except binascii.Error:
        body = b""
    return body or msgspec.json.encode(PlatformError(error_type=kind.decode("latin-1"), error_message=""))


def _refuse_state(connection: Connection, present: str, wanted: str) -> None:
    text = f"State transition from {present} to {wanted} failed for runtime. Error: State transition is not allowed"
    _refuse(connection, 403, "InvalidStateTransition", text)


def _refuse(connection: Connection, status: int, kind: str, message: str) -> None:
    body = json.dumps({"errorMessage": message, "errorType": kind}).encode()
    connection.respond(status, [_JSON], body + b"\n")
