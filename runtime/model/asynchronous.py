"""An asynchronous invocation: what is kept of it, when it is tried again, when it is given up, what is said of it then.

Rules and texts: Lambda developer guide, "Asynchronous invocation" and "Error handling"; answers recorded from AWS.
"""

import enum
from datetime import UTC, datetime

import msgspec

from runtime.errors import InvalidParameterError

MAX_EVENT_BYTES = 1_048_576
"""Largest event of an asynchronous invoke."""
MIN_AGE_S, MAX_AGE_S = 60, 21_600
MAX_RETRIES = 2
RETRY_WAITS_MS = (60_000, 120_000)
"""After the first failure of the function a minute, after the second two."""
THROTTLE_BASE_MS, THROTTLE_CAP_MS = 1000, 300_000
ERROR_MESSAGE_BYTES = 1024
"""How much of an error's text goes with a dead letter."""


class Condition(enum.Enum):
    """Why an event has left the queue: the `condition` of the destination's record."""

    SUCCESS = "Success"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"
    ZERO_RESERVED_CONCURRENCY = "ZeroReservedConcurrency"


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A function's event invoke configuration, with AWS's defaults; targets are ARNs, empty for none.

    Raises InvalidParameterError.
    """

    maximum_retry_attempts: int = MAX_RETRIES
    maximum_event_age_s: int = MAX_AGE_S
    on_success: str = ""
    on_failure: str = ""
    dead_letter: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.maximum_retry_attempts <= MAX_RETRIES:
            raise InvalidParameterError("maximum_retry_attempts", self.maximum_retry_attempts, "must be from 0 to 2")
        if not MIN_AGE_S <= self.maximum_event_age_s <= MAX_AGE_S:
            rule = f"must be from {MIN_AGE_S} to {MAX_AGE_S}"
            raise InvalidParameterError("maximum_event_age_s", self.maximum_event_age_s, rule)


class QueuedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event in the queue, without its payload. `function_arn` has no qualifier; times are epoch milliseconds.

    `attempts` counts invokes of the function, `throttles` the times in a row that there was no invoke.
    """

    request_id: str
    function_arn: str
    qualifier: str
    accepted_ms: int
    due_ms: int
    size_bytes: int
    attempts: int = 0
    throttles: int = 0
    client_context: str | None = None
    trace_id: str | None = None
    condition: Condition | None = None  # set while its destinations are being told
    deliveries: int = 0  # how often they were
    result: "Result | None" = None

    @property
    def qualified_arn(self) -> str:
        """As a destination's record names the function."""
        return f"{self.function_arn}:{self.qualifier or '$LATEST'}"


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What the last invoke answered."""

    payload: bytes
    executed_version: str
    function_error: str | None = None


class Retry(msgspec.Struct, frozen=True):
    """It is tried again, in the state given."""

    event: QueuedEvent


class Leave(msgspec.Struct, frozen=True):
    """It leaves the queue."""

    condition: Condition


Decision = Retry | Leave


def answered(event: QueuedEvent, result: Result, policy: Policy, now_ms: int) -> Decision:
    """After an invoke took place; `event` is as it was before."""
    if result.function_error is None:
        return Leave(Condition.SUCCESS)
    attempts = event.attempts + 1
    if attempts > policy.maximum_retry_attempts:
        return Leave(Condition.RETRIES_EXHAUSTED)
    due_ms = now_ms + RETRY_WAITS_MS[attempts - 1]
    return Retry(msgspec.structs.replace(event, attempts=attempts, throttles=0, due_ms=due_ms, result=result))


def refused(event: QueuedEvent, policy: Policy, now_ms: int, *, jitter: float = 0.0) -> Decision:
    """After a throttle or a fault of ours: no invoke took place, and no retry is used up.

    The wait doubles from a second to five minutes; `jitter` in [0, 1) takes away up to half of it. A wait that would
    outlast the event's age ends with it.
    """
    whole_ms = min(THROTTLE_CAP_MS, THROTTLE_BASE_MS << min(event.throttles, 20))
    due_ms = min(now_ms + whole_ms - int(whole_ms * 0.5 * jitter), expires_ms(event, policy))
    return Retry(msgspec.structs.replace(event, throttles=event.throttles + 1, due_ms=due_ms))


def expires_ms(event: QueuedEvent, policy: Policy) -> int:
    """From when on it is too old to be tried."""
    return event.accepted_ms + policy.maximum_event_age_s * 1000


# ---------------------------------------------------------------- what is said of it


class RequestContext(msgspec.Struct, frozen=True, rename="camel"):
    request_id: str
    function_arn: str
    condition: str
    approximate_invoke_count: int


class ResponseContext(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    status_code: int
    executed_version: str
    function_error: str | None = None


class DestinationRecord(msgspec.Struct, frozen=True, rename="camel"):
    """What an on-success or on-failure destination gets."""

    version: str
    timestamp: str
    request_context: RequestContext
    request_payload: msgspec.Raw
    response_context: ResponseContext | msgspec.UnsetType = msgspec.UNSET
    response_payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def destination_record(event: QueuedEvent, payload: bytes, condition: Condition, now_ms: int) -> bytes:
    """JSON for an event that has left the queue; `payload` is the event itself, as JSON."""
    result = event.result
    record = DestinationRecord(
        version="1.0",
        timestamp=timestamp(now_ms),
        request_context=RequestContext(event.request_id, event.qualified_arn, condition.value, event.attempts),
        request_payload=_raw(payload),
    )
    if result is not None:
        response = ResponseContext(200, result.executed_version, result.function_error)
        record = msgspec.structs.replace(record, response_context=response, response_payload=_raw(result.payload))
    return msgspec.json.encode(record)


def dead_letter_attributes(event: QueuedEvent) -> dict[str, str]:
    """What goes with a dead letter, whose body is the event itself. Error code 200 means: the function failed."""
    message = ""
    if event.result is not None:
        message = _error_message(event.result.payload)
    text = message.encode()[:ERROR_MESSAGE_BYTES].decode(errors="ignore")
    return {"RequestID": event.request_id, "ErrorCode": "200", "ErrorMessage": text}


def timestamp(now_ms: int) -> str:
    """`2019-11-14T18:16:05.568Z`."""
    return f"{datetime.fromtimestamp(now_ms / 1000, UTC):%Y-%m-%dT%H:%M:%S}.{now_ms % 1000:03d}Z"


def _error_message(payload: bytes) -> str:
    try:
        value = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return payload.decode(errors="replace")
    message = value.get("errorMessage") if isinstance(value, dict) else None
    return message if isinstance(message, str) else payload.decode(errors="replace")


def _raw(payload: bytes) -> msgspec.Raw:
    """The payload as it is where it is JSON; what a handler returned as bytes may be none, and becomes a string."""
    try:
        msgspec.json.decode(payload, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return msgspec.Raw(msgspec.json.encode(payload.decode(errors="replace")))
    return msgspec.Raw(payload)
