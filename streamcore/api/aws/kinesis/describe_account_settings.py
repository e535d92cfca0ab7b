"""DescribeAccountSettings: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DescribeAccountSettings.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.commitments import AccountSettingsOutput, settings_output
from streamcore.api.aws.kinesis.shapes import KINESIS
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape


class DescribeAccountSettingsInput(Shape, frozen=True, kw_only=True):
    pass


@KINESIS.action("DescribeAccountSettings")
async def describe_account_settings(call: Call, input_: DescribeAccountSettingsInput) -> AccountSettingsOutput:
    """The settings of the account in the region."""
    return settings_output(call, call.broker.commitment(call.scope))
