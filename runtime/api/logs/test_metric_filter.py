"""TestMetricFilter: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TestMetricFilter.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.logs.shapes import LOGS, LogShape, Pattern
from runtime.logs.store import LogStore
from runtime.model.log_filter import compile_pattern
from streamcore.api.aws.service import Call

Message = Annotated[str, msgspec.Meta(min_length=1)]


class TestMetricFilterInput(LogShape, frozen=True, kw_only=True):
    filter_pattern: Pattern
    log_event_messages: Annotated[list[Message], msgspec.Meta(min_length=1, max_length=50)]


class MetricFilterMatchRecord(LogShape, frozen=True, kw_only=True):
    event_number: int
    event_message: str
    extracted_values: dict[str, str]


class TestMetricFilterOutput(LogShape, frozen=True, kw_only=True):
    matches: list[MetricFilterMatchRecord]


@LOGS.action("TestMetricFilter")
async def test_metric_filter(_store: LogStore, _call: Call, input_: TestMetricFilterInput) -> TestMetricFilterOutput:
    """What a pattern finds in the given messages, which are counted from 1."""
    pattern = compile_pattern(input_.filter_pattern)
    return TestMetricFilterOutput(
        matches=[
            MetricFilterMatchRecord(event_number=number, event_message=message, extracted_values=found)
            for number, message in enumerate(input_.log_event_messages, 1)
            if (found := pattern.match(message)) is not None
        ]
    )
