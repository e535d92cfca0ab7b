"""What happened to a request, as text: the log of TestInvokeMethod. Requests that nobody traces cost one call each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from runtime.model.apigateway.exchange import Exchange, Returned
from runtime.model.apigateway.integration_plan import Outgoing
from runtime.model.apigateway.proxy_event import Answered
from streamcore.clock import Clock

#: Of one body or one line.
LINE_MAX_CHARS: Final = 4096


class Trace:
    """Hears of nothing."""

    def note(self, text: str) -> None: ...

    def began(self, exchange: Exchange) -> None: ...

    def outgoing(self, outgoing: Outgoing) -> None: ...

    def event(self, event: bytes) -> None: ...

    def result(self, payload: bytes) -> None: ...

    def returned(self, returned: Returned) -> None: ...

    def answered(self, answer: Answered) -> None: ...


SILENT: Final = Trace()


class TextTrace(Trace):
    """Keeps lines, each with its time, in the words of API Gateway's execution log."""

    def __init__(self, clock: Clock, request_id: str) -> None:
        self._clock = clock
        self._lines = [f"Execution log for request {request_id}"]

    @property
    def text(self) -> str:
        return "\n".join(self._lines) + "\n"

    def note(self, text: str) -> None:
        at = datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC)
        self._lines.append(f"{at:%a %b %d %H:%M:%S UTC %Y} : {text[:LINE_MAX_CHARS]}")

    def began(self, exchange: Exchange) -> None:
        request = exchange.request
        self.note(f"Starting execution for request: {exchange.context['requestId']}")
        self.note(f"HTTP Method: {request.method}, Resource Path: {request.path}")
        self.note(f"Method request path: {_map(exchange.path_parameters.items())}")
        self.note(f"Method request query string: {_map(request.query)}")
        self.note(f"Method request headers: {_map(request.headers)}")
        self.note(f"Method request body before transformations: {_text(request.body)}")

    def outgoing(self, outgoing: Outgoing) -> None:
        self.note(f"Endpoint request headers: {_map(outgoing.headers.items())}")
        self.note(f"Endpoint request body after transformations: {_text(outgoing.body)}")

    def event(self, event: bytes) -> None:
        self.note(f"Endpoint request body after transformations: {_text(event)}")

    def result(self, payload: bytes) -> None:
        self.note(f"Endpoint response body before transformations: {_text(payload)}")

    def returned(self, returned: Returned) -> None:
        self.note(f"Received response. Status: {returned.status}")
        self.note(f"Endpoint response headers: {_map(returned.headers)}")
        self.note(f"Endpoint response body before transformations: {_text(returned.body)}")

    def answered(self, answer: Answered) -> None:
        self.note(f"Method response body after transformations: {_text(answer.body)}")
        self.note(f"Method response headers: {_map(answer.headers.items())}")
        self.note("Successfully completed execution")
        self.note(f"Method completed with status: {answer.status}")


def _map(pairs: Iterable[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name}={value}" for name, value in pairs) + "}"


def _text(body: bytes) -> str:
    return body[:LINE_MAX_CHARS].decode(errors="replace")
