"""Values of properties in the types that the APIs take: parameters are texts, and YAML takes `A: 1` for a number."""

from __future__ import annotations

from typing import Any, Final

from streamcore.deploy.errors import TemplateError
from streamcore.deploy.model.intrinsics import as_text

_INTEGERS: Final = frozenset(
    [
        "MemorySize",
        "Timeout",
        "Size",
        "ShardCount",
        "RetentionPeriodHours",
        "RetentionInDays",
        "BatchSize",
        "MaximumBatchingWindowInSeconds",
        "MaximumRecordAgeInSeconds",
        "MaximumRetryAttempts",
        "MaximumEventAgeInSeconds",
        "ParallelizationFactor",
        "TumblingWindowInSeconds",
        "ReservedConcurrentExecutions",
        "ProvisionedConcurrentExecutions",
        "MaxAge",
        "MaximumWindowInMinutes",
        "TimeoutInMillis",
    ]
)
_BOOLEANS: Final = frozenset(("Enabled", "BisectBatchOnFunctionError", "AllowCredentials"))
#: Mappings whose keys are the user's own; all values are texts.
_OF_TEXTS: Final = frozenset(("Variables",))


def coerced(value: Any, name: str = "") -> Any:
    """The value of a property of that name, its functions worked out. Raises TemplateError."""
    if isinstance(value, list):
        return [coerced(each, name if name in _INTEGERS else "") for each in value]
    if isinstance(value, dict):
        if name in _OF_TEXTS or (name == "Tags"):
            return {key: as_text(each, f"{name}.{key}") for key, each in value.items()}
        return {key: coerced(each, key) for key, each in value.items()}
    if name in _INTEGERS and not isinstance(value, int):
        return _integer(name, value)
    if name in _BOOLEANS and not isinstance(value, bool):
        return _boolean(name, value)
    return value


def tags_of(value: Any) -> dict[str, str]:
    """Tags as a mapping, or as CloudFormation's list of Key and Value. Raises TemplateError."""
    if isinstance(value, dict):
        return {key: as_text(each, f"Tags.{key}") for key, each in value.items()}
    found = {}
    for each in value or ():
        if not isinstance(each, dict) or set(each) != {"Key", "Value"}:
            raise TemplateError("Tags are a mapping, or a list of Key and Value")
        found[as_text(each["Key"], "Tags")] = as_text(each["Value"], "Tags")
    return found


def _integer(name: str, value: Any) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise TemplateError(f"{name} is a number; got {value!r:.100}") from None


def _boolean(name: str, value: Any) -> bool:
    if str(value).lower() not in ("true", "false"):
        raise TemplateError(f"{name} is true or false; got {value!r:.100}")
    return str(value).lower() == "true"
