"""AddPermission: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.policies import policy_place, policy_revision
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import (
    Arn,
    LambdaShape,
    NamespacedFunctionNameLabel,
    QualifierInQuery,
    StatementId,
    UrlAuthType,
)
from runtime.app import Functions
from runtime.functions.catalog import revision
from runtime.model.policy import statement, with_statement
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import text


class AddPermissionInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    statement_id: StatementId
    action: Annotated[str, text(0, 10_000, r"(lambda:[*]|lambda:[a-zA-Z]+|[*])")]
    principal: Annotated[str, text(0, 2048, r"[^\s]+")]
    source_arn: Arn | None = None
    function_url_auth_type: UrlAuthType | None = None
    invoked_via_function_url: bool | None = None
    source_account: Annotated[str, text(0, 12, r"\d{12}")] | None = None
    event_source_token: Annotated[str, text(0, 256, r"[a-zA-Z0-9._\-]+")] | None = None
    qualifier: QualifierInQuery | None = None
    revision_id: str | None = None
    principal_org_id: Annotated[str, text(12, 34, r"o-[a-z0-9]{10,32}")] | None = msgspec.field(
        default=None, name="PrincipalOrgID"
    )


class AddPermissionOutput(LambdaShape, frozen=True, kw_only=True):
    #: The statement as JSON text.
    statement: str


@LAMBDA.action("AddPermission", "POST", "/2015-03-31/functions/{FunctionName}/policy", status=201)
async def add_permission(functions: Functions, call: Call, input_: AddPermissionInput) -> AddPermissionOutput:
    """Adds a statement to the resource policy of a function, a version or an alias."""
    ref, catalog = ref_of(call, input_), functions.catalog
    added = statement(input_.statement_id, input_.principal, input_.action, ref.arn, _conditions(input_))
    async with catalog.changing(ref.key):
        place, function = policy_place(functions, ref), catalog.function(ref.key)
        before = function.policies.get(place)
        policy_revision(before, input_.revision_id)
        after = with_statement(before, added, revision())
        await catalog.save(msgspec.structs.replace(function, policies=function.policies | {place: after}))
    return AddPermissionOutput(statement=msgspec.json.encode(added).decode())


def _conditions(input_: AddPermissionInput) -> dict[str, Any]:
    equals = {
        "AWS:SourceAccount": input_.source_account,
        "lambda:FunctionUrlAuthType": input_.function_url_auth_type,
        "lambda:EventSourceToken": input_.event_source_token,
        "aws:PrincipalOrgID": input_.principal_org_id,
    }
    via_url = input_.invoked_via_function_url
    return {
        "StringEquals": {name: value for name, value in equals.items() if value is not None},
        "ArnLike": {} if input_.source_arn is None else {"AWS:SourceArn": input_.source_arn},
        "Bool": {} if via_url is None else {"lambda:InvokedViaFunctionUrl": str(via_url).lower()},
    }
