"""TagLogGroup: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagLogGroup.html"""

from __future__ import annotations

from runtime.api.logs.shapes import LOGS, LogGroupName, LogShape, named
from runtime.api.logs.tags import Tags
from runtime.logs.store import LogStore
from streamcore.api.aws.service import Call


class TagLogGroupInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName
    tags: Tags


@LOGS.action("TagLogGroup")
async def tag_log_group(store: LogStore, call: Call, input_: TagLogGroupInput) -> None:
    """Adds tags to a group."""
    await store.retag(named(call, input_.log_group_name), add=input_.tags)
