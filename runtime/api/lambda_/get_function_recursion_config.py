"""GetFunctionRecursionConfig: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionRecursionConfig.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, UnqualifiedFunctionName
from runtime.app import Functions
from streamcore.api.aws.binding import URI
from streamcore.api.aws.service import Call


class GetFunctionRecursionConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: Annotated[UnqualifiedFunctionName, URI]


class GetFunctionRecursionConfigOutput(LambdaShape, frozen=True, kw_only=True):
    recursive_loop: str


@LAMBDA.action("GetFunctionRecursionConfig", "GET", "/2024-08-31/functions/{FunctionName}/recursion-config")
async def get_function_recursion_config(
    functions: Functions, call: Call, input_: GetFunctionRecursionConfigInput
) -> GetFunctionRecursionConfigOutput:
    function = functions.catalog.function(key_of(call, input_))
    return GetFunctionRecursionConfigOutput(recursive_loop=function.recursive_loop)
