"""The frames between broker, zygote and workers, and what stands in them. Broker and workers are one release.

    byte  0         1         2                   4                                       8
          +---------+---------+---------+---------+---------+---------+---------+---------+
          | version | kind    | head bytes, u16 BE| body bytes, u32 BE                    |
          +---------+---------+---------+---------+---------+---------+---------+---------+
          | head: JSON of the kind's Struct, empty if the kind has none                   |
          +-------------------------------------------------------------------------------+
          | body: raw bytes (an event, a result, an error payload, an order)              |
          +-------------------------------------------------------------------------------+

The control socket of a zygote keeps message bounds (SOCK_SEQPACKET): there one frame is one message, and the
descriptors that belong to a SPAWN travel with it. The socket of a worker is a byte stream.
"""

import enum
import struct
from typing import NamedTuple

import msgspec

from runtime.errors import FrameError
from runtime.model.function import FunctionSpec
from runtime.model.invocation import MAX_PAYLOAD_BYTES
from runtime.model.program import Program
from runtime.model.sandbox import SandboxSettings

VERSION = 1
PREFIX = struct.Struct(">BBHI")
MAX_HEAD_BYTES = 0xFFFF
MAX_CONTROL_BYTES = 196_608  # a control message: above any valid order, below the default socket buffer
READ_BYTES = 65_536


class Kind(enum.IntEnum):
    """What a frame means; the number is on the wire."""

    PREPARE = 1  # broker to zygote, first: body Preparation
    SPAWN = 2  # broker to zygote, with the worker's socket, if it has one, and output pipe: head WorkerHead, body Order
    KILL = 3  # broker to zygote: head WorkerHead
    READY = 4  # zygote to broker: preloaded, forks from now on: body SandboxReport
    UNFIT = 5  # zygote to broker, last: body error payload
    SPAWNED = 6  # zygote to broker: head SpawnedHead
    REFUSED = 7  # zygote to broker, the fork failed: head WorkerHead
    EXITED = 8  # zygote to broker, its process group is gone: head ExitedHead
    INVOKE = 16  # broker to worker: head InvokeHead, body event
    STARTED = 17  # worker to broker: the handler is loaded
    INIT_FAILED = 18  # worker to broker, last: body error payload
    RESULT = 19  # worker to broker: head AnswerHead, body result
    ERROR = 20  # worker to broker: head AnswerHead, body error payload
    OUT_OF_MEMORY = 21  # worker to broker, last: head AnswerHead, body error payload


class Preparation(msgspec.Struct, frozen=True):
    """What a zygote does before it forks; another `code_sha256` asks for another zygote, with the new code in it."""

    paths: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()
    code_sha256: str = ""
    sandbox: SandboxSettings = SandboxSettings()


class Order(msgspec.Struct, frozen=True):
    """What a worker needs to become a function's environment; `variables` come from the pool, not the function.

    `program` is run in place of our own interpreter, which is the zygote's.
    """

    spec: FunctionSpec
    log_stream: str
    variables: dict[str, str] = {}
    program: Program | None = None


class WorkerHead(msgspec.Struct, frozen=True):
    """Which worker, by the number that the pool gave it."""

    worker: int


class SpawnedHead(msgspec.Struct, frozen=True):
    """A worker runs."""

    worker: int
    pid: int


class ExitedHead(msgspec.Struct, frozen=True):
    """A worker has ended; a negative code is a signal. `out_of_memory`: the kernel has killed in its group."""

    worker: int
    exit_code: int
    max_rss_kb: int
    out_of_memory: bool = False


class InvokeHead(msgspec.Struct, frozen=True, omit_defaults=True):
    """One invocation; `deadline_ms` is epoch time, `client_context` JSON text, `invoked_arn` what the caller named."""

    request_id: str
    deadline_ms: int
    client_context: str | None = None
    trace_id: str | None = None
    invoked_arn: str | None = None


class AnswerHead(msgspec.Struct, frozen=True):
    """Which invocation is answered, and the most memory the worker ever held."""

    request_id: str
    max_rss_kb: int


class Frame(NamedTuple):
    """A frame as received; the head is still JSON."""

    kind: int
    head: bytes
    body: bytes


_encoder = msgspec.json.Encoder()


def encode(kind: Kind, head: msgspec.Struct | None = None, body_bytes: int = 0) -> bytes:
    """Prefix and head of a frame; its body of `body_bytes` follows. Raises `FrameError` for a head above the bound."""
    text = b"" if head is None else _encoder.encode(head)
    if len(text) > MAX_HEAD_BYTES:
        raise FrameError(f"a head of {len(text)} bytes")
    return PREFIX.pack(VERSION, kind, len(text), body_bytes) + text


class Decoder:
    """Cuts a byte stream into frames. Raises `FrameError` for another version, or a body above `max_body_bytes`."""

    def __init__(self, max_body_bytes: int = MAX_PAYLOAD_BYTES) -> None:
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()
        self._wanted = PREFIX.size

    def feed(self, data: bytes) -> list[Frame]:
        """All frames that `data` completes."""
        self._buffer += data
        frames = []
        while len(self._buffer) >= self._wanted:
            frame = self._next()
            if frame is not None:
                frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        version, kind, head_bytes, body_bytes = PREFIX.unpack_from(self._buffer)
        if version != VERSION or body_bytes > self._max_body_bytes:
            raise FrameError(f"version {version}, kind {kind}, a body of {body_bytes} bytes")
        body_at = PREFIX.size + head_bytes
        end = body_at + body_bytes
        if len(self._buffer) < end:
            self._wanted = end
            return None
        with memoryview(self._buffer) as view:
            frame = Frame(kind, bytes(view[PREFIX.size : body_at]), bytes(view[body_at:end]))
        del self._buffer[:end]
        self._wanted = PREFIX.size
        return frame


def decode_message(message: bytes) -> Frame:
    """The one frame in a control message; raises `FrameError` if it is not exactly one."""
    frames = Decoder(MAX_CONTROL_BYTES).feed(message)
    if len(frames) != 1:
        raise FrameError(f"{len(frames)} frames in a message of {len(message)} bytes")
    return frames[0]
