"""DeleteRetentionPolicy: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteRetentionPolicy.html"""

from __future__ import annotations

from runtime.api.logs.shapes import LOGS, LogGroupName, LogShape, named
from runtime.logs.store import LogStore
from streamcore.api.aws.service import Call


class DeleteRetentionPolicyInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName


@LOGS.action("DeleteRetentionPolicy")
async def delete_retention_policy(store: LogStore, call: Call, input_: DeleteRetentionPolicyInput) -> None:
    """Events are kept as long as there is room."""
    await store.set_retention(named(call, input_.log_group_name), None)
