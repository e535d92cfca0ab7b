"""DeleteFunctionConcurrency: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunctionConcurrency.html"""

from __future__ import annotations

import msgspec

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import FunctionNameLabel, LambdaShape
from runtime.app import Functions
from streamcore.api.aws.service import Call


class DeleteFunctionConcurrencyInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel


@LAMBDA.action("DeleteFunctionConcurrency", "DELETE", "/2017-10-31/functions/{FunctionName}/concurrency", status=204)
async def delete_function_concurrency(functions: Functions, call: Call, input_: DeleteFunctionConcurrencyInput) -> None:
    """The function shares the account's unreserved concurrency again."""
    key = key_of(call, input_)
    async with functions.catalog.changing(key):
        function = functions.catalog.function(key)
        await functions.catalog.save(msgspec.structs.replace(function, reserved=None))
