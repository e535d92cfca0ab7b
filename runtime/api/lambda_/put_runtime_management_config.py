"""PutRuntimeManagementConfig: https://docs.aws.amazon.com/lambda/latest/api/API_PutRuntimeManagementConfig.html"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel, QualifierInQuery
from runtime.app import Functions
from runtime.model.settings import RuntimeManagement, check_runtime_management
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text


class UpdateRuntimeOn(StrEnum):
    AUTO = "Auto"
    MANUAL = "Manual"
    FUNCTION_UPDATE = "FunctionUpdate"


RuntimeVersionArn = Annotated[
    str,
    text(
        26,
        2048,
        r"((arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}::runtime:.+)|"
        r"(arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:"
        r"runtime/[A-Za-z0-9_.-]{1,128}/version/[A-Za-z0-9_.-]{1,128}))",
    ),
]


class PutRuntimeManagementConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    qualifier: QualifierInQuery | None = None
    update_runtime_on: UpdateRuntimeOn
    runtime_version_arn: RuntimeVersionArn | None = None


class RuntimeManagementOutput(LambdaShape, frozen=True, kw_only=True):
    update_runtime_on: UpdateRuntimeOn
    function_arn: str
    runtime_version_arn: str | None = None


@LAMBDA.action("PutRuntimeManagementConfig", "PUT", "/2021-07-20/functions/{FunctionName}/runtime-management-config")
async def put_runtime_management_config(
    functions: Functions, call: Call, input_: PutRuntimeManagementConfigInput
) -> RuntimeManagementOutput:
    """Kept and told: a runtime is what the machine has."""
    ref = ref_of(call, input_)
    config = RuntimeManagement(update_on=input_.update_runtime_on, runtime_version_arn=input_.runtime_version_arn)
    check_runtime_management(config)
    async with functions.catalog.changing(ref.key):
        qualifier = functions.catalog.check_qualifier(ref)
        await functions.catalog.management.put(ref.key, qualifier, config)
    return RuntimeManagementOutput(
        update_runtime_on=input_.update_runtime_on,
        function_arn=ref.arn,
        runtime_version_arn=config.runtime_version_arn,
    )
