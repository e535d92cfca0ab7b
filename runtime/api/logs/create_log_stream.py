"""CreateLogStream: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html"""

from __future__ import annotations

from runtime.api.logs.shapes import LOGS, LogGroupName, LogShape, LogStreamName, named
from runtime.logs.store import LogStore
from streamcore.api.aws.service import Call


class CreateLogStreamInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName
    log_stream_name: LogStreamName


@LOGS.action("CreateLogStream")
async def create_log_stream(store: LogStore, call: Call, input_: CreateLogStreamInput) -> None:
    """Makes an empty stream."""
    await store.create_stream(named(call, input_.log_group_name), input_.log_stream_name)
