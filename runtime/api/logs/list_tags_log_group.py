"""ListTagsLogGroup: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsLogGroup.html"""

from __future__ import annotations

from runtime.api.logs.shapes import LOGS, LogGroupName, LogShape, named
from runtime.logs.store import LogStore
from streamcore.api.aws.service import Call


class ListTagsLogGroupInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName


class ListTagsLogGroupOutput(LogShape, frozen=True, kw_only=True):
    tags: dict[str, str]


@LOGS.action("ListTagsLogGroup")
async def list_tags_log_group(store: LogStore, call: Call, input_: ListTagsLogGroupInput) -> ListTagsLogGroupOutput:
    """The tags of a group."""
    group = await store.group(named(call, input_.log_group_name))
    return ListTagsLogGroupOutput(tags=group.tags)
