"""PutProvisionedConcurrencyConfig: https://docs.aws.amazon.com/lambda/latest/api/API_PutProvisionedConcurrencyConfig.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.functions import published_ref
from runtime.api.lambda_.provisioning import ProvisionedOutput, provisioned_output
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import FunctionNameLabel, LambdaShape, Qualifier
from runtime.app import Functions
from runtime.errors import ConflictError
from runtime.model.concurrency import check_provisioned
from runtime.model.names import FunctionKey, FunctionRef
from runtime.model.settings import Provisioned
from streamcore.api.aws.binding import query
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import number


class PutProvisionedConcurrencyConfigInput(LambdaShape, frozen=True, kw_only=True):
    function_name: FunctionNameLabel
    qualifier: Annotated[Qualifier, query()]
    provisioned_concurrent_executions: Annotated[int, number(1)]


@LAMBDA.action(
    "PutProvisionedConcurrencyConfig",
    "PUT",
    "/2019-09-30/functions/{FunctionName}/provisioned-concurrency",
    status=202,
)
async def put_provisioned_concurrency_config(
    functions: Functions, call: Call, input_: PutProvisionedConcurrencyConfigInput
) -> ProvisionedOutput:
    """Starts workers for a version or an alias ahead of their first event; IN_PROGRESS until they are ready."""
    key, qualifier = published_ref(call, input_)
    catalog, wanted = functions.catalog, input_.provisioned_concurrent_executions
    async with catalog.changing(key):
        catalog.configuration(FunctionRef(key, qualifier))
        _check_alone(functions, key, qualifier)
        others = [each.requested for name, each in catalog.provisioned.of(key).items() if name != qualifier]
        function = catalog.function(key)
        check_provisioned(wanted + sum(others), function.reserved, catalog.reserved(key.scope))
        config = Provisioned(requested=wanted, modified_ms=catalog.now_ms())
        await catalog.provisioned.put(key, qualifier, config)
    return provisioned_output(functions, key, qualifier, config)


def _check_alone(functions: Functions, key: FunctionKey, qualifier: str) -> None:
    """A version has its workers by its number or by an alias, not by both."""
    catalog = functions.catalog
    alias = catalog.aliases.get(key, qualifier)
    if alias is not None and catalog.provisioned.get(key, alias.version) is not None:
        raise ConflictError(
            "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
        )
    users = (name for name, each in catalog.aliases.of(key).items() if each.version == qualifier)
    if any(catalog.provisioned.get(key, name) is not None for name in users):
        raise ConflictError("Version is pointed by a Provisioned Concurrency alias")
