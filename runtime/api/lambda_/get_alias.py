"""GetAlias: https://docs.aws.amazon.com/lambda/latest/api/API_GetAlias.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.aliases import AliasConfiguration, alias_shape
from runtime.api.lambda_.functions import key_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import AliasName, FunctionNameLabel, LambdaShape
from runtime.app import Functions
from streamcore.api.aws.binding import URI
from streamcore.api.aws.service import Call


class GetAliasInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    name: Annotated[AliasName, URI]


@LAMBDA.action("GetAlias", "GET", "/2015-03-31/functions/{FunctionName}/aliases/{Name}")
async def get_alias(functions: Functions, call: Call, input_: GetAliasInput) -> AliasConfiguration:
    key = key_of(call, input_)
    return alias_shape(key, functions.catalog.alias(key, input_.name))
