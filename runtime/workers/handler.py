"""Finds a handler, calls it, and puts what comes out into AWS's words.

Texts, types and the shape of stack traces: AWS's open-source Python runtime client (bootstrap.py).
"""

import asyncio
import decimal
import importlib
import inspect
import json
import math
import os
import re
import sys
import traceback
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any

import msgspec

from runtime.errors import MalformedHandlerError
from runtime.model.function import LogFormat, split_handler
from runtime.model.invocation import MAX_PAYLOAD_BYTES, ErrorPayload, too_large_payload
from runtime.workers import logs
from runtime.workers.context import LambdaContext
from runtime.workers.frames import InvokeHead, Kind, Order

MAX_MESSAGE_CHARS = 262_144  # ours: an exception's text is bounded like everything else that leaves a handler

Answer = tuple[Kind, bytes]


class FaultError(Exception):
    """A failure of the runtime's own making, named by one of AWS's `Runtime.` types."""

    def __init__(self, error_type: str, message: str, stack_trace: list[str] | None = None) -> None:
        super().__init__(message)
        self.error_type = error_type
        self.stack_trace = stack_trace or []


def load(handler: str) -> Callable[..., Any]:
    """The callable that a handler string names; raises `FaultError`, or what the module raises when it is imported."""
    try:
        module_name, attribute = split_handler(handler)
    except MalformedHandlerError as error:
        raise FaultError("Runtime.MalformedHandlerName", str(error)) from error
    found: Any = _import(module_name)
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise FaultError("Runtime.HandlerNotFound", f"Handler '{attribute}' missing on module '{module_name}'")
    return found  # type: ignore[no-any-return]  # a handler takes and returns anything


def _import(module_name: str) -> Any:
    if module_name.split(".")[0] in sys.builtin_module_names:
        text = f"Cannot use built-in module {module_name} as a handler module"
        raise FaultError("Runtime.BuiltInModuleConflict", text)
    try:
        return importlib.import_module(module_name)
    except ImportError as error:
        text = f"Unable to import module '{module_name}': {error}"
        raise FaultError("Runtime.ImportModuleError", text) from error
    except SyntaxError as error:
        trace = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        text = f"Syntax error in module '{module_name}': {error}"
        raise FaultError("Runtime.UserCodeSyntaxError", text, trace) from error


class Function:
    """A loaded handler with the event loop that its coroutines run on, kept from one invocation to the next."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._log_format = order.spec.logging.format
        self._handler = load(order.spec.handler)
        self._loop: asyncio.AbstractEventLoop | None = None

    def answer(self, head: InvokeHead, event: bytes) -> Answer:
        """Runs one event to its end. Only `SystemExit` gets out: it ends the process, as on AWS."""
        try:
            return self._run(head, event)
        except SystemExit:
            raise
        except MemoryError as error:
            return Kind.OUT_OF_MEMORY, report(error, head.request_id, self._log_format)
        except BaseException as error:  # noqa: BLE001 - whatever a handler raises is its answer
            return Kind.ERROR, report(error, head.request_id, self._log_format)

    def _run(self, head: InvokeHead, event: bytes) -> Answer:
        context = _context(self._order, head)
        result = self._handler(_event(event), context)
        if inspect.isawaitable(result):
            result = self._wait(result)
        payload = _marshal(result)
        if len(payload) > MAX_PAYLOAD_BYTES:
            return Kind.ERROR, too_large_payload()
        return Kind.RESULT, payload

    def _wait(self, awaitable: Awaitable[Any]) -> Any:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop.run_until_complete(_settle(awaitable))


async def _settle(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _context(order: Order, head: InvokeHead) -> LambdaContext:
    try:
        return LambdaContext(order, head)
    except ValueError as error:
        text = f"Unable to parse Client Context JSON: {error}"
        raise FaultError("Runtime.LambdaContextUnmarshalError", text) from error


def _event(event: bytes) -> Any:
    # What msgspec reads it reads as the standard library does, in half the time. What it refuses (NaN, lone surrogates)
    # is left to the standard library's reader, which is that of AWS's client.
    try:
        return msgspec.json.decode(event)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(event)
    except (ValueError, RecursionError) as error:
        raise FaultError("Runtime.UnmarshalError", f"Unable to unmarshal input: {error}") from error


def _marshal(result: Any) -> bytes:
    if isinstance(result, bytes):  # sent as it is
        return result
    numbers = _Numbers()
    try:
        return numbers.put_into(_write(result, numbers.mark)).encode()
    except MemoryError:
        raise
    except Exception as error:
        raise FaultError("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _write(value: Any, default: Callable[[Any], Any] | None = None) -> str:
    # The standard library's writer, not msgspec's: AWS's answers have its blanks. From Python 3.12 on AWS's client
    # writes text as it is; before, escaped.
    return json.dumps(value, default=default, ensure_ascii=sys.version_info < (3, 12))


class _Numbers:
    """Decimals are written digit by digit, which the standard library cannot: marks stand for them meanwhile."""

    def __init__(self) -> None:
        self._mark = ""

    def mark(self, value: Any) -> Any:
        """What stands for a value that JSON does not know."""
        if not isinstance(value, decimal.Decimal):
            raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
        if value.is_nan():
            return math.nan
        self._mark = self._mark or os.urandom(16).hex()  # no text of the handler's can hold it
        return self._mark + str(value)

    def put_into(self, text: str) -> str:
        """Numbers in place of the marks."""
        return re.sub(f'"{self._mark}([^"]*)"', r"\1", text) if self._mark else text


def report(error: BaseException, request_id: str = "", log_format: LogFormat = LogFormat.TEXT) -> bytes:
    """The error payload as JSON; the same is written to the function's log. `request_id` is empty while loading."""
    payload = _payload(error, request_id)
    logs.write_error(payload, log_format)
    return _write(msgspec.to_builtins(payload)).encode()


def _payload(error: BaseException, request_id: str) -> ErrorPayload:
    error_type, trace = type(error).__name__, []
    if isinstance(error, FaultError):
        error_type, trace = error.error_type, error.stack_trace
    else:
        trace = _stack_trace(error.__traceback__)
    return ErrorPayload(error_message=_text(error), error_type=error_type, request_id=request_id, stack_trace=trace)


def _text(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception as second:  # noqa: BLE001 - an exception whose own text fails is still an answer
        text = f"<{type(error).__name__}: its text raised {type(second).__name__}>"
    return text[:MAX_MESSAGE_CHARS].encode("utf-8", "backslashreplace").decode()


def _stack_trace(trace: TracebackType | None) -> list[str]:
    """Formatted frames without the runtime's own at their beginning; plain tuples, so that no carets are drawn."""
    frames = [(frame.filename, frame.lineno or 0, frame.name, frame.line) for frame in traceback.extract_tb(trace)]
    ours = (__file__, os.path.join(os.path.dirname(__file__), "child.py"), asyncio.base_events.__file__)
    start = next((index for index, frame in enumerate(frames) if frame[0] not in ours), 0)
    return traceback.format_list(frames[start:])
