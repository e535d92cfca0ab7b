"""GetAccountSettings: https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html"""

from __future__ import annotations

from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape
from runtime.app import Functions
from runtime.model.concurrency import ACCOUNT_MAX, unreserved
from runtime.model.configuration import CODE_STORAGE_MAX_BYTES, UNZIPPED_MAX_BYTES, ZIPPED_MAX_BYTES
from streamcore.api.aws.service import Call


class GetAccountSettingsInput(LambdaShape, frozen=True, kw_only=True):
    """Nothing to say."""


class AccountLimit(LambdaShape, frozen=True, kw_only=True):
    total_code_size: int
    code_size_unzipped: int
    code_size_zipped: int
    concurrent_executions: int
    unreserved_concurrent_executions: int


class AccountUsage(LambdaShape, frozen=True, kw_only=True):
    total_code_size: int
    function_count: int


class GetAccountSettingsOutput(LambdaShape, frozen=True, kw_only=True):
    account_limit: AccountLimit
    account_usage: AccountUsage


@LAMBDA.action("GetAccountSettings", "GET", "/2016-08-19/account-settings")
async def get_account_settings(
    functions: Functions, call: Call, input_: GetAccountSettingsInput
) -> GetAccountSettingsOutput:
    """The account's limits in this region and what is used of them."""
    catalog = functions.catalog
    return GetAccountSettingsOutput(
        account_limit=AccountLimit(
            total_code_size=CODE_STORAGE_MAX_BYTES,
            code_size_unzipped=UNZIPPED_MAX_BYTES,
            code_size_zipped=ZIPPED_MAX_BYTES,
            concurrent_executions=ACCOUNT_MAX,
            unreserved_concurrent_executions=unreserved(catalog.reserved(call.scope)),
        ),
        account_usage=AccountUsage(
            total_code_size=catalog.stored_bytes(call.scope), function_count=len(catalog.of_scope(call.scope))
        ),
    )
