"""Inputs and outputs of actions: msgspec Structs under AWS's names, with AWS's constraints.

An input is a `Shape` whose fields carry `msgspec.Meta` constraints; the codec decodes straight into it. Fields are
declared in the order in which AWS lists violations, as far as that is known.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

_SPELLED: Final = {"arn": "ARN", "kib": "KiB", "mibps": "MiBps"}


def aws_name(name: str) -> str:
    """The wire name of a field: `stream_arn` → `StreamARN`, `max_record_size_in_kib` → `MaxRecordSizeInKiB`."""
    return "".join(_SPELLED.get(word, word.capitalize()) for word in name.split("_"))


class Shape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename=aws_name):
    """Base of inputs and outputs. A field with a default is optional; None is AWS's null and is not sent."""


#: A number beyond this is no time; it also keeps every conversion exact (2^53 ms is the year 287396).
TIMESTAMP_MAX_MS: Final = 2**53


class Timestamp:
    """A point in time with AWS's precision of one millisecond. How it travels is the codec's business."""

    __slots__ = ("ms",)

    def __init__(self, ms: int) -> None:
        self.ms = ms

    @classmethod
    def from_seconds(cls, seconds: float) -> Timestamp:
        """Raises ValueError for what is no time."""
        if not abs(seconds) <= TIMESTAMP_MAX_MS / 1000:  # no NaN either
            raise ValueError("a timestamp is out of range")
        return cls(round(seconds * 1000))

    @property
    def seconds(self) -> float:
        return self.ms / 1000

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and other.ms == self.ms

    def __hash__(self) -> int:
        return hash(self.ms)

    def __repr__(self) -> str:
        return f"Timestamp({self.ms})"


def read_timestamp(value: Any) -> Timestamp:
    """A timestamp that is a bare number counts seconds. Raises TypeError, ValueError."""
    if isinstance(value, Timestamp):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Timestamp.from_seconds(value)
    raise TypeError(f"{type(value).__name__} is no timestamp")


def read_custom(kind: type, value: Any) -> Any:
    """msgspec's `dec_hook`: the types that shapes have beyond its own."""
    if kind is Timestamp:
        return read_timestamp(value)
    raise TypeError(f"{kind.__name__} is no type of a shape")


def pattern(regex: str) -> str:
    """AWS's patterns match the whole text, and `\\d` means ASCII digits."""
    return rf"(?a)\A(?:{regex})\Z"


def pattern_shown(regex: str) -> str:
    """The pattern as AWS's sentences show it: what was given to `pattern`."""
    return regex.removeprefix(r"(?a)\A(?:").removesuffix(r")\Z")


def text(minimum: int, maximum: int, regex: str | None = None) -> msgspec.Meta:
    """Constraints of a string."""
    return msgspec.Meta(min_length=minimum, max_length=maximum, pattern=None if regex is None else pattern(regex))


def matching(regex: str) -> msgspec.Meta:
    """A string of which only the pattern is constrained."""
    return msgspec.Meta(pattern=pattern(regex))


def number(minimum: int, maximum: int | None = None) -> msgspec.Meta:
    """Constraints of an integer."""
    return msgspec.Meta(ge=minimum, le=maximum)


NextToken = Annotated[str, text(1, 1_048_576)]
