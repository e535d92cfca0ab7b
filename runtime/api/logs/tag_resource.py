"""TagResource: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html"""

from __future__ import annotations

from runtime.api.logs.shapes import LOGS, LogShape, ResourceARN, identified
from runtime.api.logs.tags import Tags
from runtime.logs.store import LogStore
from streamcore.api.aws.service import Call


class TagResourceInput(LogShape, frozen=True, kw_only=True):
    resource_arn: ResourceARN
    tags: Tags


@LOGS.action("TagResource")
async def tag_resource(store: LogStore, call: Call, input_: TagResourceInput) -> None:
    """Adds tags to a group, which is the one kind of resource with tags here."""
    await store.retag(identified(call, input_.resource_arn), add=input_.tags)
