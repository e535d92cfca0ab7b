"""RemovePermission: https://docs.aws.amazon.com/lambda/latest/api/API_RemovePermission.html"""

from __future__ import annotations

from typing import Annotated

import msgspec

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.policies import policy_place, policy_revision
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import (
    LambdaShape,
    NamespacedFunctionNameLabel,
    QualifierInQuery,
    RevisionInQuery,
)
from runtime.app import Functions
from runtime.functions.catalog import revision
from runtime.model.policy import without_statement
from streamcore.api.aws.binding import URI
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text


class RemovePermissionInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    statement_id: Annotated[str, text(1, 100, r"([a-zA-Z0-9-_.]+)"), URI]
    qualifier: QualifierInQuery | None = None
    revision_id: RevisionInQuery | None = None


@LAMBDA.action("RemovePermission", "DELETE", "/2015-03-31/functions/{FunctionName}/policy/{StatementId}", status=204)
async def remove_permission(functions: Functions, call: Call, input_: RemovePermissionInput) -> None:
    """Takes a statement out of a resource policy."""
    ref, catalog = ref_of(call, input_), functions.catalog
    async with catalog.changing(ref.key):
        place, function = policy_place(functions, ref), catalog.function(ref.key)
        before = function.policies.get(place)
        if before is not None:
            policy_revision(before, input_.revision_id)
        after = without_statement(before, input_.statement_id, revision())
        left = {name: each for name, each in function.policies.items() if name != place}
        policies = left if after is None else left | {place: after}
        await catalog.save(msgspec.structs.replace(function, policies=policies))
