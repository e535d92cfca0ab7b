"""GetFunctionEventInvokeConfig: https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionEventInvokeConfig.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.invoke_configs import FunctionEventInvokeConfig, find_invoke_config, invoke_config_shape
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel, QualifierInQuery
from runtime.app import Functions
from runtime.model.names import LATEST
from streamcore.api.aws.service import Call


class GetFunctionEventInvokeConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    qualifier: QualifierInQuery | None = None


@LAMBDA.action("GetFunctionEventInvokeConfig", "GET", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
async def get_function_event_invoke_config(
    functions: Functions, call: Call, input_: GetFunctionEventInvokeConfigInput
) -> FunctionEventInvokeConfig:
    ref = ref_of(call, input_)
    return invoke_config_shape(ref.key, ref.qualifier or LATEST, find_invoke_config(functions, ref))
