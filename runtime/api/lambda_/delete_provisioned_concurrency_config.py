"""DeleteProvisionedConcurrencyConfig: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteProvisionedConcurrencyConfig.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.functions import published_ref
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import FunctionNameLabel, LambdaShape, Qualifier
from runtime.app import Functions
from runtime.model.names import FunctionRef
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call


class DeleteProvisionedConcurrencyConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    qualifier: Annotated[Qualifier, query()]


@LAMBDA.action(
    "DeleteProvisionedConcurrencyConfig",
    "DELETE",
    "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
    status=204,
)
async def delete_provisioned_concurrency_config(
    functions: Functions, call: Call, input_: DeleteProvisionedConcurrencyConfigInput
) -> None:
    """Workers are started on demand again; those that rest end as all others do."""
    key, qualifier = published_ref(call, input_)
    async with functions.catalog.changing(key):
        functions.catalog.configuration(FunctionRef(key, qualifier))
        await functions.catalog.provisioned.remove(key, qualifier)
