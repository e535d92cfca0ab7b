"""Who is told what functions do and print: the port that a log writer implements."""

from typing import Protocol

from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome


class InvocationSink(Protocol):
    """Hears of each invocation in the order of a log: what was printed while loading, `began`, `output`, `ended`.

    An invocation whose function could not be loaded has `began` and `ended` too, right after what was printed. The
    methods must not block; what they raise is reported to the loop and fails no invocation. One log stream belongs to
    one worker process.
    """

    def began(self, spec: FunctionSpec, log_stream: str, request_id: str) -> None:
        """A worker takes an event."""

    def output(self, spec: FunctionSpec, log_stream: str, data: bytes) -> None:
        """Raw bytes that the function wrote to its standard output or error, cut anywhere."""

    def ended(self, spec: FunctionSpec, log_stream: str, outcome: Outcome) -> None:
        """The event that the stream's last `began` was about has its outcome."""
