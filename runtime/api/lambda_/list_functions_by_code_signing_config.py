"""ListFunctionsByCodeSigningConfig: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctionsByCodeSigningConfig.html"""

from __future__ import annotations

from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import (
    CodeSigningConfigLabel,
    LambdaShape,
    MarkerInQuery,
    MaxItemsInQuery,
)
from runtime.api.lambda_.signing import signing_of
from runtime.app import Functions
from runtime.errors import CodeSigningNotFoundError, NotFoundError
from runtime.model.paging import page
from streamcore.api.aws.service import Call


class ListFunctionsByCodeSigningConfigInput(LambdaShape, frozen=True, kw_only=True):
    code_signing_config_arn: CodeSigningConfigLabel
    marker: MarkerInQuery | None = None
    max_items: MaxItemsInQuery | None = None


class ListFunctionsByCodeSigningConfigOutput(LambdaShape, frozen=True, kw_only=True):
    function_arns: list[str]
    next_marker: str | None = None


@LAMBDA.action(
    "ListFunctionsByCodeSigningConfig", "GET", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}/functions"
)
async def list_functions_by_code_signing_config(
    functions: Functions, call: Call, input_: ListFunctionsByCodeSigningConfigInput
) -> ListFunctionsByCodeSigningConfigOutput:
    arn = input_.code_signing_config_arn
    try:
        signing_of(functions, arn)
    except CodeSigningNotFoundError as error:
        raise NotFoundError(error.message) from None  # this action has no other
    users = (each.key.arn for _, _, each in functions.catalog.functions if each.code_signing_config == arn)
    items, marker = page({user: user for user in users}, input_.marker, input_.max_items)
    return ListFunctionsByCodeSigningConfigOutput(function_arns=items, next_marker=marker)
