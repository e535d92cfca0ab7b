"""DeleteLogGroup: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteLogGroup.html"""

from __future__ import annotations

from runtime.api.logs.shapes import LOGS, LogGroupName, LogShape, named
from runtime.logs.store import LogStore
from streamcore.api.aws.service import Call


class DeleteLogGroupInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName


@LOGS.action("DeleteLogGroup")
async def delete_log_group(store: LogStore, call: Call, input_: DeleteLogGroupInput) -> None:
    """The group and its streams are gone at once; their events are removed in the background."""
    await store.delete_group(named(call, input_.log_group_name))
