"""What is set beside a function's configuration, each per qualifier: how asynchronous invocations are retried, its URL,
its provisioned concurrency, how its runtime is updated; and code signing configurations, which belong to the account.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from runtime.errors import InvalidValueError

URL_ID_CHARS: Final = 32


class EventInvokeConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """For asynchronous invocations; None is AWS's default. `destinations` is AWS's DestinationConfig."""

    modified_ms: int
    retries: int | None = None
    age_s: int | None = None
    destinations: dict[str, Any] = {}

    def destination(self, outcome: str) -> str | None:
        """The ARN for `OnSuccess` or `OnFailure`."""
        return (self.destinations.get(outcome) or {}).get("Destination") or None


class UrlConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A function's own URL; `url_id` is the first label of its host name. `cors` is AWS's Cors."""

    url_id: str
    auth_type: str
    created_ms: int
    modified_ms: int
    invoke_mode: str = "BUFFERED"
    cors: dict[str, Any] | None = None


class Provisioned(msgspec.Struct, frozen=True, kw_only=True):
    """Workers to be kept warm. What is ready of them is no setting."""

    requested: int
    modified_ms: int


class RuntimeManagement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When AWS would move a function to a new patch of its runtime."""

    update_on: str = "Auto"
    runtime_version_arn: str | None = None


class CodeSigningConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose signatures code must have. Kept and told; code is not verified."""

    config_id: str
    account: str
    region: str
    publishers: tuple[str, ...]
    modified_ms: int
    policy: str = "Warn"
    description: str = ""
    tags: dict[str, str] = {}

    @property
    def arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:code-signing-config:{self.config_id}"


def check_event_invoke(config: EventInvokeConfig, function_arn: str) -> None:
    """Raises InvalidValueError: nothing set at all, or the function as its own destination."""
    if config.retries is None and config.age_s is None and not config.destinations:
        raise InvalidValueError("You must specify at least one of error handling or destination setting.")
    if function_arn in (config.destination("OnSuccess"), config.destination("OnFailure")):
        raise InvalidValueError("You can't specify the function as a destination for itself.")


def check_runtime_management(config: RuntimeManagement) -> None:
    """Raises InvalidValueError: a runtime version goes with Manual, and with nothing else."""
    if (config.update_on == "Manual") != (config.runtime_version_arn is not None):
        raise InvalidValueError("RuntimeVersionArn has to be given when UpdateRuntimeOn is Manual, and only then.")
