"""DeleteLogStream: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogStream.html"""

from __future__ import annotations

from runtime.api.logs.shapes import LOGS, LogGroupName, LogShape, LogStreamName, named
from runtime.logs.store import LogStore
from streamcore.api.aws.service import Call


class DeleteLogStreamInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName
    log_stream_name: LogStreamName


@LOGS.action("DeleteLogStream")
async def delete_log_stream(store: LogStore, call: Call, input_: DeleteLogStreamInput) -> None:
    """The stream is gone at once; its events are removed in the background."""
    await store.delete_stream(named(call, input_.log_group_name), input_.log_stream_name)
