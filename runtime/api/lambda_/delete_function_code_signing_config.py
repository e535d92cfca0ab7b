"""DeleteFunctionCodeSigningConfig: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunctionCodeSigningConfig.html"""

from __future__ import annotations

import msgspec

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel
from runtime.app import Functions
from streamcore.api.aws.service import Call


class DeleteFunctionCodeSigningConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel


@LAMBDA.action(
    "DeleteFunctionCodeSigningConfig",
    "DELETE",
    "/2020-06-30/functions/{FunctionName}/code-signing-config",
    status=204,
)
async def delete_function_code_signing_config(
    functions: Functions, call: Call, input_: DeleteFunctionCodeSigningConfigInput
) -> None:
    key = key_of(call, input_)
    async with functions.catalog.changing(key):
        function = functions.catalog.function(key)
        await functions.catalog.save(msgspec.structs.replace(function, code_signing_config=None))
