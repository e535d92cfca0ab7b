"""SQS: the registry, and what several actions share."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from runtime.api.registry import Registry
from runtime.errors import QueueError, invalid_parameter
from runtime.model.paging import page
from runtime.model.queue_message import Handle, read_handle
from runtime.queues.queue import Queue, QueueKey
from runtime.queues.service import Queues
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape

#: The code of an error → what it is called in the query protocol, and by SDKs to this day.
QUERY_CODES: Final = {
    "InvalidParameterValueException": "InvalidParameterValue",
    "MissingRequiredParameterException": "MissingParameter",
    "QueueDoesNotExist": "AWS.SimpleQueueService.NonExistentQueue",
    "QueueNameExists": "QueueAlreadyExists",
    "ReceiptHandleIsInvalid": "ReceiptHandleIsInvalid",
    "InvalidAttributeName": "InvalidAttributeName",
    "InvalidAttributeValue": "InvalidAttributeValue",
    "InvalidMessageContents": "InvalidMessageContents",
    "OverLimit": "OverLimit",
    "ResourceNotFoundException": "ResourceNotFoundException",
    "AccessDeniedException": "AccessDenied",
    "ExpiredTokenException": "ExpiredToken",
    "IncompleteSignatureException": "IncompleteSignature",
    "InvalidSignatureException": "SignatureDoesNotMatch",
    "MissingAuthenticationTokenException": "MissingAuthenticationToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
} | {
    name: f"AWS.SimpleQueueService.{name}"
    for name in (
        "BatchEntryIdsNotDistinct",
        "BatchRequestTooLong",
        "EmptyBatchRequest",
        "InvalidBatchEntryId",
        "MessageNotInflight",
        "PurgeQueueInProgress",
        "TooManyEntriesInBatchRequest",
        "UnsupportedOperation",
    )
}

SQS: Final = Registry[Queues](
    "sqs", target_prefix="AmazonSQS", validation_code="InvalidParameterValueException", query_codes=QUERY_CODES
)
_SPELLED: Final = {"md5": "MD5", "aws": "AWS"}
_URL_MAX_CHARS: Final = 2048
RESULTS_MAX: Final = 1000


def sqs_name(name: str) -> str:
    """The wire name of a field: `md5_of_message_body` → `MD5OfMessageBody`."""
    return "".join(_SPELLED.get(word, word.capitalize()) for word in name.split("_"))


class SqsShape(Shape, frozen=True, kw_only=True, rename=sqs_name):
    """Base of inputs and outputs of SQS. What is required is optional here and asked for by `required`, because SQS
    has a sentence of its own for it."""


class BatchResultErrorEntry(SqsShape, frozen=True, kw_only=True):
    id: str
    sender_fault: bool
    code: str
    message: str | None = None


class IdOnly(SqsShape, frozen=True, kw_only=True):
    id: str


def required(name: str, value: Any) -> Any:
    """Raises QueueError: the member is not there."""
    if value is None or value == "":
        raise QueueError("MissingRequiredParameterException", f"The request must contain the parameter {name}.")
    return value


def failed(id_: str, error: QueueError) -> BatchResultErrorEntry:
    """How an entry of a batch tells its error."""
    return BatchResultErrorEntry(
        id=id_, sender_fault=True, code=QUERY_CODES.get(error.code, error.code), message=str(error)
    )


def url_of(call: Call, queue: Queue) -> str:
    """`http://localhost:4566/123456789012/orders`: under the host by which the client came."""
    return f"{call.origin}/{queue.record.account}/{quote(queue.record.name)}"


def key_of_url(call: Call, text: str) -> QueueKey:
    """(account, region, name) of a URL; its host is not looked at, and a bare name is one of the caller's."""
    path = urlsplit(text[:_URL_MAX_CHARS]).path.strip("/") if "://" in text else text.strip("/")
    account, _, name = path.rpartition("/")
    return account.rpartition("/")[2] or call.scope.account, call.scope.region, unquote(name)


def queue_of(queues: Queues, call: Call, url: str | None) -> Queue:
    """The queue of a URL. Raises QueueError."""
    return queues.find(*key_of_url(call, str(required("QueueUrl", url))))


def handle_of(queue: Queue, text: str | None) -> Handle:
    """Raises QueueError: it is none, or one of another queue."""
    handle = read_handle(str(required("ReceiptHandle", text)))
    if handle.queue != queue.id:
        raise QueueError("ReceiptHandleIsInvalid", "The input receipt handle is not a valid receipt handle.")
    return handle


def urls_page(call: Call, queues: list[Queue], token: str | None, most: int | None) -> tuple[list[str], str | None]:
    """Raises QueueError. Without a bound given there are up to a thousand, and no token."""
    if most is not None and not 1 <= most <= RESULTS_MAX:
        raise invalid_parameter(
            f"Value {most} for parameter MaxResults is invalid. Reason: MaxResults must be an integer between 1 and "
            f"{RESULTS_MAX}."
        )
    try:
        found, after = page({queue.record.name: queue for queue in queues}, token, most, RESULTS_MAX)
    except ValueError:
        raise invalid_parameter("Invalid or expired next token.") from None
    return [url_of(call, queue) for queue in found], after if most is not None else None
