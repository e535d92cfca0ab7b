"""CreateLogGroup: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"""

from __future__ import annotations

from runtime.api.logs.shapes import LOGS, KmsKeyId, LogGroupClass, LogGroupName, LogShape, named
from runtime.api.logs.tags import Tags
from runtime.logs.store import LogStore
from runtime.logs.values import LogGroup
from streamcore.api.aws.service import Call


class CreateLogGroupInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName
    kms_key_id: KmsKeyId | None = None
    tags: Tags | None = None
    log_group_class: LogGroupClass | None = None
    deletion_protection_enabled: bool | None = None


@LOGS.action("CreateLogGroup")
async def create_log_group(store: LogStore, call: Call, input_: CreateLogGroupInput) -> None:
    """Makes a group without a retention."""
    await store.create_group(
        LogGroup(
            key=named(call, input_.log_group_name),
            created_ms=call.broker.clock.now_ms(),
            log_class=input_.log_group_class or LogGroupClass.STANDARD,
            kms_key_id=input_.kms_key_id,
            deletion_protected=bool(input_.deletion_protection_enabled),
            tags=input_.tags or {},
        )
    )
