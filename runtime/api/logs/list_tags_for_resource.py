"""ListTagsForResource: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsForResource.html"""

from __future__ import annotations

from runtime.api.logs.shapes import LOGS, LogShape, ResourceARN, identified
from runtime.logs.store import LogStore
from streamcore.api.aws.service import Call


class ListTagsForResourceInput(LogShape, frozen=True, kw_only=True):
    resource_arn: ResourceARN


class ListTagsForResourceOutput(LogShape, frozen=True, kw_only=True):
    tags: dict[str, str]


@LOGS.action("ListTagsForResource")
async def list_tags_for_resource(
    store: LogStore, call: Call, input_: ListTagsForResourceInput
) -> ListTagsForResourceOutput:
    """The tags of a group."""
    group = await store.group(identified(call, input_.resource_arn))
    return ListTagsForResourceOutput(tags=group.tags)
