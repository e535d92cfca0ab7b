"""UpdateFunctionEventInvokeConfig: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionEventInvokeConfig.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.invoke_configs import (
    EventAge,
    FunctionEventInvokeConfig,
    RetryAttempts,
    check_destinations,
    find_invoke_config,
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


class UpdateFunctionEventInvokeConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    qualifier: QualifierInQuery | None = None
    maximum_retry_attempts: RetryAttempts | None = None
    maximum_event_age_in_seconds: EventAge | None = None
    destination_config: DestinationConfig | None = None


@LAMBDA.action("UpdateFunctionEventInvokeConfig", "POST", "/2019-09-25/functions/{FunctionName}/event-invoke-config")
async def update_function_event_invoke_config(
    functions: Functions, call: Call, input_: UpdateFunctionEventInvokeConfigInput
) -> FunctionEventInvokeConfig:
    """Changes what is given of the settings for asynchronous invocations."""
    check_destinations(functions, input_.destination_config)
    ref = ref_of(call, input_)
    async with functions.catalog.changing(ref.key):
        before = find_invoke_config(functions, ref)
        retries, age_s = input_.maximum_retry_attempts, input_.maximum_event_age_in_seconds
        config = EventInvokeConfig(
            modified_ms=functions.catalog.now_ms(),
            retries=before.retries if retries is None else retries,
            age_s=before.age_s if age_s is None else age_s,
            destinations=before.destinations | (stored(input_.destination_config) or {}),
        )
        return await keep_invoke_config(functions, call, ref, config)
