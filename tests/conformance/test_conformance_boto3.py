"""boto3 over a socket: every action, and every error that botocore's model documents for it.

The table below is held against the model: a documented error is either shown, or stands in UNREACHABLE with a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from boto3_support import ACCOUNT, ARN, NOW_S, World
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from streamcore.api.aws.kinesis import KINESIS

SHARD, OTHER = "shardId-000000000000", "shardId-000000000001"
MIDDLE = str(2**126)
MISSING = f"{ARN}missing"
ORDERS = f"{ARN}orders"
QUEUE = ORDERS.replace(":stream/", ":queue/")
CONSUMER = f"{ORDERS}/consumer/c:{NOW_S}"
GONE_CONSUMER = f"{ORDERS}/consumer/gone:{NOW_S}"
ON_DEMAND = {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}
PROVISIONED = {"StreamModeDetails": {"StreamMode": "PROVISIONED"}}
AT_LATEST = {"StartingPosition": {"Type": "LATEST"}}
TAGS_51 = {str(number): "" for number in range(51)}
POLICY = '{"Version":"2012-10-17","Statement":[]}'
KMS = {"EncryptionType": "KMS", "KeyId": "alias/mine"}
RECORD = {"PartitionKey": "k", "Data": b"x"}

NOT_FOUND, IN_USE, INVALID = "ResourceNotFoundException", "ResourceInUseException", "InvalidArgumentException"
LIMIT, VALIDATION = "LimitExceededException", "ValidationException"
THROUGHPUT, EXPIRED_TOKEN = "ProvisionedThroughputExceededException", "ExpiredNextTokenException"

#: A good call of each action, in an order in which all succeed on one broker.
GOOD: list[tuple[str, dict[str, Any]]] = [
    ("CreateStream", {"StreamName": "orders", "ShardCount": 2, "Tags": {"a": "b"}}),
    ("DescribeStream", {"StreamName": "orders", "Limit": 1}),
    ("DescribeStreamSummary", {"StreamARN": ORDERS}),
    ("ListStreams", {"Limit": 10}),
    ("ListShards", {"StreamName": "orders", "ShardFilter": {"Type": "AT_LATEST"}}),
    ("PutRecord", {"StreamName": "orders", **RECORD}),
    ("PutRecords", {"StreamARN": ORDERS, "Records": [RECORD, {**RECORD, "ExplicitHashKey": "0"}]}),
    ("GetShardIterator", {"StreamName": "orders", "ShardId": SHARD, "ShardIteratorType": "TRIM_HORIZON"}),
    ("AddTagsToStream", {"StreamName": "orders", "Tags": {"c": "d"}}),
    ("ListTagsForStream", {"StreamName": "orders"}),
    ("RemoveTagsFromStream", {"StreamName": "orders", "TagKeys": ["c"]}),
    ("TagResource", {"ResourceARN": ORDERS, "Tags": {"e": "f"}}),
    ("ListTagsForResource", {"ResourceARN": ORDERS}),
    ("UntagResource", {"ResourceARN": ORDERS, "TagKeys": ["e"]}),
    ("IncreaseStreamRetentionPeriod", {"StreamName": "orders", "RetentionPeriodHours": 48}),
    ("DecreaseStreamRetentionPeriod", {"StreamName": "orders", "RetentionPeriodHours": 24}),
    ("EnableEnhancedMonitoring", {"StreamName": "orders", "ShardLevelMetrics": ["IncomingBytes"]}),
    ("DisableEnhancedMonitoring", {"StreamName": "orders", "ShardLevelMetrics": ["ALL"]}),
    ("StartStreamEncryption", {"StreamName": "orders", **KMS}),
    ("StopStreamEncryption", {"StreamName": "orders", **KMS}),
    ("UpdateMaxRecordSize", {"StreamARN": ORDERS, "MaxRecordSizeInKiB": 2048}),
    ("PutResourcePolicy", {"ResourceARN": ORDERS, "Policy": POLICY}),
    ("GetResourcePolicy", {"ResourceARN": ORDERS}),
    ("DeleteResourcePolicy", {"ResourceARN": ORDERS}),
    ("RegisterStreamConsumer", {"StreamARN": ORDERS, "ConsumerName": "c"}),
    ("DescribeStreamConsumer", {"StreamARN": ORDERS, "ConsumerName": "c"}),
    ("ListStreamConsumers", {"StreamARN": ORDERS}),
    ("SubscribeToShard", {"ConsumerARN": CONSUMER, "ShardId": SHARD, **AT_LATEST}),
    ("DeregisterStreamConsumer", {"ConsumerARN": CONSUMER}),
    ("SplitShard", {"StreamName": "orders", "ShardToSplit": SHARD, "NewStartingHashKey": MIDDLE}),
    (
        "MergeShards",
        {
            "StreamName": "orders",
            "ShardToMerge": "shardId-000000000002",
            "AdjacentShardToMerge": "shardId-000000000003",
        },
    ),
    ("UpdateShardCount", {"StreamName": "orders", "TargetShardCount": 4, "ScalingType": "UNIFORM_SCALING"}),
    ("UpdateStreamMode", {"StreamARN": ORDERS, **ON_DEMAND}),
    ("DescribeLimits", {}),
    ("DescribeAccountSettings", {}),
    ("UpdateAccountSettings", {"MinimumThroughputBillingCommitment": {"Status": "ENABLED"}}),
    ("UpdateStreamWarmThroughput", {"StreamARN": ORDERS, "WarmThroughputMiBps": 8}),
    ("DeleteStream", {"StreamName": "orders", "EnforceConsumerDeletion": True}),
]

#: Answered by a broker with a stream `orders` of two shards and a consumer `c` of it, a stream `demand` on demand, a
#: streams `creating` and `creating-on-demand` that are CREATING.
REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    # Streams that are not there.
    ("AddTagsToStream", NOT_FOUND, {"StreamName": "missing", "Tags": {"a": "b"}}),
    ("DecreaseStreamRetentionPeriod", NOT_FOUND, {"StreamARN": MISSING, "RetentionPeriodHours": 24}),
    ("DeleteResourcePolicy", NOT_FOUND, {"ResourceARN": MISSING}),
    ("DeleteStream", NOT_FOUND, {"StreamName": "missing"}),
    ("DeregisterStreamConsumer", NOT_FOUND, {"ConsumerARN": GONE_CONSUMER}),
    ("DescribeStream", NOT_FOUND, {"StreamName": "missing"}),
    ("DescribeStreamConsumer", NOT_FOUND, {"StreamARN": MISSING, "ConsumerName": "c"}),
    ("DescribeStreamSummary", NOT_FOUND, {"StreamName": "missing"}),
    ("DisableEnhancedMonitoring", NOT_FOUND, {"StreamName": "missing", "ShardLevelMetrics": ["ALL"]}),
    ("EnableEnhancedMonitoring", NOT_FOUND, {"StreamName": "missing", "ShardLevelMetrics": ["ALL"]}),
    ("GetResourcePolicy", NOT_FOUND, {"ResourceARN": MISSING}),
    (
        "GetShardIterator",
        NOT_FOUND,
        {"StreamName": "orders", "ShardId": "shardId-000000000009", "ShardIteratorType": "LATEST"},
    ),
    ("IncreaseStreamRetentionPeriod", NOT_FOUND, {"StreamName": "missing", "RetentionPeriodHours": 48}),
    ("ListShards", NOT_FOUND, {"StreamName": "missing"}),
    ("ListStreamConsumers", NOT_FOUND, {"StreamARN": MISSING}),
    ("ListTagsForResource", NOT_FOUND, {"ResourceARN": MISSING}),
    ("ListTagsForStream", NOT_FOUND, {"StreamName": "missing"}),
    (
        "MergeShards",
        NOT_FOUND,
        {"StreamName": "orders", "ShardToMerge": SHARD, "AdjacentShardToMerge": "shardId-000000000009"},
    ),
    ("PutRecord", NOT_FOUND, {"StreamName": "missing", **RECORD}),
    ("PutRecords", NOT_FOUND, {"StreamName": "missing", "Records": [RECORD]}),
    ("PutResourcePolicy", NOT_FOUND, {"ResourceARN": MISSING, "Policy": POLICY}),
    ("RegisterStreamConsumer", NOT_FOUND, {"StreamARN": MISSING, "ConsumerName": "c"}),
    ("RemoveTagsFromStream", NOT_FOUND, {"StreamName": "missing", "TagKeys": ["a"]}),
    ("SplitShard", NOT_FOUND, {"StreamName": "missing", "ShardToSplit": SHARD, "NewStartingHashKey": MIDDLE}),
    ("StartStreamEncryption", NOT_FOUND, {"StreamName": "missing", **KMS}),
    ("StopStreamEncryption", NOT_FOUND, {"StreamName": "missing", **KMS}),
    ("SubscribeToShard", NOT_FOUND, {"ConsumerARN": GONE_CONSUMER, "ShardId": SHARD, **AT_LATEST}),
    ("TagResource", NOT_FOUND, {"ResourceARN": MISSING, "Tags": {"a": "b"}}),
    ("UntagResource", NOT_FOUND, {"ResourceARN": MISSING, "TagKeys": ["a"]}),
    ("UpdateMaxRecordSize", NOT_FOUND, {"StreamARN": MISSING, "MaxRecordSizeInKiB": 2048}),
    ("UpdateShardCount", NOT_FOUND, {"StreamName": "missing", "TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}),
    ("UpdateStreamMode", NOT_FOUND, {"StreamARN": MISSING, **ON_DEMAND}),
    ("UpdateStreamWarmThroughput", NOT_FOUND, {"StreamName": "missing", "WarmThroughputMiBps": 8}),
    # Streams, names and consumers in another state.
    ("CreateStream", IN_USE, {"StreamName": "orders", "ShardCount": 1}),
    ("DecreaseStreamRetentionPeriod", IN_USE, {"StreamName": "creating", "RetentionPeriodHours": 24}),
    ("DeleteStream", IN_USE, {"StreamName": "orders"}),
    ("DisableEnhancedMonitoring", IN_USE, {"StreamName": "creating", "ShardLevelMetrics": ["ALL"]}),
    ("EnableEnhancedMonitoring", IN_USE, {"StreamName": "creating", "ShardLevelMetrics": ["ALL"]}),
    ("IncreaseStreamRetentionPeriod", IN_USE, {"StreamName": "creating", "RetentionPeriodHours": 48}),
    ("MergeShards", IN_USE, {"StreamName": "creating", "ShardToMerge": SHARD, "AdjacentShardToMerge": OTHER}),
    ("RegisterStreamConsumer", IN_USE, {"StreamARN": ORDERS, "ConsumerName": "c"}),
    ("SplitShard", IN_USE, {"StreamName": "creating", "ShardToSplit": SHARD, "NewStartingHashKey": MIDDLE}),
    ("StartStreamEncryption", IN_USE, {"StreamName": "creating", **KMS}),
    ("StopStreamEncryption", IN_USE, {"StreamName": "creating", **KMS}),
    ("UpdateMaxRecordSize", IN_USE, {"StreamARN": f"{ARN}creating", "MaxRecordSizeInKiB": 2048}),
    ("UpdateShardCount", IN_USE, {"StreamName": "creating", "TargetShardCount": 2, "ScalingType": "UNIFORM_SCALING"}),
    ("UpdateStreamMode", IN_USE, {"StreamARN": f"{ARN}creating", **ON_DEMAND}),
    ("UpdateStreamWarmThroughput", IN_USE, {"StreamName": "creating-on-demand", "WarmThroughputMiBps": 0}),
    # Arguments that make no sense together or here.
    ("AddTagsToStream", INVALID, {"StreamName": "orders", "Tags": TAGS_51}),
    ("CreateStream", INVALID, {"StreamName": "new", "ShardCount": 1, **ON_DEMAND}),
    ("DecreaseStreamRetentionPeriod", INVALID, {"StreamName": "orders", "RetentionPeriodHours": 100}),
    ("DeleteStream", INVALID, {}),
    ("DeregisterStreamConsumer", INVALID, {}),
    ("DescribeStream", INVALID, {}),
    ("DescribeStreamConsumer", INVALID, {}),
    ("DescribeStreamSummary", INVALID, {}),
    ("DisableEnhancedMonitoring", INVALID, {"ShardLevelMetrics": ["ALL"]}),
    ("EnableEnhancedMonitoring", INVALID, {"ShardLevelMetrics": ["ALL"]}),
    ("GetRecords", INVALID, {"ShardIterator": "nonsense"}),
    (
        "GetShardIterator",
        INVALID,
        {"StreamName": "orders", "ShardId": SHARD, "ShardIteratorType": "AT_SEQUENCE_NUMBER"},
    ),
    ("IncreaseStreamRetentionPeriod", INVALID, {"StreamName": "orders", "RetentionPeriodHours": 1}),
    ("ListShards", INVALID, {"StreamName": "orders", "NextToken": "t"}),
    ("ListStreamConsumers", INVALID, {"StreamARN": ORDERS, "NextToken": "nonsense"}),
    ("ListStreams", INVALID, {"NextToken": "nonsense"}),
    ("ListTagsForStream", INVALID, {}),
    ("MergeShards", INVALID, {"StreamName": "orders", "ShardToMerge": SHARD, "AdjacentShardToMerge": SHARD}),
    ("PutRecord", INVALID, {"StreamName": "orders", "ExplicitHashKey": str(2**128), **RECORD}),
    ("PutRecords", INVALID, {"StreamName": "orders", "Records": [{"ExplicitHashKey": str(2**128), **RECORD}]}),
    ("PutResourcePolicy", INVALID, {"ResourceARN": ORDERS, "Policy": "no JSON"}),
    ("RegisterStreamConsumer", INVALID, {"StreamARN": ORDERS, "ConsumerName": "new", "Tags": TAGS_51}),
    ("RemoveTagsFromStream", INVALID, {"TagKeys": ["a"]}),
    ("SplitShard", INVALID, {"StreamName": "orders", "ShardToSplit": SHARD, "NewStartingHashKey": "0"}),
    ("StartStreamEncryption", INVALID, KMS),
    ("StopStreamEncryption", INVALID, KMS),
    (
        "SubscribeToShard",
        INVALID,
        {"ConsumerARN": CONSUMER, "ShardId": SHARD, "StartingPosition": {"Type": "AT_SEQUENCE_NUMBER"}},
    ),
    ("TagResource", INVALID, {"ResourceARN": ORDERS, "Tags": TAGS_51}),
    ("UpdateMaxRecordSize", INVALID, {"MaxRecordSizeInKiB": 2048}),
    ("UpdateShardCount", INVALID, {"StreamName": "orders", "TargetShardCount": 5, "ScalingType": "UNIFORM_SCALING"}),
    ("UpdateStreamMode", INVALID, {"StreamARN": ORDERS, "WarmThroughputMiBps": 8, **PROVISIONED}),
    ("UpdateStreamWarmThroughput", INVALID, {"StreamName": "demand", "WarmThroughputMiBps": 8}),
    # What a constraint, or the mode of the stream, forbids.
    ("CreateStream", VALIDATION, {"StreamName": "a b", "ShardCount": 1}),
    ("DeleteResourcePolicy", VALIDATION, {"ResourceARN": QUEUE}),
    ("GetResourcePolicy", VALIDATION, {"ResourceARN": QUEUE}),
    ("ListTagsForResource", VALIDATION, {"ResourceARN": QUEUE}),
    ("MergeShards", VALIDATION, {"StreamName": "demand", "ShardToMerge": SHARD, "AdjacentShardToMerge": OTHER}),
    ("PutResourcePolicy", VALIDATION, {"ResourceARN": QUEUE, "Policy": POLICY}),
    ("SplitShard", VALIDATION, {"StreamName": "demand", "ShardToSplit": SHARD, "NewStartingHashKey": MIDDLE}),
    ("TagResource", VALIDATION, {"ResourceARN": QUEUE, "Tags": {"a": "b"}}),
    ("UntagResource", VALIDATION, {"ResourceARN": QUEUE, "TagKeys": ["a"]}),
    ("UpdateAccountSettings", VALIDATION, {"MinimumThroughputBillingCommitment": {"Status": "PERHAPS"}}),
    ("UpdateMaxRecordSize", VALIDATION, {"StreamARN": ORDERS, "MaxRecordSizeInKiB": 10}),
    ("UpdateShardCount", VALIDATION, {"StreamName": "demand", "TargetShardCount": 8, "ScalingType": "UNIFORM_SCALING"}),
    ("UpdateStreamMode", VALIDATION, {"StreamARN": ORDERS, "StreamModeDetails": {"StreamMode": "PERHAPS"}}),
    ("UpdateStreamWarmThroughput", VALIDATION, {"StreamName": "demand", "WarmThroughputMiBps": -1}),
]

#: Those that take more than one call; each has a test below.
SHOWN_BELOW = {
    ("CreateStream", LIMIT): "five streams in CREATING",
    ("RegisterStreamConsumer", LIMIT): "five consumers in CREATING",
    ("SplitShard", LIMIT): "the account's shards",
    ("UpdateShardCount", LIMIT): "the account's shards",
    ("StartStreamEncryption", LIMIT): "25 a day",
    ("StopStreamEncryption", LIMIT): "25 a day",
    ("UpdateStreamMode", LIMIT): "twice a day",
    ("GetRecords", "ExpiredIteratorException"): "after five minutes",
    ("GetRecords", THROUGHPUT): "five calls a second",
    ("GetRecords", NOT_FOUND): "the stream is deleted",
    ("ListShards", EXPIRED_TOKEN): "after five minutes",
    ("ListStreams", EXPIRED_TOKEN): "after five minutes",
    ("ListStreamConsumers", EXPIRED_TOKEN): "after five minutes",
    ("PutRecord", THROUGHPUT): "a MiB a second",
    ("SubscribeToShard", IN_USE): "again within five seconds",
}

CALL_RATES = "calls per second are not limited here: nothing is saved by refusing them (docs/kinesis.md)"
ANY_STATE = "accepted whatever state the stream is in, as the action's own text at AWS says nothing else"
UNREACHABLE: dict[tuple[str, str], str] = {
    ("*", "AccessDeniedException"): "nobody is refused as long as no policy is enforced",
    ("*", "InternalFailureException"): "a fault nobody foresaw",
    ("*", "KMS*"): "the key is stored, not used: nothing is encrypted with it",
    ("*", LIMIT): CALL_RATES,
    ("*", IN_USE): ANY_STATE,
    ("*", "DryRunOperationException"): "DryRun is newer than the clients this suite is for; tests/api/aws has it",
    ("GetShardIterator", THROUGHPUT): CALL_RATES,
    ("PutRecords", THROUGHPUT): "the call itself is never throttled: its entries are, one by one (below)",
    ("UpdateAccountSettings", INVALID): "its one member has only valid and invalid values, no wrong combinations",
    ("ListTagsForResource", INVALID): "every wrong ARN fails a constraint",
    ("UntagResource", INVALID): "the same",
    ("GetResourcePolicy", INVALID): "the same",
    ("DeleteResourcePolicy", INVALID): "the same",
}  # fmt: skip


def documented() -> set[tuple[str, str]]:
    operations = Loader().load_service_model("kinesis", "service-2")["operations"]
    return {(name, error["shape"]) for name in KINESIS.actions for error in operations[name].get("errors", [])}


def reason(pair: tuple[str, str]) -> str | None:
    code = pair[1]
    return UNREACHABLE.get(pair) or UNREACHABLE.get(("*", "KMS*" if code.startswith("KMS") else code))


def call(world: World, action: str, input_: dict[str, Any]) -> Any:
    return getattr(world.kinesis, xform_name(action))(**input_)


def refused(world: World, action: str, input_: dict[str, Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call(world, action, input_)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert caught.value.response["Error"]["Message"]
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with World(transition_ms=60_000) as made:
        made.kinesis.create_stream(StreamName="orders", ShardCount=2)
        made.kinesis.create_stream(StreamName="demand", **ON_DEMAND)
        made.advance(60)
        made.kinesis.register_stream_consumer(StreamARN=ORDERS, ConsumerName="c")
        made.advance(60)
        made.kinesis.create_stream(StreamName="creating", ShardCount=2)
        made.kinesis.create_stream(StreamName="creating-on-demand", **ON_DEMAND)
        yield made


@pytest.fixture
def quick() -> Iterator[World]:
    with World(transition_ms=0) as made:
        made.kinesis.create_stream(StreamName="orders", ShardCount=2)
        made.advance(0)
        yield made


def test_every_action_is_called() -> None:
    assert {action for action, _ in GOOD} | {"GetRecords"} == set(KINESIS.actions)


def test_every_documented_error_is_shown_or_has_a_reason() -> None:
    shown = {(action, code) for action, code, _ in REFUSED} | SHOWN_BELOW.keys()
    assert {pair for pair in documented() - shown if reason(pair) is None} == set()


def test_every_action() -> None:
    with World(transition_ms=0) as world:
        for action, input_ in GOOD:
            answer = call(world, action, input_)
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200, action
            if "ShardIterator" in answer:
                assert len(world.kinesis.get_records(ShardIterator=answer["ShardIterator"])["Records"]) >= 1
            if "EventStream" in answer:
                answer["EventStream"].close()
            world.advance(0)


@pytest.mark.parametrize(("action", "code", "input_"), REFUSED, ids=[f"{a}-{c}" for a, c, _ in REFUSED])
def test_refused(world: World, action: str, code: str, input_: dict[str, Any]) -> None:
    assert refused(world, action, input_) == code


class TestLimits:
    @pytest.mark.parametrize(("action", "make"), [
        ("CreateStream", lambda n: {"StreamName": f"s{n}", "ShardCount": 1}),
        ("RegisterStreamConsumer", lambda n: {"StreamARN": ORDERS, "ConsumerName": f"c{n}"}),
    ])  # fmt: skip
    def test_five_in_creating(self, action: str, make: Callable[[int], dict[str, Any]]) -> None:
        with World(transition_ms=60_000) as world:
            world.kinesis.create_stream(StreamName="orders", ShardCount=1)
            world.advance(60)
            for number in range(5):
                call(world, action, make(number))
            assert refused(world, action, make(5)) == LIMIT

    def test_shards_of_the_account(self) -> None:
        with World(transition_ms=0, shard_quota=2) as world:
            world.kinesis.create_stream(StreamName="orders", ShardCount=2)
            world.advance(0)
            split = {"StreamName": "orders", "ShardToSplit": SHARD, "NewStartingHashKey": MIDDLE}
            assert refused(world, "SplitShard", split) == LIMIT
            scale = {"StreamName": "orders", "TargetShardCount": 4, "ScalingType": "UNIFORM_SCALING"}
            assert refused(world, "UpdateShardCount", scale) == LIMIT

    def test_modes_change_twice_a_day(self, quick: World) -> None:
        for mode in (ON_DEMAND, PROVISIONED):
            quick.kinesis.update_stream_mode(StreamARN=ORDERS, **mode)
            quick.advance(1)
        assert refused(quick, "UpdateStreamMode", {"StreamARN": ORDERS, **ON_DEMAND}) == LIMIT
        quick.advance(24 * 3600)
        quick.kinesis.update_stream_mode(StreamARN=ORDERS, **ON_DEMAND)

    @pytest.mark.parametrize("action", ["StartStreamEncryption", "StopStreamEncryption"])
    def test_encryption_changes_25_times_a_day(self, quick: World, action: str) -> None:
        for _ in range(25):
            call(quick, action, {"StreamName": "orders", **KMS})
            quick.advance(1)
        assert refused(quick, action, {"StreamName": "orders", **KMS}) == LIMIT

    def test_writing(self, quick: World) -> None:
        mebibyte = {"StreamName": "orders", "PartitionKey": "k", "Data": b"x" * (2**20 - 1), "ExplicitHashKey": "0"}
        quick.kinesis.put_record(**mebibyte)
        assert refused(quick, "PutRecord", mebibyte) == THROUGHPUT
        entries = [{"PartitionKey": "k", "Data": b"", "ExplicitHashKey": key} for key in ("0", str(2**128 - 1))]
        answer = quick.kinesis.put_records(StreamName="orders", Records=entries)
        text = f"Rate exceeded for shard {SHARD} in stream orders under account {ACCOUNT}."
        assert answer["FailedRecordCount"] == 1
        assert answer["Records"][0] == {"ErrorCode": THROUGHPUT, "ErrorMessage": text}
        assert answer["Records"][1]["ShardId"] == OTHER

    def test_reading(self, quick: World) -> None:
        token = self._iterator(quick)
        for _ in range(5):
            quick.kinesis.get_records(ShardIterator=token)
        assert refused(quick, "GetRecords", {"ShardIterator": token}) == THROUGHPUT

    def test_iterators_expire(self, quick: World) -> None:
        token = self._iterator(quick)
        quick.advance(301)
        assert refused(quick, "GetRecords", {"ShardIterator": token}) == "ExpiredIteratorException"

    def test_iterators_of_a_deleted_stream(self, quick: World) -> None:
        token = self._iterator(quick)
        quick.kinesis.delete_stream(StreamName="orders")
        quick.advance(1)
        assert refused(quick, "GetRecords", {"ShardIterator": token}) == NOT_FOUND

    @pytest.mark.parametrize(("action", "first", "next_"), [
        ("ListShards", {"StreamName": "orders", "MaxResults": 1}, {}),
        ("ListStreams", {"Limit": 1}, {}),
        ("ListStreamConsumers", {"StreamARN": ORDERS, "MaxResults": 1}, {"StreamARN": ORDERS}),
    ])  # fmt: skip
    def test_page_tokens_expire(self, quick: World, action: str, first: dict[str, Any], next_: dict[str, Any]) -> None:
        quick.kinesis.create_stream(StreamName="second", ShardCount=1)
        for name in ("a", "b"):
            quick.kinesis.register_stream_consumer(StreamARN=ORDERS, ConsumerName=name)
        quick.advance(1)
        token = call(quick, action, first)["NextToken"]
        call(quick, action, {**next_, "NextToken": token})
        quick.advance(301)
        assert refused(quick, action, {**next_, "NextToken": token}) == EXPIRED_TOKEN

    def test_subscribing_again_within_five_seconds(self, quick: World) -> None:
        quick.kinesis.register_stream_consumer(StreamARN=ORDERS, ConsumerName="c")
        quick.advance(1)
        subscription = {"ConsumerARN": CONSUMER, "ShardId": SHARD, **AT_LATEST}
        first = quick.kinesis.subscribe_to_shard(**subscription)
        assert refused(quick, "SubscribeToShard", subscription) == IN_USE
        quick.advance(5)
        second = quick.kinesis.subscribe_to_shard(**subscription)
        for each in (first, second):
            each["EventStream"].close()

    @staticmethod
    def _iterator(world: World) -> str:
        wanted = {"StreamName": "orders", "ShardId": SHARD, "ShardIteratorType": "LATEST"}
        return str(world.kinesis.get_shard_iterator(**wanted)["ShardIterator"])
