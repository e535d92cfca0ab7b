"""How a worker is spoken to: a small port, and its adapter for handlers in our own interpreter, which exchange frames.

The other adapter is `runtime_api.RuntimeApiLink`, for programs that speak AWS's Runtime API.
"""

import asyncio
import socket
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import msgspec

from runtime.model.invocation import Status
from runtime.workers.channel import Channel
from runtime.workers.frames import AnswerHead, Frame, InvokeHead, Kind, encode
from runtime.workers.stream import ResponseStream

_answer_heads = msgspec.json.Decoder(AnswerHead)

_STATUSES: dict[int, Status] = {
    Kind.RESULT: Status.SUCCESS,
    Kind.ERROR: Status.FUNCTION_ERROR,
    Kind.OUT_OF_MEMORY: Status.OUT_OF_MEMORY,
}


class Answer(NamedTuple):
    """What a worker said about an event; `max_rss_kb` is None when it did not say how much memory it held."""

    request_id: str
    status: Status
    payload: bytes
    max_rss_kb: int | None


class LinkOwner(Protocol):
    """Who hears what the worker says."""

    def link_ready(self) -> None:
        """It takes an event: the handler is loaded, or the last event is done with."""

    def link_init_failed(self, payload: bytes) -> None:
        """The handler could not be loaded."""

    def link_answered(self, answer: Answer) -> None:
        """An event has its answer. Raises `FrameError` if it is none to what was asked."""

    def link_broken(self) -> None:
        """Nothing more can be said to it."""


class Link(Protocol):
    """One worker's end of the line. Its process is given `fds` and `variables`."""

    fds: tuple[int, ...]
    variables: Mapping[str, str]

    def send(self, head: InvokeHead, event: bytes, stream: ResponseStream | None) -> None:
        """Hands over an event; `stream` gets the answer's pieces as they come, if the worker sends pieces."""

    def drain(self) -> None:
        """Reads what has arrived; for the moment when the process is known to have ended."""

    def close(self) -> None:
        """Lets go of everything; the owner hears nothing more."""


class FramesLink:
    """Frames over a socket pair."""

    variables: Mapping[str, str] = {}

    def __init__(self, loop: asyncio.AbstractEventLoop, owner: LinkOwner) -> None:
        ours, theirs = socket.socketpair()
        self._owner = owner
        self._channel = Channel(loop, ours, self._receive, owner.link_broken)
        self.fds: tuple[int, ...] = (theirs.detach(),)

    def send(self, head: InvokeHead, event: bytes, stream: ResponseStream | None) -> None:
        """See `Link`; an answer in frames is one piece."""
        self._channel.send(encode(Kind.INVOKE, head, len(event)), event)

    def drain(self) -> None:
        """See `Link`."""
        self._channel.drain()

    def close(self) -> None:
        """See `Link`."""
        self._channel.close()

    def _receive(self, frame: Frame) -> None:
        status = _STATUSES.get(frame.kind)
        if frame.kind == Kind.STARTED:
            self._owner.link_ready()
        elif frame.kind == Kind.INIT_FAILED:
            self._owner.link_init_failed(frame.body)
        elif status is None:
            self._owner.link_broken()
        else:
            head = _answer_heads.decode(frame.head)
            self._owner.link_answered(Answer(head.request_id, status, frame.body, head.max_rss_kb))
            self._owner.link_ready()
