"""CloudWatch Logs: the registry, and the types that several actions share. Members are spelled in lower camel case.

A log group is given by its name, or, in newer actions, by an identifier: name or ARN. An ARN brings its own scope.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Final, Protocol

import msgspec

from runtime.api.registry import Registry
from runtime.logs.errors import InvalidLogsParameter
from runtime.logs.store import LogStore
from runtime.logs.values import GroupKey
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, number, text
from streamcore.model.stream import Scope

LOGS: Final = Registry[LogStore]("logs", target_prefix="Logs_20140328", validation_code="InvalidParameterException")

LogGroupName = Annotated[str, text(1, 512, r"[\.\-_/#A-Za-z0-9]+")]
LogGroupIdentifier = Annotated[str, text(1, 2048, r"[\w#+=/:,.@-]*")]
LogStreamName = Annotated[str, text(1, 512, r"[^:*]*")]
KmsKeyId = Annotated[str, msgspec.Meta(max_length=256)]
NextToken = Annotated[str, msgspec.Meta(min_length=1)]
TimestampMs = Annotated[int, number(0)]
EventsLimit = Annotated[int, number(1, 10_000)]
DescribeLimit = Annotated[int, number(1, 50)]
Pattern = Annotated[str, msgspec.Meta(min_length=0, max_length=1024)]
ResourceARN = Annotated[str, text(1, 1011, r"[\w+=/:,.@-]*")]

#: What a describing action shows when it is not told.
PAGE: Final = 50

_ARN: Final = re.compile(
    r"(?a)\Aarn:aws[\w-]*:logs:([a-z0-9-]{1,32}):(\d{12}):log-group:([\.\-_/#A-Za-z0-9]{1,512})(:\*)?\Z"
)


class LogGroupClass(StrEnum):
    STANDARD = "STANDARD"
    INFREQUENT_ACCESS = "INFREQUENT_ACCESS"
    DELIVERY = "DELIVERY"
    ESSENTIALS = "ESSENTIALS"


class LogShape(Shape, frozen=True, kw_only=True, rename="camel"):
    """Base of inputs and outputs of CloudWatch Logs."""


class Addressed(Protocol):
    """An input that says which group it is about."""

    @property
    def log_group_name(self) -> str | None: ...

    @property
    def log_group_identifier(self) -> str | None: ...


def named(call: Call, name: str) -> GroupKey:
    """A group of the caller's account and region."""
    return GroupKey(call.scope, name)


def identified(call: Call, identifier: str) -> GroupKey:
    """The group of a name or an ARN. Raises InvalidLogsParameter."""
    if not identifier.startswith("arn:"):
        return named(call, identifier)
    found = _ARN.match(identifier)
    if found is None:
        raise InvalidLogsParameter(f"The specified log group identifier is invalid: {identifier}")
    return GroupKey(Scope(found[2], found[1]), found[3])


def addressed(call: Call, input_: Addressed) -> GroupKey:
    """The group of an input that takes a name or an identifier. Raises InvalidLogsParameter."""
    name, identifier = input_.log_group_name, input_.log_group_identifier
    if (name is None) is (identifier is None):
        raise InvalidLogsParameter("Either logGroupName or logGroupIdentifier has to be given, and not both.")
    return named(call, name) if name is not None else identified(call, identifier or "")
