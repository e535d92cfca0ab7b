"""The roles that an HTTP API acts by."""

from __future__ import annotations

from collections.abc import Iterable

from runtime.model.httpapi.values import HttpContent


def roles_of(content: HttpContent) -> Iterable[str | None]:
    """All that its integrations and authorizers are given."""
    for integration in content.integrations.values():
        yield integration.credentials_arn
    for authorizer in content.authorizers.values():
        yield authorizer.authorizer_credentials_arn
