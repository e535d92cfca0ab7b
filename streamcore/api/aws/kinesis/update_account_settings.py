"""UpdateAccountSettings: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_UpdateAccountSettings.html"""

from __future__ import annotations

from enum import StrEnum

from streamcore.api.aws.kinesis.commitments import AccountSettingsOutput, settings_output
from streamcore.api.aws.kinesis.shapes import KINESIS
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape


class WantedStatus(StrEnum):
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"


class MinimumThroughputBillingCommitmentInput(Shape, frozen=True, kw_only=True):
    status: WantedStatus


class UpdateAccountSettingsInput(Shape, frozen=True, kw_only=True):
    minimum_throughput_billing_commitment: MinimumThroughputBillingCommitmentInput


@KINESIS.action("UpdateAccountSettings")
async def update_account_settings(call: Call, input_: UpdateAccountSettingsInput) -> AccountSettingsOutput:
    """Enables or ends the commitment, which has no price here; a first day of it is always completed."""
    enabled = input_.minimum_throughput_billing_commitment.status is WantedStatus.ENABLED
    return settings_output(call, await call.broker.commit_to_throughput(call.scope, enabled))
