"""The roles that integrations and authorizers act by: whoever gives one must be allowed to pass it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from runtime.model.apigateway.values import Content
from streamcore.api.aws.service import Call

SERVICE: Final = "apigateway.amazonaws.com"
#: Means the credentials of whoever calls the method.
CALLERS_OWN: Final = "arn:aws:iam::*:user/*"


def check_passes(call: Call, roles: Iterable[str | None]) -> None:
    """Raises AwsError. Without authentication nobody is asked."""
    if call.grant is None:
        return
    for role in sorted({role for role in roles if role and role != CALLERS_OWN}):
        call.grant.check("iam:PassRole", role, {"iam:PassedToService": SERVICE})


def roles_of(content: Content) -> Iterable[str | None]:
    """All that an API acts by."""
    for resource in content.resources.values():
        for method in (resource.resource_methods or {}).values():
            if method.method_integration is not None:
                yield method.method_integration.credentials
    for authorizer in content.authorizers.values():
        yield authorizer.authorizer_credentials
