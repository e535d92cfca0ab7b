"""A function as a destination: it is invoked asynchronously with the record as its event."""

from __future__ import annotations

import uuid
from typing import Protocol

from runtime.destinations.router import Deliver
from runtime.errors import (
    DestinationError,
    EventTooLargeError,
    FunctionsError,
    InvalidValueError,
    NotFoundError,
)
from runtime.model.names import parse_function_arn
from streamcore.errors import StreamcoreError
from streamcore.model.stream import Scope


class Enqueues(Protocol):
    """The invoker's part that is needed."""

    async def enqueue(self, name: str, event: bytes, scope: Scope, *, request_id: str) -> None: ...


def to_function(invoker: Enqueues) -> Deliver:
    """Queues an invocation of the function, version or alias that the ARN names. What is not there, or too large, does
    not pass; a full queue does."""

    async def deliver(arn: str, body: bytes, attributes: dict[str, str]) -> None:
        ref = parse_function_arn(arn)
        if ref is None:
            raise DestinationError(arn, "is not the ARN of a function", is_passing=False)
        try:
            await invoker.enqueue(arn, body, ref.key.scope, request_id=str(uuid.uuid4()))
        except (NotFoundError, InvalidValueError, EventTooLargeError) as error:
            raise DestinationError(arn, str(error), is_passing=False) from error
        except (FunctionsError, StreamcoreError) as error:
            raise DestinationError(arn, str(error), is_passing=True) from error

    return deliver
