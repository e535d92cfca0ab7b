"""What the actions about provisioned concurrency share."""

from __future__ import annotations

from typing import Any

from runtime.api.lambda_.functions import told_time
from runtime.api.lambda_.shapes import LambdaShape
from runtime.app import Functions
from runtime.model.names import FunctionKey
from runtime.model.settings import Provisioned


class ProvisionedOutput(LambdaShape, frozen=True, kw_only=True):
    requested_provisioned_concurrent_executions: int
    available_provisioned_concurrent_executions: int
    allocated_provisioned_concurrent_executions: int
    status: str
    status_reason: str | None = None
    last_modified: str


class ProvisionedItem(ProvisionedOutput, frozen=True, kw_only=True):
    function_arn: str


def provisioned_output(
    functions: Functions, key: FunctionKey, qualifier: str, config: Provisioned
) -> ProvisionedOutput:
    return ProvisionedOutput(**_members(functions, key, qualifier, config))


def provisioned_item(functions: Functions, key: FunctionKey, qualifier: str, config: Provisioned) -> ProvisionedItem:
    return ProvisionedItem(function_arn=key.qualified(qualifier), **_members(functions, key, qualifier, config))


def _members(functions: Functions, key: FunctionKey, qualifier: str, config: Provisioned) -> dict[str, Any]:
    progress = functions.provisioning.progress(key, qualifier)
    return {
        "requested_provisioned_concurrent_executions": config.requested,
        "available_provisioned_concurrent_executions": progress.allocated,
        "allocated_provisioned_concurrent_executions": progress.allocated,
        "status": progress.status,
        "status_reason": progress.reason,
        "last_modified": told_time(config.modified_ms),
    }
