"""Objects that are removed from buckets (built by s3_event)."""

from __future__ import annotations

from typing import Final

from runtime.sources.registry import Invocation, Source
from runtime.sources.s3_event import example

SOURCE: Final = Source(
    event_source="aws:s3",
    about="An object is removed from a bucket, or covered by a delete marker.",
    invocation=Invocation.ASYNCHRONOUS,
    template="s3-delete",
    example=lambda: example("ObjectRemoved:Delete"),
)
