"""GetPolicy: https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html"""

from __future__ import annotations

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.policies import policy_place
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel, QualifierInQuery
from runtime.app import Functions
from runtime.errors import NotFoundError
from streamcore.api.aws.service import Call


class GetPolicyInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    qualifier: QualifierInQuery | None = None


class GetPolicyOutput(LambdaShape, frozen=True, kw_only=True):
    #: The policy as JSON text.
    policy: str
    revision_id: str


@LAMBDA.action("GetPolicy", "GET", "/2015-03-31/functions/{FunctionName}/policy")
async def get_policy(functions: Functions, call: Call, input_: GetPolicyInput) -> GetPolicyOutput:
    """The resource policy of a function, a version or an alias."""
    ref = ref_of(call, input_)
    found = functions.catalog.function(ref.key).policies.get(policy_place(functions, ref))
    if found is None:
        raise NotFoundError("The resource you requested does not exist.")
    return GetPolicyOutput(policy=found.text(), revision_id=found.revision_id)
