"""PutRetentionPolicy: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""

from __future__ import annotations

from runtime.api.logs.shapes import LOGS, LogGroupName, LogShape, named
from runtime.logs.errors import InvalidLogsParameter
from runtime.logs.store import LogStore
from runtime.logs.values import RETENTION_DAYS
from streamcore.api.aws.service import Call
from streamcore.api.aws.validation import violation, violations


class PutRetentionPolicyInput(LogShape, frozen=True, kw_only=True):
    log_group_name: LogGroupName
    retention_in_days: int


@LOGS.action("PutRetentionPolicy")
async def put_retention_policy(store: LogStore, call: Call, input_: PutRetentionPolicyInput) -> None:
    """Older events are out of sight at once, and are removed within a minute."""
    days = input_.retention_in_days
    if days not in RETENTION_DAYS:
        allowed = ", ".join(map(str, RETENTION_DAYS))
        sentence = violation(f"'{days}'", "retentionInDays", f"Member must satisfy enum value set: [{allowed}]")
        raise InvalidLogsParameter(violations([sentence]).message or "")
    await store.set_retention(named(call, input_.log_group_name), days)
