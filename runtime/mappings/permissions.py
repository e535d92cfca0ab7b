"""What a function's role must be allowed so that a mapping can read for it.

https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html  https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

from __future__ import annotations

from typing import Final

from runtime.destinations.router import service_of
from streamcore.identity.guard import Guard, Need

_READING: Final = ("GetRecords", "GetShardIterator", "DescribeStream", "ListShards")
_RECEIVING: Final = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")


def reading(source: str, consumer: str = "") -> list[Need]:
    """Of a stream, of a stream by a consumer, or of a queue."""
    if service_of(source) == "sqs":
        return [Need(f"sqs:{action}", source) for action in _RECEIVING]
    if consumer:
        return [Need("kinesis:SubscribeToShard", consumer), Need("kinesis:ListShards", source)]
    return [Need(f"kinesis:{action}", source) for action in _READING]


def may_read(guard: Guard, role: str, source: str, consumer: str = "") -> bool:
    """Whether a role may do what a mapping from that stream or queue does. A role that is not there may nothing."""
    return all(guard.role_may(role, need).is_allowed for need in reading(source, consumer))


def refused(guard: Guard, role: str, source: str, consumer: str = "") -> str | None:
    """AWS's sentence for what the role lacks."""
    for need in reading(source, consumer):
        if not guard.role_may(role, need).is_allowed:
            if service_of(source) == "sqs":
                action = need.action.partition(":")[2]
                return f"The provided execution role does not have permissions to call {action} on SQS"
            return (
                f"Cannot access stream {source}. Please ensure the role can perform the {', '.join(_READING)}, and "
                "ListStreams Actions on your stream in IAM."
            )
    return None
