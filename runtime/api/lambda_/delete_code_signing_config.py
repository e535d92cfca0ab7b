"""DeleteCodeSigningConfig: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteCodeSigningConfig.html"""

from __future__ import annotations

from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import CodeSigningConfigLabel, LambdaShape
from runtime.api.lambda_.signing import signing_of
from runtime.app import Functions
from runtime.errors import CodeSigningNotFoundError, ConflictError, NotFoundError
from streamcore.api.aws.service import Call


class DeleteCodeSigningConfigInput(LambdaShape, frozen=True, kw_only=True):
    code_signing_config_arn: CodeSigningConfigLabel


@LAMBDA.action(
    "DeleteCodeSigningConfig", "DELETE", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}", status=204
)
async def delete_code_signing_config(functions: Functions, call: Call, input_: DeleteCodeSigningConfigInput) -> None:
    """Not while a function has it."""
    arn, catalog = input_.code_signing_config_arn, functions.catalog
    async with catalog.changing():
        try:
            config = signing_of(functions, arn)
        except CodeSigningNotFoundError as error:
            raise NotFoundError(error.message) from None  # this action has no other
        if any(function.code_signing_config == arn for _, _, function in catalog.functions):
            raise ConflictError(f"The code signing configuration {arn} is used by functions.")
        await catalog.signing.remove((config.account, config.region), config.config_id)
