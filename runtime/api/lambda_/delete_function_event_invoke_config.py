"""DeleteFunctionEventInvokeConfig: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunctionEventInvokeConfig.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.invoke_configs import find_invoke_config
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel, QualifierInQuery
from runtime.app import Functions
from runtime.model.names import LATEST
from streamcore.api.aws.service import Call


class DeleteFunctionEventInvokeConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    qualifier: QualifierInQuery | None = None


@LAMBDA.action(
    "DeleteFunctionEventInvokeConfig",
    "DELETE",
    "/2019-09-25/functions/{FunctionName}/event-invoke-config",
    status=204,
)
async def delete_function_event_invoke_config(
    functions: Functions, call: Call, input_: DeleteFunctionEventInvokeConfigInput
) -> None:
    """AWS's defaults hold again."""
    ref = ref_of(call, input_)
    async with functions.catalog.changing(ref.key):
        find_invoke_config(functions, ref)
        await functions.catalog.invoke_configs.remove(ref.key, ref.qualifier or LATEST)
