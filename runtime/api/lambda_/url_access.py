"""Who may invoke a function by its URL, where authentication is on.

https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from __future__ import annotations

from runtime.model.names import FunctionRef
from streamcore.api.aws.access import Access, Dialect, Grant, origin_of
from streamcore.api.aws.errors import AwsError
from streamcore.api.http import Request
from streamcore.identity.callers import NOBODY


def may_invoke(access: Access, request: Request, ref: FunctionRef, *, is_open: bool, request_id: str) -> bool:
    """`is_open`: the URL asks for no signature; then the function's policy must let everybody in."""
    scope = ref.key.scope
    try:
        if is_open:
            grant = Grant(access.guard, NOBODY, origin_of(request, request_id), scope, Dialect.REST)
        else:
            grant = access.enter(request, request_id, "lambda", Dialect.REST, scope)
        keys = {"lambda:FunctionUrlAuthType": "NONE" if is_open else "AWS_IAM"}
        grant.check("lambda:InvokeFunctionUrl", ref.arn, keys, is_data=True)
    except AwsError:
        return False
    return True
