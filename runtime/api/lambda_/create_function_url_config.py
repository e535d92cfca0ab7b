"""CreateFunctionUrlConfig: https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunctionUrlConfig.html"""

from __future__ import annotations

import secrets
import string
from typing import Annotated, Final

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
from runtime.api.lambda_.urls import Cors, InvokeMode, UrlConfigOutput, url_place, url_shape
from runtime.app import Functions
from runtime.errors import ConflictError
from runtime.model.settings import URL_ID_CHARS, UrlConfig
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call

_ALPHABET: Final = string.ascii_lowercase + string.digits


class CreateFunctionUrlConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: UrlFunctionNameLabel
    qualifier: Annotated[UrlQualifier, query()] | None = None
    auth_type: UrlAuthType
    cors: Cors | None = None
    invoke_mode: InvokeMode | None = None


@LAMBDA.action("CreateFunctionUrlConfig", "POST", "/2021-10-31/functions/{FunctionName}/url", status=201)
async def create_function_url_config(
    functions: Functions, call: Call, input_: CreateFunctionUrlConfigInput
) -> UrlConfigOutput:
    """Gives a function or an alias a URL of its own."""
    ref, now_ms = ref_of(call, input_), functions.catalog.now_ms()
    async with functions.catalog.changing(ref.key):
        place = url_place(functions, ref)
        if functions.catalog.urls.get(ref.key, place) is not None:
            raise ConflictError(
                f"Failed to create function url config for [functionArn = {ref.arn}]. "
                "Error message:  FunctionUrlConfig exists for this Lambda function"
            )
        config = UrlConfig(
            url_id="".join(secrets.choice(_ALPHABET) for _ in range(URL_ID_CHARS)),
            auth_type=input_.auth_type,
            created_ms=now_ms,
            modified_ms=now_ms,
            invoke_mode=input_.invoke_mode or InvokeMode.BUFFERED,
            cors=stored(input_.cors),
        )
        await functions.catalog.urls.put(ref.key, place, config)
    return msgspec.structs.replace(url_shape(call, ref, config), last_modified_time=None)
