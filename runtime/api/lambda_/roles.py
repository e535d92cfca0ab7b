"""Execution roles where authentication is on: that Lambda can take them, and that they may read what they shall."""

from __future__ import annotations

from typing import Final

from runtime.api.lambda_.permissions import SERVICE
from runtime.errors import InvalidValueError
from streamcore.api.aws.service import Call
from streamcore.identity.guard import Mode, Need

_READING: Final = ("GetRecords", "GetShardIterator", "DescribeStream", "ListShards")


def check_role(call: Call, arn: str | None) -> None:
    """Raises InvalidValueError."""
    if arn is None or call.grant is None or call.grant.guard.mode is not Mode.ENFORCE:
        return
    if not call.grant.guard.trusts(arn, SERVICE):
        raise InvalidValueError("The role defined for the function cannot be assumed by Lambda.")


def check_reads(call: Call, role: str, stream: str, consumer: str) -> None:
    """Raises InvalidValueError when a function's role may not read the stream of its mapping."""
    if call.grant is None or call.grant.guard.mode is not Mode.ENFORCE:
        return
    needs = [Need(f"kinesis:{action}", stream) for action in _READING]
    if consumer:
        needs = [Need("kinesis:SubscribeToShard", consumer), Need("kinesis:ListShards", stream)]
    for need in needs:
        if not call.grant.guard.role_may(role, need).is_allowed:
            raise InvalidValueError(
                f"Cannot access stream {stream}. Please ensure the role can perform the "
                f"{', '.join(_READING)}, and ListStreams Actions on your stream in IAM."
            )
