"""GetFunction: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import FunctionConfiguration, described, ref_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel, QualifierInQuery
from runtime.app import Functions
from streamcore.api.aws.service import Call


class GetFunctionInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    qualifier: QualifierInQuery | None = None


class FunctionCodeLocation(LambdaShape, frozen=True, kw_only=True):
    repository_type: str
    location: str


class Concurrency(LambdaShape, frozen=True, kw_only=True):
    reserved_concurrent_executions: int


class GetFunctionOutput(LambdaShape, frozen=True, kw_only=True):
    configuration: FunctionConfiguration
    code: FunctionCodeLocation
    tags: dict[str, str] | None = None
    concurrency: Concurrency | None = None


@LAMBDA.action("GetFunction", "GET", "/2015-03-31/functions/{FunctionName}")
async def get_function(functions: Functions, call: Call, input_: GetFunctionInput) -> GetFunctionOutput:
    """The configuration, and a URL that downloads the code for ten minutes."""
    ref = ref_of(call, input_)
    configuration, function = functions.catalog.configuration(ref), functions.catalog.function(ref.key)
    code = configuration.code
    location = f"file://{code.folder}"
    if code.digest:
        location = functions.downloads.url(call.origin, code.digest, functions.catalog.now_ms())
    return GetFunctionOutput(
        configuration=described(functions, configuration, ref),
        code=FunctionCodeLocation(repository_type="S3", location=location),
        tags=function.tags or None,
        concurrency=None
        if function.reserved is None
        else Concurrency(reserved_concurrent_executions=function.reserved),
    )
