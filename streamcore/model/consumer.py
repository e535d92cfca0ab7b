"""Registered consumers of enhanced fan-out: what is kept of them, their states, how many a stream may have.

https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from streamcore.errors import InvalidArgument, LimitExceeded, ResourceInUse, ResourceNotFound, ValidationFailed
from streamcore.model.stream import Scope, StreamInfo

#: "You can register up to 20 consumers per stream", 50 in accounts with On-demand Advantage.
CONSUMERS_MAX: Final = 20
CONSUMERS_MAX_ADVANTAGE: Final = 50
#: "only 5 consumers can be created simultaneously. Trying to register a 6th ... will result in a LimitExceeded".
CREATING_MAX: Final = 5
TAGS_MAX: Final = 50


class ConsumerStatus(StrEnum):
    CREATING = "CREATING"
    ACTIVE = "ACTIVE"
    DELETING = "DELETING"


#: Which state may follow which; docs/kinesis.md shows this table.
TRANSITIONS: Final[dict[ConsumerStatus, frozenset[ConsumerStatus]]] = {
    ConsumerStatus.CREATING: frozenset({ConsumerStatus.ACTIVE, ConsumerStatus.DELETING}),
    ConsumerStatus.ACTIVE: frozenset({ConsumerStatus.DELETING}),
    ConsumerStatus.DELETING: frozenset(),
}


class ConsumerInfo(msgspec.Struct, frozen=True, omit_defaults=True):
    """A consumer as the catalogue keeps it; every change makes a new value."""

    stream_id: int
    stream_arn: str
    name: str
    created_ms: int
    status: ConsumerStatus
    tags: dict[str, str] = {}
    policy: str | None = None

    @property
    def arn(self) -> str:
        """The creation time tells a consumer from an earlier one of its name."""
        return f"{self.stream_arn}/consumer/{self.name}:{self.created_ms // 1000}"

    def moved_to(self, status: ConsumerStatus) -> ConsumerInfo:
        """The consumer in its next state. Raises ValueError for a move the table does not have."""
        if status not in TRANSITIONS[self.status]:
            raise ValueError(f"{self.status} cannot become {status}")
        return msgspec.structs.replace(self, status=status)

    def retagged(self, add: dict[str, str], remove: Collection[str]) -> ConsumerInfo:
        """With other tags. Raises InvalidArgument when they were more than 50."""
        tags = {key: value for key, value in {**self.tags, **add}.items() if key not in remove}
        if len(tags) > TAGS_MAX:
            raise InvalidArgument(
                f"A consumer cannot have more than {TAGS_MAX} tags: {self.arn} would have {len(tags)}."
            )
        return msgspec.structs.replace(self, tags=tags)

    def check_active(self) -> None:
        """Raises ResourceInUse while it is being made or removed."""
        if self.status is not ConsumerStatus.ACTIVE:
            raise ResourceInUse(f"Consumer {self.arn} is not ACTIVE, instead in state {self.status}")

    def __repr__(self) -> str:
        return f"<Consumer {self.name} {self.status} of {self.stream_arn}>"


class ConsumerArn(NamedTuple):
    """The parts of `arn:aws:kinesis:<region>:<account>:stream/<stream>/consumer/<name>:<creation epoch>`."""

    scope: Scope
    stream: str
    name: str
    created_s: int


_NAME: Final = re.compile(r"(?a)\A[a-zA-Z0-9_.-]{1,128}\Z")
_ARN: Final = re.compile(
    r"(?a)\Aarn:aws[a-z-]*:kinesis:([a-z0-9-]+):(\d{12}):stream/([a-zA-Z0-9_.-]{1,128})"
    r"/consumer/([a-zA-Z0-9_.-]{1,128}):(\d{1,12})\Z"
)


def parse_consumer_arn(arn: str) -> ConsumerArn:
    """Takes a consumer's ARN apart. Raises ValidationFailed."""
    match = _ARN.match(arn)
    if match is None:
        raise ValidationFailed(f"{arn[:300]} is not the ARN of a consumer")
    region, account, stream, name, created_s = match.groups()
    return ConsumerArn(Scope(account, region), stream, name, int(created_s))


def check_new_consumer(
    stream: StreamInfo, name: str, registered: Collection[ConsumerInfo], *, advantage: bool = False
) -> None:
    """Raises ValidationFailed (the name), ResourceInUse (it is taken), LimitExceeded."""
    if _NAME.match(name) is None:
        raise ValidationFailed(f"a consumer's name has 1 to 128 of a-z, A-Z, 0-9, '_', '.', '-': {name[:140]!r}")
    if any(other.name == name for other in registered):
        raise ResourceInUse(f"Consumer {name} under stream {stream.arn} already exists for account {stream.account}.")
    most = CONSUMERS_MAX_ADVANTAGE if advantage else CONSUMERS_MAX
    if len(registered) >= most:
        raise LimitExceeded(f"Stream {stream.name} under account {stream.account} has {most} registered consumers.")
    if sum(other.status is ConsumerStatus.CREATING for other in registered) >= CREATING_MAX:
        raise LimitExceeded(
            f"Stream {stream.name} under account {stream.account} has {CREATING_MAX} consumers in state CREATING."
        )


def consumer_not_found(stream: StreamInfo, name: str) -> ResourceNotFound:
    return ResourceNotFound(f"Consumer {name[:128]} under stream {stream.arn} not found for account {stream.account}.")
