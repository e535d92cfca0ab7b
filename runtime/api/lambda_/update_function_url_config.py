"""UpdateFunctionUrlConfig: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionUrlConfig.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import (
    LambdaShape,
    UrlAuthType,
    UrlFunctionNameLabel,
    UrlQualifier,
    stored,
)
from runtime.api.lambda_.urls import Cors, InvokeMode, UrlConfigOutput, find_url, url_shape
from runtime.app import Functions
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class UpdateFunctionUrlConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: UrlFunctionNameLabel
    qualifier: Annotated[UrlQualifier, query()] | None = None
    auth_type: UrlAuthType | None = None
    cors: Cors | None = None
    invoke_mode: InvokeMode | None = None


@LAMBDA.action("UpdateFunctionUrlConfig", "PUT", "/2021-10-31/functions/{FunctionName}/url")
async def update_function_url_config(
    functions: Functions, call: Call, input_: UpdateFunctionUrlConfigInput
) -> UrlConfigOutput:
    """Changes what is given; an empty Cors takes it away."""
    ref = ref_of(call, input_)
    async with functions.catalog.changing(ref.key):
        before = find_url(functions, ref)
        config = msgspec.structs.replace(
            before,
            modified_ms=functions.catalog.now_ms(),
            auth_type=input_.auth_type or before.auth_type,
            invoke_mode=input_.invoke_mode or before.invoke_mode,
            cors=before.cors if input_.cors is None else stored(input_.cors),
        )
        await functions.catalog.urls.put(ref.key, ref.qualifier or "", config)
    return url_shape(call, ref, config)
