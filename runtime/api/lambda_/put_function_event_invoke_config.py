"""PutFunctionEventInvokeConfig: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.invoke_configs import (
    EventAge,
    FunctionEventInvokeConfig,
    RetryAttempts,
    check_destinations,
    keep_invoke_config,
)
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import (
    DestinationConfig,
    LambdaShape,
    NamespacedFunctionNameLabel,
    QualifierInQuery,
    stored,
)
from runtime.app import Functions
from runtime.model.settings import EventInvokeConfig
from streamcore.api.aws.service import Call


class PutFunctionEventInvokeConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    qualifier: QualifierInQuery | None = None
    maximum_retry_attempts: RetryAttempts | None = None
    maximum_event_age_in_seconds: EventAge | None = None
    destination_config: DestinationConfig | None = None


@LAMBDA.action("PutFunctionEventInvokeConfig", "PUT", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
async def put_function_event_invoke_config(
    functions: Functions, call: Call, input_: PutFunctionEventInvokeConfigInput
) -> FunctionEventInvokeConfig:
    """Says how asynchronous invocations are retried and where they end; what is not given is AWS's default."""
    check_destinations(functions, input_.destination_config)
    ref = ref_of(call, input_)
    config = EventInvokeConfig(
        modified_ms=functions.catalog.now_ms(),
        retries=input_.maximum_retry_attempts,
        age_s=input_.maximum_event_age_in_seconds,
        destinations=stored(input_.destination_config) or {},
    )
    async with functions.catalog.changing(ref.key):
        return await keep_invoke_config(functions, call, ref, config)
