"""The registry of services of the runtime: its errors become AWS's by their `code`."""

from __future__ import annotations

from typing import TypeVar

from runtime.errors import FunctionsError
from streamcore.api.aws import registry
from streamcore.api.aws.errors import AwsError

R = TypeVar("R")


class Registry(registry.Registry[R]):
    """A registry whose actions may raise FunctionsError."""

    def told(self, error: Exception) -> AwsError | None:
        if not isinstance(error, FunctionsError):
            return None
        return AwsError(error.code, 503 if error.code == "ServiceUnavailableException" else 400, str(error))
