"""GetFunctionUrlConfig: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionUrlConfig.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, UrlFunctionNameLabel, UrlQualifier
from runtime.api.lambda_.urls import UrlConfigOutput, find_url, url_shape
from runtime.app import Functions
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class GetFunctionUrlConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: UrlFunctionNameLabel
    qualifier: Annotated[UrlQualifier, query()] | None = None


@LAMBDA.action("GetFunctionUrlConfig", "GET", "/2021-10-31/functions/{FunctionName}/url")
async def get_function_url_config(
    functions: Functions, call: Call, input_: GetFunctionUrlConfigInput
) -> UrlConfigOutput:
    ref = ref_of(call, input_)
    return url_shape(call, ref, find_url(functions, ref))
