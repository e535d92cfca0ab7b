"""GetFunctionConfiguration: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import FunctionConfiguration, described, ref_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel, QualifierInQuery
from runtime.app import Functions
from streamcore.api.aws.service import Call


class GetFunctionConfigurationInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    qualifier: QualifierInQuery | None = None


@LAMBDA.action("GetFunctionConfiguration", "GET", "/2015-03-31/functions/{FunctionName}/configuration")
async def get_function_configuration(
    functions: Functions, call: Call, input_: GetFunctionConfigurationInput
) -> FunctionConfiguration:
    """The configuration of `$LATEST`, a version, or what an alias points to."""
    ref = ref_of(call, input_)
    return described(functions, functions.catalog.configuration(ref), ref)
