"""PutFunctionCodeSigningConfig: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionCodeSigningConfig.html"""

from __future__ import annotations

import msgspec

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import CodeSigningConfigArn, LambdaShape, NamespacedFunctionNameLabel
from runtime.api.lambda_.signing import signing_of
from runtime.app import Functions
from streamcore.api.aws.service import Call


class PutFunctionCodeSigningConfigInput(LambdaShape, frozen=True, kw_only=True):
    code_signing_config_arn: CodeSigningConfigArn
    function_name: NamespacedFunctionNameLabel


class FunctionCodeSigningOutput(LambdaShape, frozen=True, kw_only=True):
    code_signing_config_arn: str
    function_name: str


@LAMBDA.action("PutFunctionCodeSigningConfig", "PUT", "/2020-06-30/functions/{FunctionName}/code-signing-config")
async def put_function_code_signing_config(
    functions: Functions, call: Call, input_: PutFunctionCodeSigningConfigInput
) -> FunctionCodeSigningOutput:
    key, arn = key_of(call, input_), input_.code_signing_config_arn
    async with functions.catalog.changing(key):
        signing_of(functions, arn)
        function = functions.catalog.function(key)
        await functions.catalog.save(msgspec.structs.replace(function, code_signing_config=arn))
    return FunctionCodeSigningOutput(code_signing_config_arn=arn, function_name=key.name)
