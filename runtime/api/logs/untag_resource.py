"""UntagResource: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UntagResource.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.logs.shapes import LOGS, LogShape, ResourceARN, identified
from runtime.api.logs.tags import TagKey
from runtime.logs.store import LogStore
from streamcore.api.aws.service import Call


class UntagResourceInput(LogShape, frozen=True, kw_only=True):
    resource_arn: ResourceARN
    tag_keys: Annotated[list[TagKey], msgspec.Meta(min_length=0, max_length=50)]


@LOGS.action("UntagResource")
async def untag_resource(store: LogStore, call: Call, input_: UntagResourceInput) -> None:
    """Removes tags from a group."""
    await store.retag(identified(call, input_.resource_arn), add={}, remove=input_.tag_keys)
