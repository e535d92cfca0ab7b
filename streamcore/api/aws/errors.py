"""Errors as AWS clients see them: a code, an HTTP status, a text; and the table from the broker's errors to those.

What a client should try again is 503 `ServiceUnavailable`: every SDK retries it with backoff (botocore's legacy,
standard and adaptive modes, the Java SDKs, the KPL). `InternalFailure` (500, retried as well) is kept for faults nobody
foresaw: those are logged with their traceback, which never goes to the client.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from streamcore import errors


class AwsError(Exception):
    """An answer that is an error. `message` is None where AWS sends the code alone."""

    def __init__(self, code: str, status: int = 400, message: str | None = None) -> None:
        if message is not None and not message.isascii():
            message = message.encode("utf-8", "replace").decode()  # it may quote a header that is no UTF-8
        super().__init__(f"{code}: {message}")
        self.code = code
        self.status = status
        self.message = message

    @property
    def body(self) -> dict[str, str]:
        """`__type` and the text; `SerializationException` alone spells it `Message` (facts sheet 1.1)."""
        if self.message is None:
            return {"__type": self.code}
        key = "Message" if self.code == "SerializationException" else "message"
        return {"__type": self.code, key: self.message}


class WireError(NamedTuple):
    """How a class of errors is told: `text` replaces the error's own where that is not for clients."""

    code: str
    status: int = 400
    text: str | None = None


INTERNAL: Final = WireError("InternalFailure", 500, "Internal Service Failure")

TABLE: Final[dict[type[errors.StreamcoreError], WireError]] = {
    errors.InvalidArgument: WireError("InvalidArgumentException"),
    errors.ValidationFailed: WireError("ValidationException"),
    errors.RecordTooLarge: WireError("ValidationException"),
    errors.StreamNotFound: WireError("ResourceNotFoundException"),
    errors.ShardNotFound: WireError("ResourceNotFoundException"),
    errors.ResourceNotFound: WireError("ResourceNotFoundException"),
    errors.StreamExists: WireError("ResourceInUseException"),
    errors.StreamNotActive: WireError("ResourceInUseException"),
    errors.ResourceInUse: WireError("ResourceInUseException"),
    errors.LimitExceeded: WireError("LimitExceededException"),
    errors.ThroughputExceeded: WireError("ProvisionedThroughputExceededException"),
    errors.IteratorExpired: WireError("ExpiredIteratorException"),
    errors.TokenExpired: WireError("ExpiredNextTokenException"),
    # The volume's path is the operator's business.
    errors.Overloaded: WireError("ServiceUnavailable", 503, "Too much waits to be written; try again."),
    errors.StorageFull: WireError("ServiceUnavailable", 503, "No space left; nothing of this request was stored."),
    errors.StorageFailed: WireError("ServiceUnavailable", 503, "Writing has stopped; reading goes on."),
    errors.BrokerClosed: WireError("ServiceUnavailable", 503, "The service is shutting down."),
}


def translate(error: errors.StreamcoreError) -> AwsError | None:
    """The answer to a broker's error, or None when it is in no table and hence an internal fault."""
    for cls in type(error).__mro__:
        wire = TABLE.get(cls)
        if wire is not None:
            return AwsError(wire.code, wire.status, wire.text or str(error))
    return None


def internal() -> AwsError:
    """The answer to a fault; log it where it was caught."""
    return AwsError(*INTERNAL)
