"""What Lambda itself writes into a function's log, and how a function's output becomes log events.

Text and JSON forms: AWS Lambda developer guide (viewing CloudWatch logs; advanced logging controls; telemetry API event
schema), texts as recorded from the service. Since August 2025 the time of a cold start is billed: `Billed Duration` is
the handler's and the start's time together, rounded up to whole milliseconds.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from runtime.model.function import FunctionSpec, LogFormat
from runtime.model.invocation import LOG_TAIL_BYTES, Outcome, Status

#: AWS: what one log event holds at most; a longer line becomes several events.
EVENT_MAX_BYTES: Final = 262_144
#: From the least to the most severe; WARNING is Python's word for WARN, CRITICAL for FATAL.
LEVELS: Final = {"TRACE": 0, "DEBUG": 1, "INFO": 2, "WARN": 3, "WARNING": 3, "ERROR": 4, "FATAL": 5, "CRITICAL": 5}
DEFAULT_LEVEL: Final = "INFO"

_REPORT_STATUS: Final = {
    Status.SUCCESS: "success",
    Status.FUNCTION_ERROR: "error",
    Status.INIT_ERROR: "error",
    Status.TIMED_OUT: "timeout",
    Status.EXITED: "failure",
    Status.OUT_OF_MEMORY: "failure",
}
#: Text reports show a status only where Lambda itself ended the invocation.
_TEXT_STATUS: Final = {
    Status.TIMED_OUT: "Status: timeout",
    Status.EXITED: "Status: error\tError Type: Runtime.ExitError",
    Status.OUT_OF_MEMORY: "Status: error\tError Type: Runtime.OutOfMemory",
}


class _Error(msgspec.Struct):
    error_type: str = msgspec.field(name="errorType", default="")
    error_message: str = msgspec.field(name="errorMessage", default="")


def iso_ms(at_ms: int) -> str:
    """`2024-05-01T12:00:00.123Z`."""
    seconds, ms = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def log_stream_name(spec: FunctionSpec, worker_id: str, at_ms: int) -> str:
    """`2024/05/01/[$LATEST]<32 hex digits>`; `worker_id` is those digits."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y/%m/%d}/[{spec.version}]{worker_id}"


def billed_ms(outcome: Outcome) -> int:
    """Whole milliseconds, rounded up, the cold start included; at least one."""
    return max(1, math.ceil(round(outcome.duration_ms + (outcome.init_duration_ms or 0.0), 2)))


def start_lines(spec: FunctionSpec, request_id: str, at_ms: int) -> list[str]:
    """The events that open an invocation."""
    if spec.logging.format is LogFormat.TEXT:
        return [f"START RequestId: {request_id} Version: {spec.version}\n"]
    return _platform(spec, at_ms, "start", "INFO", {"requestId": request_id, "version": spec.version})


def end_lines(spec: FunctionSpec, outcome: Outcome, at_ms: int) -> list[str]:
    """The events that close an invocation: why it was ended if it was, END, REPORT."""
    if spec.logging.format is LogFormat.TEXT:
        return [*_failure_lines(spec, outcome, at_ms), f"END RequestId: {outcome.request_id}\n", report(spec, outcome)]
    status = _REPORT_STATUS[outcome.status]
    severity = "WARN" if status != "success" else ""
    metrics: dict[str, Any] = {
        "durationMs": round(outcome.duration_ms, 3),
        "billedDurationMs": billed_ms(outcome),
        "memorySizeMB": spec.memory_mb,
        "maxMemoryUsedMB": outcome.max_memory_mb,
    }
    if outcome.init_duration_ms is not None:
        metrics["initDurationMs"] = round(outcome.init_duration_ms, 3)
    about = {"requestId": outcome.request_id, "status": status}
    if status != "success":
        about["errorType"] = _error_of(outcome).error_type or "Unhandled"
    done = {**about, "metrics": {"durationMs": metrics["durationMs"], "producedBytes": len(outcome.payload)}}
    return [
        *_platform(spec, at_ms, "runtimeDone", severity or "DEBUG", done),
        *_platform(spec, at_ms, "report", severity or "INFO", {**about, "metrics": metrics}),
    ]


