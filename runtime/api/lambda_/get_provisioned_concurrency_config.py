"""GetProvisionedConcurrencyConfig: https://docs.aws.amazon.com/lambda/latest/api/API_GetProvisionedConcurrencyConfig.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.functions import published_ref
from runtime.api.lambda_.provisioning import ProvisionedOutput, provisioned_output
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import FunctionNameLabel, LambdaShape, Qualifier
from runtime.app import Functions
from runtime.errors import ProvisionedNotFoundError
from runtime.model.names import FunctionRef
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class GetProvisionedConcurrencyConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    qualifier: Annotated[Qualifier, query()]


@LAMBDA.action("GetProvisionedConcurrencyConfig", "GET", "/2019-09-30/functions/{FunctionName}/provisioned-concurrency")
async def get_provisioned_concurrency_config(
    functions: Functions, call: Call, input_: GetProvisionedConcurrencyConfigInput
) -> ProvisionedOutput:
    key, qualifier = published_ref(call, input_)
    functions.catalog.configuration(FunctionRef(key, qualifier))
    config = functions.catalog.provisioned.get(key, qualifier)
    if config is None:
        raise ProvisionedNotFoundError("No Provisioned Concurrency Config found for this function")
    return provisioned_output(functions, key, qualifier, config)
