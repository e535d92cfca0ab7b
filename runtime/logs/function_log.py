"""The sink that writes what functions print, and Lambda's own lines around it, into their log groups.

    worker starts ─ began ─ output … output ─ ended ─ began ─ …        one stream per worker
                    START   lines           END, REPORT

Everything is handed to the store at once and in order; nothing here waits.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec

from runtime.logs.store import LogStore
from runtime.logs.values import GroupKey
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome
from runtime.model.log_lines import application_line, end_lines, start_lines
from runtime.model.log_split import LineSplitter
from streamcore.clock import Clock
from streamcore.model.stream import Scope

#: Streams with an incomplete line or an invocation under way; the longest untouched is completed beyond that.
MAX_OPEN: Final = 10_000


class _Open(msgspec.Struct):
    """A stream that is being written: whose, the invocation under way, the line that is not complete."""

    spec: FunctionSpec
    splitter: LineSplitter
    request_id: str = ""


class FunctionLog:
    """An `InvocationSink`. What a function prints between two invocations belongs to none."""

    def __init__(self, store: LogStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._open: OrderedDict[tuple[GroupKey, str], _Open] = OrderedDict()

    def began(self, spec: FunctionSpec, log_stream: str, request_id: str) -> None:
        """An invocation starts."""
        now_ms = self._clock.now_ms()
        stream = self._stream(spec, log_stream)
        before = self._lines(stream, stream.splitter.flush(), now_ms)
        stream.request_id = request_id
        self._write(spec, log_stream, [*before, *start_lines(spec, request_id, now_ms)], now_ms)

    def output(self, spec: FunctionSpec, log_stream: str, data: bytes) -> None:
        """The worker printed something."""
        now_ms = self._clock.now_ms()
        stream = self._stream(spec, log_stream)
        self._write(spec, log_stream, self._lines(stream, stream.splitter.feed(data), now_ms), now_ms)

    def ended(self, spec: FunctionSpec, log_stream: str, outcome: Outcome) -> None:
        """The invocation is over."""
        now_ms = self._clock.now_ms()
        stream = self._open.pop((_group(spec), log_stream), None) or _Open(spec, LineSplitter(), outcome.request_id)
        rest = self._lines(stream, stream.splitter.flush(), now_ms)
        self._write(spec, log_stream, [*rest, *end_lines(spec, outcome, now_ms)], now_ms)

    def _stream(self, spec: FunctionSpec, log_stream: str) -> _Open:
        where = _group(spec), log_stream
        stream = self._open.get(where)
        if stream is None:
            stream = self._open[where] = _Open(spec, LineSplitter())
            if len(self._open) > MAX_OPEN:
                self._complete_oldest()
        self._open.move_to_end(where)
        return stream

    def _complete_oldest(self) -> None:
        (_, name), stream = self._open.popitem(last=False)
        now_ms = self._clock.now_ms()
        self._write(stream.spec, name, self._lines(stream, stream.splitter.flush(), now_ms), now_ms)

    def _lines(self, stream: _Open, lines: list[str], now_ms: int) -> list[str]:
        shown = (application_line(stream.spec, line, stream.request_id, now_ms) for line in lines)
        return [line for line in shown if line is not None]

    def _write(self, spec: FunctionSpec, log_stream: str, lines: list[str], now_ms: int) -> None:
        self._store.append(_group(spec), log_stream, [(now_ms, line) for line in lines])


def _group(spec: FunctionSpec) -> GroupKey:
    return GroupKey(Scope(spec.account, spec.region), spec.log_group)
