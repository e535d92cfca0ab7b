"""One sink out of several: an invocation's log and its metrics hear the same."""

from __future__ import annotations

from typing import Protocol

from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome


class Sink(Protocol):
    """Hears of invocations, in order, on the loop; waits for nothing and raises nothing."""

    def began(self, spec: FunctionSpec, log_stream: str, request_id: str) -> None: ...

    def output(self, spec: FunctionSpec, log_stream: str, data: bytes) -> None: ...

    def ended(self, spec: FunctionSpec, log_stream: str, outcome: Outcome) -> None: ...


class Sinks:
    """Passes everything on to each."""

    def __init__(self, *sinks: Sink) -> None:
        self._sinks = sinks

    def began(self, spec: FunctionSpec, log_stream: str, request_id: str) -> None:
        for sink in self._sinks:
            sink.began(spec, log_stream, request_id)

    def output(self, spec: FunctionSpec, log_stream: str, data: bytes) -> None:
        for sink in self._sinks:
            sink.output(spec, log_stream, data)

    def ended(self, spec: FunctionSpec, log_stream: str, outcome: Outcome) -> None:
        for sink in self._sinks:
            sink.ended(spec, log_stream, outcome)
