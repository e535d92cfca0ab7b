"""DescribeLogGroups: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.logs.shapes import (
    LOGS,
    PAGE,
    DescribeLimit,
    LogGroupClass,
    LogGroupIdentifier,
    LogGroupName,
    LogShape,
    NextToken,
    identified,
)
from runtime.api.logs.tokens import read_token, write_token
from runtime.logs.errors import InvalidLogsParameter, LogsNotFound
from runtime.logs.store import LogStore
from runtime.logs.values import LogGroup
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text

AccountId = Annotated[str, text(12, 12, r"^\d{12}$")]
LogGroupNamePattern = Annotated[str, text(0, 512, r"[\.\-_/#A-Za-z0-9]*")]


class DescribeLogGroupsInput(LogShape, frozen=True, kw_only=True):
    account_identifiers: Annotated[list[AccountId], msgspec.Meta(min_length=0, max_length=20)] | None = None
    log_group_name_prefix: LogGroupName | None = None
    log_group_name_pattern: LogGroupNamePattern | None = None
    next_token: NextToken | None = None
    limit: DescribeLimit | None = None
    include_linked_accounts: bool | None = None
    log_group_class: LogGroupClass | None = None
    log_group_identifiers: Annotated[list[LogGroupIdentifier], msgspec.Meta(min_length=1, max_length=50)] | None = None


class LogGroupShape(LogShape, frozen=True, kw_only=True):
    log_group_name: str
    creation_time: int
    retention_in_days: int | None = None
    metric_filter_count: int
    arn: str
    stored_bytes: int
    kms_key_id: str | None = None
    log_group_class: str
    log_group_arn: str
    deletion_protection_enabled: bool | None = None


class DescribeLogGroupsOutput(LogShape, frozen=True, kw_only=True):
    log_groups: list[LogGroupShape]
    next_token: str | None = None


@LOGS.action("DescribeLogGroups")
async def describe_log_groups(store: LogStore, call: Call, input_: DescribeLogGroupsInput) -> DescribeLogGroupsOutput:
    """The groups of the account and region, in the order of their names."""
    if input_.include_linked_accounts or set(input_.account_identifiers or ()) - {call.scope.account}:
        raise InvalidLogsParameter("There are no linked accounts: only groups of the caller's own account are shown.")
    if input_.log_group_identifiers is not None:
        return DescribeLogGroupsOutput(log_groups=await _identified(store, call, input_.log_group_identifiers))
    if input_.log_group_name_prefix is not None and input_.log_group_name_pattern is not None:
        raise InvalidLogsParameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.")
    limit = input_.limit or PAGE
    found = await _groups(store, call, input_, limit + 1)
    token = write_token("groups", found[limit - 1].key.name) if len(found) > limit else None
    return DescribeLogGroupsOutput(log_groups=[shape(group) for group in found[:limit]], next_token=token)


async def _groups(store: LogStore, call: Call, input_: DescribeLogGroupsInput, count: int) -> list[LogGroup]:
    after = "" if input_.next_token is None else read_token("groups", input_.next_token, str)
    found: list[LogGroup] = []
    while len(found) < count:
        page = await store.groups(
            call.scope,
            prefix=input_.log_group_name_prefix or "",
            part=input_.log_group_name_pattern or "",
            after=after,
            limit=count,
        )
        found += [group for group in page if input_.log_group_class in (None, group.log_class)]
        if len(page) < count:
            break
        after = page[-1].key.name
    return found


async def _identified(store: LogStore, call: Call, identifiers: list[str]) -> list[LogGroupShape]:
    """Those that there are: the service does not mind the others."""
    found = []
    for identifier in identifiers:
        try:
            found.append(shape(await store.group(identified(call, identifier))))
        except LogsNotFound:
            continue
    return found


def shape(group: LogGroup) -> LogGroupShape:
    return LogGroupShape(
        log_group_name=group.key.name,
        creation_time=group.created_ms,
        retention_in_days=group.retention_days,
        metric_filter_count=0,
        arn=f"{group.key.arn}:*",
        stored_bytes=group.stored_bytes,
        kms_key_id=group.kms_key_id,
        log_group_class=group.log_class,
        log_group_arn=group.key.arn,
        deletion_protection_enabled=group.deletion_protected or None,
    )
