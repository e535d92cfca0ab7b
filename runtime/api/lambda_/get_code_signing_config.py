"""GetCodeSigningConfig: https://docs.aws.amazon.com/lambda/latest/api/API_GetCodeSigningConfig.html"""

from __future__ import annotations

from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import CodeSigningConfigLabel, LambdaShape
from runtime.api.lambda_.signing import CodeSigningOutput, signing_of, signing_shape
from runtime.app import Functions
from runtime.errors import CodeSigningNotFoundError, NotFoundError
from streamcore.api.aws.service import Call


class GetCodeSigningConfigInput(LambdaShape, frozen=True, kw_only=True):
    code_signing_config_arn: CodeSigningConfigLabel


@LAMBDA.action("GetCodeSigningConfig", "GET", "/2020-04-22/code-signing-configs/{CodeSigningConfigArn}")
async def get_code_signing_config(
    functions: Functions, call: Call, input_: GetCodeSigningConfigInput
) -> CodeSigningOutput:
    try:
        found = signing_of(functions, input_.code_signing_config_arn)
    except CodeSigningNotFoundError as error:
        raise NotFoundError(error.message) from None  # this action has no other
    return CodeSigningOutput(code_signing_config=signing_shape(found))
