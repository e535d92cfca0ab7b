"""GetFunctionCodeSigningConfig: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionCodeSigningConfig.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel
from runtime.app import Functions
from streamcore.api.aws.service import Call


class GetFunctionCodeSigningConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel


class GetFunctionCodeSigningConfigOutput(LambdaShape, frozen=True, kw_only=True):
    #: AWS sends neither for a function that has none.
    code_signing_config_arn: str | None = None
    function_name: str | None = None


@LAMBDA.action("GetFunctionCodeSigningConfig", "GET", "/2020-06-30/functions/{FunctionName}/code-signing-config")
async def get_function_code_signing_config(
    functions: Functions, call: Call, input_: GetFunctionCodeSigningConfigInput
) -> GetFunctionCodeSigningConfigOutput:
    key = key_of(call, input_)
    arn = functions.catalog.function(key).code_signing_config
    return GetFunctionCodeSigningConfigOutput(code_signing_config_arn=arn, function_name=arn and key.name)
