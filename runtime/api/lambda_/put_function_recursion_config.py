"""PutFunctionRecursionConfig: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionRecursionConfig.html"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, UnqualifiedFunctionName
from runtime.app import Functions
from streamcore.api.aws.binding import URI
from streamcore.api.aws.service import Call


class RecursiveLoop(StrEnum):
    ALLOW = "Allow"
    TERMINATE = "Terminate"


class PutFunctionRecursionConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: Annotated[UnqualifiedFunctionName, URI]
    recursive_loop: RecursiveLoop


class RecursionConfigOutput(LambdaShape, frozen=True, kw_only=True):
    recursive_loop: str


@LAMBDA.action("PutFunctionRecursionConfig", "PUT", "/2024-08-31/functions/{FunctionName}/recursion-config")
async def put_function_recursion_config(
    functions: Functions, call: Call, input_: PutFunctionRecursionConfigInput
) -> RecursionConfigOutput:
    """Kept and told: loops are not looked for."""
    key = key_of(call, input_)
    async with functions.catalog.changing(key):
        function = functions.catalog.function(key)
        await functions.catalog.save(msgspec.structs.replace(function, recursive_loop=input_.recursive_loop))
    return RecursionConfigOutput(recursive_loop=input_.recursive_loop)
