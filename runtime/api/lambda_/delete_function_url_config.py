"""DeleteFunctionUrlConfig: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunctionUrlConfig.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, UrlFunctionNameLabel, UrlQualifier
from runtime.api.lambda_.urls import find_url
from runtime.app import Functions
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class DeleteFunctionUrlConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: UrlFunctionNameLabel
    qualifier: Annotated[UrlQualifier, query()] | None = None


@LAMBDA.action("DeleteFunctionUrlConfig", "DELETE", "/2021-10-31/functions/{FunctionName}/url", status=204)
async def delete_function_url_config(functions: Functions, call: Call, input_: DeleteFunctionUrlConfigInput) -> None:
    ref = ref_of(call, input_)
    async with functions.catalog.changing(ref.key):
        find_url(functions, ref)
        await functions.catalog.urls.remove(ref.key, ref.qualifier or "")