def report(spec: FunctionSpec, outcome: Outcome) -> str:
    """The REPORT line; fields are parted by tabs."""
    fields = [
        f"REPORT RequestId: {outcome.request_id}",
        f"Duration: {outcome.duration_ms:.2f} ms",
        f"Billed Duration: {billed_ms(outcome)} ms",
        f"Memory Size: {spec.memory_mb} MB",
        f"Max Memory Used: {outcome.max_memory_mb} MB",
    ]
    if outcome.init_duration_ms is not None:
        fields.append(f"Init Duration: {outcome.init_duration_ms:.2f} ms")
    return "\t".join([*fields, _TEXT_STATUS.get(outcome.status, "")]) + "\n"


def tail(spec: FunctionSpec, outcome: Outcome, at_ms: int) -> bytes:
    """What `X-Amz-Log-Result` carries before base64: the last 4 KiB of START, output, END and REPORT.

    `outcome.log` is the end of the output, `at_ms` the end of the invocation.
    """
    began_ms = at_ms - round(outcome.duration_ms)
    before = _joined(start_lines(spec, outcome.request_id, began_ms))
    output = outcome.log if not outcome.log or outcome.log.endswith(b"\n") else outcome.log + b"\n"
    return (before + output + _joined(end_lines(spec, outcome, at_ms)))[-LOG_TAIL_BYTES:]


def application_line(spec: FunctionSpec, line: str, request_id: str, at_ms: int) -> str | None:
    """A line of output as it goes into the log, or None when its level is below the function's.

    With JSON, a line that is no JSON object is wrapped as AWS's runtimes wrap theirs, at level INFO; an object that
    names no level counts as INFO, too.
    """
    if spec.logging.format is LogFormat.TEXT:
        return line
    found = _object(line)
    level = DEFAULT_LEVEL if found is None else str(found.get("level", DEFAULT_LEVEL))
    if not is_shown(level, spec.logging.application_level):
        return None
    if found is not None:
        return line
    text = line.rstrip("\r\n")
    if not text:
        return None
    wrapped = {"timestamp": iso_ms(at_ms), "level": DEFAULT_LEVEL, "message": text}
    if request_id:
        wrapped["requestId"] = request_id
    return msgspec.json.encode(wrapped).decode()


def is_shown(level: str, threshold: str | None) -> bool:
    """Whether a line of that level passes; a word that is no level counts as INFO."""
    info = LEVELS[DEFAULT_LEVEL]
    return LEVELS.get(level.upper(), info) >= LEVELS.get((threshold or DEFAULT_LEVEL).upper(), info)


def _platform(spec: FunctionSpec, at_ms: int, kind: str, level: str, record: dict[str, Any]) -> list[str]:
    if not is_shown(level, spec.logging.system_level):
        return []
    return [msgspec.json.encode({"time": iso_ms(at_ms), "type": f"platform.{kind}", "record": record}).decode()]


def _failure_lines(spec: FunctionSpec, outcome: Outcome, at_ms: int) -> list[str]:
    if outcome.status is Status.TIMED_OUT:
        seconds = f"{spec.timeout_ms / 1000:.2f}"
        return [f"{iso_ms(at_ms)} {outcome.request_id} Task timed out after {seconds} seconds\n\n"]
    if outcome.status in (Status.EXITED, Status.OUT_OF_MEMORY):
        error = _error_of(outcome)
        return [f"{error.error_message}\n{error.error_type}\n"]
    return []


def _error_of(outcome: Outcome) -> _Error:
    try:
        return msgspec.json.decode(outcome.payload, type=_Error)
    except msgspec.MsgspecError:
        return _Error()


def _object(line: str) -> dict[str, Any] | None:
    if not line.lstrip().startswith("{"):
        return None
    try:
        found = msgspec.json.decode(line)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _joined(lines: list[str]) -> bytes:
    return b"".join(line.encode() if line.endswith("\n") else line.encode() + b"\n" for line in lines)
