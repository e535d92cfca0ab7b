"""What happens to objects, by way of EventBridge (built by s3_event)."""

from __future__ import annotations

from typing import Final

import msgspec

from runtime.sources.registry import Invocation, Source
from runtime.sources.s3_event import EXAMPLE_CAUSE, event_bridge, example_of


def _example() -> bytes:
    return msgspec.json.encode(event_bridge(example_of("ObjectCreated:Put"), EXAMPLE_CAUSE))


SOURCE: Final = Source(
    event_source="aws.s3",
    about="Something happens to an object of a bucket that tells EventBridge, and a rule matches it.",
    invocation=Invocation.ASYNCHRONOUS,
    template="eventbridge",
    example=_example,
)
