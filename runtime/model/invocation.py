"""What one invocation came to, and the error payloads in AWS's own words.

Texts: recorded AWS answers (2025-11) and the open-source Python runtime client.
"""

import enum

import msgspec

from runtime.model.function import FunctionSpec

MAX_PAYLOAD_BYTES = 6_291_556
"""Largest event and largest result of a synchronous invoke (measured on AWS)."""
LOG_TAIL_BYTES = 4096
"""How much of the output comes back with the answer (`X-Amz-Log-Result`)."""

# Linux signal numbers, in the words of the Go runtime that AWS's supervisor is written in.
_SIGNALS = {
    1: "hangup",
    2: "interrupt",
    3: "quit",
    4: "illegal instruction",
    5: "trace/breakpoint trap",
    6: "aborted",
    7: "bus error",
    8: "floating point exception",
    9: "killed",
    10: "user defined signal 1",
    11: "segmentation fault",
    12: "user defined signal 2",
    13: "broken pipe",
    14: "alarm clock",
    15: "terminated",
    24: "CPU time limit exceeded",
    25: "file size limit exceeded",
    31: "bad system call",
}


class Status(enum.Enum):
    """How an invocation ended."""

    SUCCESS = "Success"
    FUNCTION_ERROR = "FunctionError"  # the handler raised, or its result could not be sent
    TIMED_OUT = "TimedOut"  # killed at the deadline
    EXITED = "Exited"  # the process ended without an answer
    OUT_OF_MEMORY = "OutOfMemory"  # the memory limit was reached
    INIT_ERROR = "InitError"  # the handler could not be loaded


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one event. `payload` is JSON: the handler's result, or AWS's error object."""

    status: Status
    payload: bytes
    log: bytes
    request_id: str
    duration_ms: float
    init_duration_ms: float | None = None
    max_memory_mb: int = 0

    @property
    def ok(self) -> bool:
        """Whether the handler returned a result."""
        return self.status is Status.SUCCESS

    @property
    def function_error(self) -> str | None:
        """The value of `X-Amz-Function-Error`: `Unhandled` for every failure, `None` for success."""
        return None if self.ok else "Unhandled"


class Invoked(msgspec.Struct, frozen=True):
    """What came of an invocation, and which version ran, as its workers see it."""

    outcome: Outcome
    version: str
    spec: FunctionSpec


class ErrorPayload(msgspec.Struct, frozen=True, kw_only=True):
    """The object that the Python runtime client answers an error with; `stackTrace` holds formatted frames."""

    error_message: str = msgspec.field(name="errorMessage")
    error_type: str = msgspec.field(name="errorType")
    request_id: str = msgspec.field(name="requestId", default="")
    stack_trace: list[str] = msgspec.field(name="stackTrace", default_factory=list)


class PlatformError(msgspec.Struct, frozen=True, kw_only=True):
    """The shorter object that Lambda itself answers with when the process could not."""

    error_type: str = msgspec.field(name="errorType")
    error_message: str = msgspec.field(name="errorMessage")


class _SizeError(msgspec.Struct, frozen=True, kw_only=True):
    error_message: str = msgspec.field(name="errorMessage")
    error_type: str = msgspec.field(name="errorType")


def timeout_payload(request_id: str, timeout_ms: int) -> bytes:
    """JSON of `Sandbox.Timedout`; the limit is shown in seconds with two places."""
    message = f"RequestId: {request_id} Error: Task timed out after {timeout_ms / 1000:.2f} seconds"
    return msgspec.json.encode(PlatformError(error_type="Sandbox.Timedout", error_message=message))


def exit_payload(request_id: str, exit_code: int, *, out_of_memory: bool = False) -> bytes:
    """JSON for a process that ended by itself; `exit_code` is negative for a signal, as `subprocess` writes it."""
    error_type = "Runtime.OutOfMemory" if out_of_memory else "Runtime.ExitError"
    message = f"RequestId: {request_id} Error: Runtime exited {exit_reason(exit_code)}"
    return msgspec.json.encode(PlatformError(error_type=error_type, error_message=message))


def exit_reason(exit_code: int) -> str:
    """The half sentence that follows "Runtime exited"; a negative code is a signal number."""
    if exit_code == 0:
        return "without providing a reason"
    if exit_code > 0:
        return f"with error: exit status {exit_code}"
    return f"with error: signal: {_SIGNALS.get(-exit_code, f'signal {-exit_code}')}"


def too_large_payload() -> bytes:
    """JSON of `Function.ResponseSizeTooLarge`."""
    message = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD_BYTES} bytes)."
    return msgspec.json.encode(_SizeError(error_message=message, error_type="Function.ResponseSizeTooLarge"))
