"""UntagLogGroup: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UntagLogGroup.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.logs.shapes import LOGS, LogGroupName, LogShape, named
from runtime.api.logs.tags import TagKey
from runtime.logs.store import LogStore
from streamcore.api.aws.service import Call


class UntagLogGroupInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName
    tags: Annotated[list[TagKey], msgspec.Meta(min_length=1)]


@LOGS.action("UntagLogGroup")
async def untag_log_group(store: LogStore, call: Call, input_: UntagLogGroupInput) -> None:
    """Removes tags from a group."""
    await store.retag(named(call, input_.log_group_name), add={}, remove=input_.tags)
