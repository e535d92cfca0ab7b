"""Python logging inside a worker: what a handler logs comes out in the lines that AWS's runtime client writes.

Texts and fields: AWS's open-source Python runtime client (lambda_runtime_log_utils.py).
"""

import json
import logging
import sys
import time
from typing import TextIO

from runtime.model.function import LogFormat, Logging
from runtime.model.invocation import ErrorPayload

_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s"
_JSON_TIME = "%Y-%m-%dT%H:%M:%SZ"
_LEVELS = {"TRACE": logging.DEBUG, "FATAL": logging.CRITICAL}  # Lambda's names that Python has not
_KNOWN_FIELDS = frozenset({*logging.makeLogRecord({}).__dict__, "message", "asctime", "aws_request_id"})


class RequestFilter(logging.Filter):
    """Puts the id of the present invocation into every record."""

    request_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.request_id
        return True


class _OutputHandler(logging.StreamHandler[TextIO]):
    """Writes to whatever `sys.stdout` is at the time."""

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stdout
        super().emit(record)


class _JsonFormatter(logging.Formatter):
    """One object a line, with what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "timestamp": time.strftime(_JSON_TIME, time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0] is not None:
            entry["stackTrace"] = self.formatException(record.exc_info).splitlines()
            entry["errorType"] = record.exc_info[0].__name__
            entry["errorMessage"] = str(record.exc_info[1])
        entry["requestId"] = getattr(record, "aws_request_id", "")
        entry |= {name: value for name, value in vars(record).items() if name not in _KNOWN_FIELDS}
        return json.dumps({name: value for name, value in entry.items() if value is not None}, default=str)


def install(logging_config: Logging) -> RequestFilter:
    """Gives the root logger its handler; the level is set with JSON only (else it stays WARNING)."""
    requests = RequestFilter()
    handler = _OutputHandler(sys.stdout)
    handler.addFilter(requests)
    root = logging.getLogger()
    if logging_config.format is LogFormat.JSON:
        handler.setFormatter(_JsonFormatter())
        level = logging_config.application_level or "INFO"
        root.setLevel(_LEVELS.get(level, level))
    else:
        handler.setFormatter(logging.Formatter(_FORMAT, "%Y-%m-%dT%H:%M:%S"))
    root.addHandler(handler)
    return requests


def write_error(payload: ErrorPayload, log_format: LogFormat) -> None:
    """What the log shows of an error that ends an invocation."""
    text = _json(payload) if log_format is LogFormat.JSON else _text(payload)
    try:
        sys.stdout.write(text + "\n")
    except (OSError, ValueError, AttributeError):
        pass  # the handler has closed or replaced its output: the answer itself still goes out


def _json(payload: ErrorPayload) -> str:
    now = time.strftime(_JSON_TIME, time.gmtime())
    entry = {"timestamp": now, "log_level": "ERROR", "errorMessage": payload.error_message}
    rest = {"errorType": payload.error_type, "requestId": payload.request_id, "stackTrace": payload.stack_trace}
    return json.dumps(entry | rest)


def _text(payload: ErrorPayload) -> str:
    message = f": {payload.error_message}" if payload.error_message else ""
    lines = [f"[ERROR] {payload.error_type}{message}", "Traceback (most recent call last):"]
    return "\n".join(lines + [_indented(line) for entry in payload.stack_trace for line in entry.splitlines()])


def _indented(line: str) -> str:
    text = line.lstrip(" ")
    return "\u00a0" * (len(line) - len(text)) + text
