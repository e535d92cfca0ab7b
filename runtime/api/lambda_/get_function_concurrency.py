"""GetFunctionConcurrency: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConcurrency.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import FunctionNameLabel, LambdaShape
from runtime.app import Functions
from streamcore.api.aws.service import Call


class GetFunctionConcurrencyInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel


class GetFunctionConcurrencyOutput(LambdaShape, frozen=True, kw_only=True):
    reserved_concurrent_executions: int | None = None


@LAMBDA.action("GetFunctionConcurrency", "GET", "/2019-09-30/functions/{FunctionName}/concurrency")
async def get_function_concurrency(
    functions: Functions, call: Call, input_: GetFunctionConcurrencyInput
) -> GetFunctionConcurrencyOutput:
    function = functions.catalog.function(key_of(call, input_))
    return GetFunctionConcurrencyOutput(reserved_concurrent_executions=function.reserved)
