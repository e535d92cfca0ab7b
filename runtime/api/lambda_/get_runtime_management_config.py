"""GetRuntimeManagementConfig: https://docs.aws.amazon.com/lambda/latest/api/API_GetRuntimeManagementConfig.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel, QualifierInQuery
from runtime.app import Functions
from runtime.model.settings import RuntimeManagement
from streamcore.api.aws.service import Call


class GetRuntimeManagementConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    qualifier: QualifierInQuery | None = None


class GetRuntimeManagementConfigOutput(LambdaShape, frozen=True, kw_only=True):
    update_runtime_on: str
    function_arn: str
    runtime_version_arn: str | None = None


@LAMBDA.action("GetRuntimeManagementConfig", "GET", "/2021-07-20/functions/{FunctionName}/runtime-management-config")
async def get_runtime_management_config(
    functions: Functions, call: Call, input_: GetRuntimeManagementConfigInput
) -> GetRuntimeManagementConfigOutput:
    ref = ref_of(call, input_)
    qualifier = functions.catalog.check_qualifier(ref)
    config = functions.catalog.management.get(ref.key, qualifier) or RuntimeManagement()
    return GetRuntimeManagementConfigOutput(
        update_runtime_on=config.update_on,
        function_arn=ref.arn,
        runtime_version_arn=config.runtime_version_arn,
    )
