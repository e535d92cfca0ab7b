"""PutFunctionConcurrency: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import FunctionNameLabel, LambdaShape
from runtime.app import Functions
from runtime.model.concurrency import check_reservation
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import number


class PutFunctionConcurrencyInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    reserved_concurrent_executions: Annotated[int, number(0)]


class ConcurrencyOutput(LambdaShape, frozen=True, kw_only=True):
    reserved_concurrent_executions: int


@LAMBDA.action("PutFunctionConcurrency", "PUT", "/2017-10-31/functions/{FunctionName}/concurrency")
async def put_function_concurrency(
    functions: Functions, call: Call, input_: PutFunctionConcurrencyInput
) -> ConcurrencyOutput:
    """Sets aside a part of the account's concurrency for a function, which it then cannot exceed either."""
    key, wanted = key_of(call, input_), input_.reserved_concurrent_executions
    async with functions.catalog.changing(key):
        function = functions.catalog.function(key)
        check_reservation(wanted, functions.catalog.reserved(key.scope, but=key))
        await functions.catalog.save(msgspec.structs.replace(function, reserved=wanted))
    return ConcurrencyOutput(reserved_concurrent_executions=wanted)
