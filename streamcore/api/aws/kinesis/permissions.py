"""What the actions of Kinesis need.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonkinesis.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from streamcore.api.aws.kinesis.list_shards import Criteria
from streamcore.api.aws.kinesis.tokens import decode_token
from streamcore.api.aws.permissions import Permissions, everything, member, table
from streamcore.api.aws.service import Call
from streamcore.broker import Broker
from streamcore.errors import StreamcoreError
from streamcore.identity.guard import UNKNOWN, Held
from streamcore.model.stream import Scope, parse_stream_arn


def stream_arn(name: str, scope: Scope) -> str:
    return f"arn:aws:kinesis:{scope.region}:{scope.account}:stream/{name}"


def stream(input_: Any, call: Call) -> Sequence[str]:
    """By name or by ARN, which is spelled anew: a deny must not be got round by another spelling."""
    name, arn = getattr(input_, "stream_name", None), getattr(input_, "stream_arn", None)
    if arn is None:
        return ("*",) if name is None else (stream_arn(name, call.scope),)
    try:
        scope, found = parse_stream_arn(arn)
    except StreamcoreError:
        return ("*",)
    return (stream_arn(found, scope),)


def _of_iterator(input_: Any, call: Call) -> Sequence[str]:
    """The stream that a token reads, whatever ARN is beside it."""
    try:
        found = call.broker.stream_of(input_.shard_iterator)
    except StreamcoreError:
        return ("*",)
    return ("*",) if found is None else (found.arn,)


def _of_listing(input_: Any, call: Call) -> Sequence[str]:
    """A listing that goes on says in its token of which stream."""
    if input_.next_token is None:
        return stream(input_, call)
    try:
        return (decode_token(input_.next_token, Criteria, call.broker.clock.now_ms()).stream_arn,)
    except StreamcoreError:
        return ("*",)


def _consumer(input_: Any, call: Call) -> Sequence[str]:
    """A consumer by its ARN, or by its name and its stream: then every consumer of that name."""
    if getattr(input_, "consumer_arn", None) is not None:
        return (input_.consumer_arn,)
    (arn,) = stream(input_, call)
    return ("*",) if arn == "*" else (f"{arn}/consumer/{input_.consumer_name}:*",)


_ACTIONS: Final = table(
    "kinesis",
    {
        stream: "AddTagsToStream CreateStream DecreaseStreamRetentionPeriod DeleteStream DescribeStream "
        "DescribeStreamSummary DisableEnhancedMonitoring EnableEnhancedMonitoring GetShardIterator "
        "IncreaseStreamRetentionPeriod ListStreamConsumers ListTagsForStream MergeShards PutRecord PutRecords "
        "RegisterStreamConsumer RemoveTagsFromStream SplitShard StartStreamEncryption StopStreamEncryption "
        "UpdateMaxRecordSize UpdateShardCount UpdateStreamMode UpdateStreamWarmThroughput",
        _of_iterator: "GetRecords",
        _of_listing: "ListShards",
        _consumer: "DeregisterStreamConsumer DescribeStreamConsumer SubscribeToShard",
        member("resource_arn"): "DeleteResourcePolicy GetResourcePolicy ListTagsForResource PutResourcePolicy "
        "TagResource UntagResource",
        everything: "DescribeAccountSettings DescribeLimits ListStreams UpdateAccountSettings",
    },
    data="PutRecord PutRecords GetRecords GetShardIterator SubscribeToShard",
)

PERMISSIONS: Final = Permissions("kinesis", _ACTIONS)


def held_of(broker: Broker, arn: str) -> Held:
    """The policy of a stream or a consumer."""
    try:
        if "/consumer/" in arn:
            return Held(broker.describe_consumer(arn).policy)
        policy = broker.describe_stream(arn).policy
    except StreamcoreError:
        return UNKNOWN
    return Held(policy) if policy is not None else UNKNOWN


__all__ = ["PERMISSIONS", "held_of", "stream", "stream_arn"]
