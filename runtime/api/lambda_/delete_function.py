"""DeleteFunction: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html"""

from __future__ import annotations

from typing import Annotated

from runtime.api.lambda_.functions import ref_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel, QualifierInQuery
from runtime.app import Functions
from runtime.errors import InvalidValueError
from runtime.model.names import LATEST, is_version
from streamcore.api.aws.binding import STATUS
from streamcore.api.aws.service import Call


class DeleteFunctionInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    qualifier: QualifierInQuery | None = None


class DeleteFunctionOutput(LambdaShape, frozen=True, kw_only=True):
    status_code: Annotated[int, STATUS]


@LAMBDA.action("DeleteFunction", "DELETE", "/2015-03-31/functions/{FunctionName}")
async def delete_function(functions: Functions, call: Call, input_: DeleteFunctionInput) -> DeleteFunctionOutput:
    """Removes a function with all that belongs to it, or one of its versions."""
    ref = ref_of(call, input_)
    if ref.qualifier is None:
        await functions.catalog.delete(ref.key)
    elif ref.qualifier == LATEST:
        raise InvalidValueError("$LATEST version cannot be deleted without deleting the function.")
    elif not is_version(ref.qualifier):
        raise InvalidValueError("Deletion of aliases is not currently supported.")
    else:
        await functions.catalog.delete_version(ref.key, ref.qualifier)
    return DeleteFunctionOutput(status_code=204)
