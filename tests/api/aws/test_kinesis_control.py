# ruff: noqa: E501  a table has a line per case
"""The actions that change a stream or an account: what they answer, what they refuse, what is told afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aws_harness import ACCOUNT, ARN, NOW_S, REGION, Wire

from streamcore.broker import open_broker
from streamcore.clock import ManualClock
from streamcore.model.hashing import HASH_KEY_MAX
from streamcore.model.stream import Scope

SCOPE = Scope(ACCOUNT, REGION)
DAY_S = 24 * 3600
THIRD = (HASH_KEY_MAX + 1) // 3
SHARDS = [f"shardId-{number:012d}" for number in range(8)]
ORDERS = f"{ARN}orders"
IN_ORDERS = f"in stream orders under account {ACCOUNT}"
NOT_FOUND = ("ResourceNotFoundException", f"Stream missing under account {ACCOUNT} not found.")
INVALID = "InvalidArgumentException"
ON_DEMAND = {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}


async def settled(wire: Wire) -> None:
    """Returns when no stream is UPDATING or CREATING any more."""
    while wire.broker._background:
        await asyncio.gather(*wire.broker._background)


async def does(wire: Wire, action: str, **input_: Any) -> Any:
    """A call that is good, and its consequences."""
    output = await wire.ok(action, **input_)
    await settled(wire)
    return output


async def summary(wire: Wire, name: str = "orders") -> dict[str, Any]:
    found: dict[str, Any] = (await wire.ok("DescribeStreamSummary", StreamName=name))["StreamDescriptionSummary"]
    return found


#: A good input of every action that changes a stream, without the stream.
BY_NAME = {
    "AddTagsToStream": {"Tags": {"a": "b"}},
    "DecreaseStreamRetentionPeriod": {"RetentionPeriodHours": 24},
    "DisableEnhancedMonitoring": {"ShardLevelMetrics": ["ALL"]},
    "EnableEnhancedMonitoring": {"ShardLevelMetrics": ["ALL"]},
    "IncreaseStreamRetentionPeriod": {"RetentionPeriodHours": 48},
    "ListTagsForStream": {},
    "MergeShards": {"ShardToMerge": SHARDS[0], "AdjacentShardToMerge": SHARDS[1]},
    "RemoveTagsFromStream": {"TagKeys": ["a"]},
    "SplitShard": {"ShardToSplit": SHARDS[0], "NewStartingHashKey": "1000"},
    "StartStreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/mine"},
    "StopStreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/mine"},
    "UpdateShardCount": {"TargetShardCount": 4, "ScalingType": "UNIFORM_SCALING"},
}
BY_ARN = {
    "UpdateMaxRecordSize": {"MaxRecordSizeInKiB": 2048},
    "UpdateStreamMode": ON_DEMAND,
}
BY_RESOURCE = {
    "DeleteResourcePolicy": {},
    "GetResourcePolicy": {},
    "ListTagsForResource": {},
    "PutResourcePolicy": {"Policy": "{}"},
    "TagResource": {"Tags": {"a": "b"}},
    "UntagResource": {"TagKeys": ["a"]},
}
#: Those that say in the model that a stream must be ACTIVE; tags, policies and lists do without.
NEED_ACTIVE = (BY_NAME | BY_ARN).keys() - {"AddTagsToStream", "RemoveTagsFromStream", "ListTagsForStream"}
WITHOUT_UPDATING = {"DecreaseStreamRetentionPeriod", "IncreaseStreamRetentionPeriod"}


class TestWhichStream:
    @pytest.mark.parametrize("action", BY_NAME)
    async def test_by_name_or_arn(self, wire: Wire, action: str) -> None:
        input_ = BY_NAME[action]
        assert await wire.fails(action, StreamName="missing", **input_) == NOT_FOUND
        assert await wire.fails(action, StreamARN=f"{ARN}missing", **input_) == NOT_FOUND
        assert await wire.fails(action, **input_) == (INVALID, "Either StreamName or StreamARN should be provided.")
        assert (await wire.fails(action, StreamName="other", StreamARN=ORDERS, **input_))[0] == INVALID
        await does(wire, action, StreamName="orders", StreamARN=ORDERS, **input_)

    @pytest.mark.parametrize("action", BY_ARN)
    async def test_by_arn_only(self, wire: Wire, action: str) -> None:
        assert await wire.fails(action, StreamARN=f"{ARN}missing", **BY_ARN[action]) == NOT_FOUND
        await does(wire, action, StreamARN=ORDERS, **BY_ARN[action])

    @pytest.mark.parametrize("action", BY_RESOURCE)
    async def test_by_resource(self, wire: Wire, action: str) -> None:
        assert await wire.fails(action, ResourceARN=f"{ARN}missing", **BY_RESOURCE[action]) == NOT_FOUND
        queue = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:queue/q"
        assert (await wire.fails(action, ResourceARN=queue, **BY_RESOURCE[action]))[0] == "ValidationException"
        await does(wire, action, ResourceARN=ORDERS, **BY_RESOURCE[action])

    @pytest.mark.parametrize("action", sorted(NEED_ACTIVE))
    async def test_only_active_ones(self, slow_wire: Wire, action: str) -> None:
        await slow_wire.ok("CreateStream", StreamName="s", ShardCount=3)
        error = ("ResourceInUseException", f"Stream s under account {ACCOUNT} not ACTIVE, instead in state CREATING")
        assert await slow_wire.fails(action, StreamARN=f"{ARN}s", **(BY_NAME | BY_ARN)[action]) == error

    @pytest.mark.parametrize("action", sorted(NEED_ACTIVE))
    async def test_updating_for_a_while(self, slow_wire: Wire, action: str) -> None:
        await slow_wire.ok("CreateStream", StreamName="s", ShardCount=3)
        slow_wire.clock.advance(60)
        await settled(slow_wire)
        await slow_wire.ok(action, StreamARN=f"{ARN}s", **(BY_NAME | BY_ARN)[action])
        status = "ACTIVE" if action in WITHOUT_UPDATING else "UPDATING"
        assert (await summary(slow_wire, "s"))["StreamStatus"] == status
        await slow_wire.ok("PutRecord", StreamName="s", PartitionKey="k", Data=b"")
        slow_wire.clock.advance(60)
        await settled(slow_wire)
        assert (await summary(slow_wire, "s"))["StreamStatus"] == "ACTIVE"


class TestResharding:
    async def test_split_exactly(self, wire: Wire) -> None:
        wire.clock.advance(5)
        assert await does(wire, "SplitShard", StreamName="orders", ShardToSplit="0", NewStartingHashKey="1000") is None
        shards = (await wire.ok("ListShards", StreamName="orders"))["Shards"]
        assert [shard["ShardId"] for shard in shards] == SHARDS[:5]
        sequence = f"2{NOW_S:09x}07fffffffffffffff00{NOW_S + 5:09x}000000002"
        assert shards[0]["SequenceNumberRange"]["EndingSequenceNumber"] == str(int(sequence, 16))
        assert shards[3] == {
            "ShardId": SHARDS[3],
            "ParentShardId": SHARDS[0],
            "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "999"},
            "SequenceNumberRange": {"StartingSequenceNumber": str(int(f"2{NOW_S + 6:09x}3{0:016x}00{NOW_S + 6:09x}000000032", 16))},
        }  # fmt: skip
        assert shards[4]["HashKeyRange"] == {"StartingHashKey": "1000", "EndingHashKey": str(THIRD - 1)}

    async def test_merge_exactly(self, wire: Wire) -> None:
        assert await does(wire, "MergeShards", StreamName="orders", ShardToMerge=SHARDS[1], AdjacentShardToMerge=SHARDS[2]) is None  # fmt: skip
        merged = (await wire.ok("ListShards", StreamName="orders"))["Shards"][3]
        assert (merged["ParentShardId"], merged["AdjacentParentShardId"]) == (SHARDS[1], SHARDS[2])
        assert merged["HashKeyRange"] == {"StartingHashKey": str(THIRD), "EndingHashKey": str(HASH_KEY_MAX)}

    async def test_update_shard_count_exactly(self, wire: Wire) -> None:
        got = await does(wire, "UpdateShardCount", StreamName="orders", TargetShardCount=6, ScalingType="UNIFORM_SCALING")  # fmt: skip
        assert got == {
            "StreamName": "orders",
            "StreamARN": ORDERS,
            "CurrentShardCount": 3,
            "TargetShardCount": 6,
        }
        assert (await summary(wire))["OpenShardCount"] == 6

    async def test_records_go_on_from_parent_to_child(self, wire: Wire) -> None:
        await wire.ok("PutRecord", StreamName="orders", PartitionKey="a", Data=b"1", ExplicitHashKey="5")
        token = (await wire.ok("GetShardIterator", StreamName="orders", ShardId="0", ShardIteratorType="TRIM_HORIZON"))["ShardIterator"]  # fmt: skip
        await does(wire, "SplitShard", StreamName="orders", ShardToSplit="0", NewStartingHashKey="1000")
        put = await wire.ok("PutRecord", StreamName="orders", PartitionKey="a", Data=b"2", ExplicitHashKey="5")
        got = await wire.ok("GetRecords", ShardIterator=token)
        assert (len(got["Records"]), got["NextShardIterator"]) == (1, None)
        assert [child["ShardId"] for child in got["ChildShards"]] == SHARDS[3:5]
        assert put["ShardId"] == SHARDS[3]
        assert int(put["SequenceNumber"]) > int(got["Records"][0]["SequenceNumber"])

    @pytest.mark.parametrize(
        ("action", "input_", "error"),
        [
            ("SplitShard", {"ShardToSplit": "shardId-7", "NewStartingHashKey": "9"}, ("ResourceNotFoundException", f"Could not find shard {SHARDS[7]} {IN_ORDERS}.")),
            ("SplitShard", {"ShardToSplit": "nonsense", "NewStartingHashKey": "9"}, ("ResourceNotFoundException", f"Could not find shard nonsense {IN_ORDERS}.")),
            ("SplitShard", {"ShardToSplit": "0", "NewStartingHashKey": "1"}, (INVALID, f"NewStartingHashKey 1 used in SplitShard() on shard {SHARDS[0]} {IN_ORDERS} is not both greater than one plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey {THIRD - 1}.")),
            ("SplitShard", {"ShardToSplit": "0", "NewStartingHashKey": "9" * 39}, (INVALID, f"NewStartingHashKey {'9' * 39} used in SplitShard() on shard {SHARDS[0]} {IN_ORDERS} is not both greater than one plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey {THIRD - 1}.")),
            ("MergeShards", {"ShardToMerge": "0", "AdjacentShardToMerge": "2"}, (INVALID, f"Shards {SHARDS[0]} and {SHARDS[2]} {IN_ORDERS} are not an adjacent pair of shards eligible for merging")),
            ("MergeShards", {"ShardToMerge": "0", "AdjacentShardToMerge": "2147483648"}, ("ResourceNotFoundException", f"Could not find shard 2147483648 {IN_ORDERS}.")),
            ("UpdateShardCount", {"TargetShardCount": 7, "ScalingType": "UNIFORM_SCALING"}, (INVALID, "UpdateShardCount cannot scale up over double your current open shard count. Current open shard count: 3 Target shard count: 7")),
            ("UpdateShardCount", {"TargetShardCount": 1, "ScalingType": "UNIFORM_SCALING"}, (INVALID, "UpdateShardCount cannot scale down below half your current open shard count. Current open shard count: 3 Target shard count: 1")),
        ],
    )  # fmt: skip
    async def test_refused(self, wire: Wire, action: str, input_: dict[str, Any], error: tuple[str, str]) -> None:
        assert await wire.fails(action, StreamName="orders", **input_) == error

    async def test_a_shard_splits_once(self, wire: Wire) -> None:
        split = {"StreamName": "orders", "ShardToSplit": "0", "NewStartingHashKey": "1000"}
        await does(wire, "SplitShard", **split)
        closed = f"Shard {SHARDS[0]} {IN_ORDERS} has already been merged or split, and thus is not eligible for merging or splitting."
        assert await wire.fails("SplitShard", **split) == (INVALID, closed)
        assert await wire.fails("MergeShards", StreamName="orders", ShardToMerge="0", AdjacentShardToMerge="1") == (INVALID, closed)  # fmt: skip

    async def test_provisioned_only(self, wire: Wire) -> None:
        await does(wire, "CreateStream", StreamName="auto", **ON_DEMAND)
        error = (
            "ValidationException",
            f"Request is invalid. Stream auto under account {ACCOUNT} is in On-Demand mode.",
        )
        for action in ("SplitShard", "MergeShards", "UpdateShardCount"):
            assert await wire.fails(action, StreamName="auto", **BY_NAME[action]) == error

    async def test_ten_updates_in_a_day(self, wire: Wire) -> None:
        update = {"StreamName": "orders", "TargetShardCount": 3, "ScalingType": "UNIFORM_SCALING"}
        for _ in range(10):
            await does(wire, "UpdateShardCount", **update)
        assert (await wire.fails("UpdateShardCount", **update))[0] == "LimitExceededException"
        wire.clock.advance(DAY_S)
        await does(wire, "UpdateShardCount", **update)


class TestQuota:
    async def test_of_open_shards(self) -> None:
        async with open_broker(None, clock=ManualClock(NOW_S * 1000), transition_ms=0, shard_quota=4) as broker:
            wire = Wire(broker, broker.clock, "application/x-amz-json-1.1")  # type: ignore[arg-type]
            await does(wire, "CreateStream", StreamName="orders", ShardCount=3)
            text = (
                f"This request would exceed the shard limit for the account {ACCOUNT} in {REGION}. Current shard count "
                "for the account: {}. Limit: 4. Number of additional shards that would have resulted from this request: "
                "{}. Refer to the AWS Service Limits page "
                "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to "
                "request higher limits."
            )
            limit = "LimitExceededException"
            assert await wire.fails("CreateStream", StreamName="new") == (limit, text.format(3, 4))
            assert await wire.fails("UpdateShardCount", StreamName="orders", TargetShardCount=5, ScalingType="UNIFORM_SCALING") == (limit, text.format(3, 2))  # fmt: skip
            await does(wire, "SplitShard", StreamName="orders", ShardToSplit="0", NewStartingHashKey="1000")
            assert await wire.fails("SplitShard", StreamName="orders", ShardToSplit="1", NewStartingHashKey=str(THIRD + 9)) == (limit, text.format(4, 1))  # fmt: skip
            await does(wire, "MergeShards", StreamName="orders", ShardToMerge="3", AdjacentShardToMerge="4")
            await does(wire, "CreateStream", StreamName="auto", **ON_DEMAND)  # not counted
            assert await wire.ok("DescribeLimits") == {
                "ShardLimit": 4,
                "OpenShardCount": 3,
                "OnDemandStreamCount": 1,
                "OnDemandStreamCountLimit": 50,
            }
            mode = {"StreamMode": "PROVISIONED"}
            assert await wire.fails("UpdateStreamMode", StreamARN=f"{ARN}auto", StreamModeDetails=mode) == (limit, text.format(3, 4))  # fmt: skip

    async def test_of_on_demand_streams(self, wire: Wire) -> None:
        for number in range(50):
            await does(wire, "CreateStream", StreamName=f"s{number}", **ON_DEMAND)
        error = ("LimitExceededException", f"Account {ACCOUNT} in {REGION} has 50 on-demand streams already.")
        assert await wire.fails("CreateStream", StreamName="new", **ON_DEMAND) == error
        assert await wire.fails("UpdateStreamMode", StreamARN=ORDERS, **ON_DEMAND) == error


class TestRetention:
    async def test_up_and_down(self, wire: Wire) -> None:
        assert await does(wire, "IncreaseStreamRetentionPeriod", StreamName="orders", RetentionPeriodHours=8760) is None
        assert (await summary(wire))["RetentionPeriodHours"] == 8760
        assert await does(wire, "DecreaseStreamRetentionPeriod", StreamName="orders", RetentionPeriodHours=24) is None
        assert (await summary(wire))["RetentionPeriodHours"] == 24

    @pytest.mark.parametrize(
        ("action", "hours", "message"),
        [
            ("Increase", 23, "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short."),
            ("Increase", 8761, "Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too long."),
            ("Increase", 24, "Requested retention period (24 hours) for stream orders can not be shorter than existing retention period (48 hours). Use DecreaseRetentionPeriod API."),
            ("Decrease", 23, "Minimum allowed retention period is 24 hours. Requested retention period (23 hours) is too short."),
            ("Decrease", 8761, "Maximum allowed retention period is 8760 hours. Requested retention period (8761 hours) is too long."),
            ("Decrease", 49, "Requested retention period (49 hours) for stream orders can not be longer than existing retention period (48 hours). Use IncreaseRetentionPeriod API."),
        ],
    )  # fmt: skip
    async def test_refused(self, wire: Wire, action: str, hours: int, message: str) -> None:
        await does(wire, "IncreaseStreamRetentionPeriod", StreamName="orders", RetentionPeriodHours=48)
        action = f"{action}StreamRetentionPeriod"
        assert await wire.fails(action, StreamName="orders", RetentionPeriodHours=hours) == (INVALID, message)

    async def test_closed_shards_leave_the_lists(self, wire: Wire) -> None:
        await does(wire, "SplitShard", StreamName="orders", ShardToSplit="0", NewStartingHashKey="1000")
        wire.clock.advance(DAY_S)
        for kind in ("FROM_TRIM_HORIZON", "AT_TRIM_HORIZON", "AT_LATEST"):
            shards = (await wire.ok("ListShards", StreamName="orders", ShardFilter={"Type": kind}))["Shards"]
            assert [shard["ShardId"] for shard in shards] == SHARDS[1:5]
        described = (await wire.ok("DescribeStream", StreamName="orders"))["StreamDescription"]["Shards"]
        assert [shard["ShardId"] for shard in described] == SHARDS[1:5]

    async def test_a_shard_that_closed_as_it_was_made_is_listed(self, wire: Wire) -> None:
        await does(wire, "UpdateShardCount", StreamName="orders", TargetShardCount=4, ScalingType="UNIFORM_SCALING")
        shards = (await wire.ok("ListShards", StreamName="orders"))["Shards"]
        assert sum("EndingSequenceNumber" not in shard["SequenceNumberRange"] for shard in shards) == 4
        assert len(shards) > 7


class TestTags:
    async def test_of_a_stream(self, wire: Wire) -> None:
        assert (
            await does(wire, "AddTagsToStream", StreamName="orders", Tags={"b": "1", "a": "ü _./=+-@:", "c": ""})
            is None
        )
        await does(wire, "AddTagsToStream", StreamName="orders", Tags={"b": "2"})
        assert await wire.ok("ListTagsForStream", StreamName="orders") == {
            "Tags": [{"Key": "a", "Value": "ü _./=+-@:"}, {"Key": "b", "Value": "2"}, {"Key": "c", "Value": ""}],
            "HasMoreTags": False,
        }
        got = await wire.ok("ListTagsForStream", StreamName="orders", ExclusiveStartTagKey="a", Limit=1)
        assert got == {"Tags": [{"Key": "b", "Value": "2"}], "HasMoreTags": True}
        assert await does(wire, "RemoveTagsFromStream", StreamName="orders", TagKeys=["a", "c", "none"]) is None
        assert (await wire.ok("ListTagsForResource", ResourceARN=ORDERS)) == {"Tags": [{"Key": "b", "Value": "2"}]}

    async def test_of_a_resource(self, wire: Wire) -> None:
        assert await does(wire, "TagResource", ResourceARN=ORDERS, Tags={"a": "1", "b": "2"}) is None
        assert await does(wire, "UntagResource", ResourceARN=ORDERS, TagKeys=["a"]) is None
        assert (await wire.ok("ListTagsForStream", StreamName="orders"))["Tags"] == [{"Key": "b", "Value": "2"}]

    INVALID_TEXT = "Some tags contain invalid characters. Valid characters: Unicode letters, digits, white space, _ . / = + - % @ :."
    PERCENT = f"{{}} stream orders under account {ACCOUNT} because some tags contained illegal characters. The allowed characters are Unicode letters, white-spaces, '_',',','/','=','+','-','@',':'."

    @pytest.mark.parametrize(
        ("action", "input_", "message"),
        [
            ("AddTagsToStream", {"Tags": {"a*": ""}}, INVALID_TEXT),
            ("AddTagsToStream", {"Tags": {"a": "(b)"}}, INVALID_TEXT),
            ("AddTagsToStream", {"Tags": {"a": "%"}}, PERCENT.format("Failed to add tags to")),
            ("RemoveTagsFromStream", {"TagKeys": ["a*"]}, INVALID_TEXT),
            ("RemoveTagsFromStream", {"TagKeys": ["%"]}, PERCENT.format("Failed to remove tags from")),
            ("AddTagsToStream", {"Tags": {str(number): "" for number in range(50)}}, f"Failed to add tags to stream orders under account {ACCOUNT} because a given stream cannot have more than 50 tags associated with it."),
        ],
    )  # fmt: skip
    async def test_refused(self, wire: Wire, action: str, input_: dict[str, Any], message: str) -> None:
        await does(wire, "AddTagsToStream", StreamName="orders", Tags={"there": ""})
        assert await wire.fails(action, StreamName="orders", **input_) == (INVALID, message)

    async def test_sentences(self, wire: Wire) -> None:
        code, message = await wire.fails("AddTagsToStream", StreamName="orders", Tags={})
        assert (code, message) == ("ValidationException", "1 validation error detected: Value '{}' at 'tags' failed to satisfy constraint: Member must have length greater than or equal to 1")  # fmt: skip


async def test_consumers_are_resources(wire: Wire) -> None:
    made = await does(wire, "RegisterStreamConsumer", StreamARN=ORDERS, ConsumerName="c", Tags={"a": "1"})
    arn = made["Consumer"]["ConsumerARN"]
    await does(wire, "TagResource", ResourceARN=arn, Tags={"b": "2"})
    await does(wire, "UntagResource", ResourceARN=arn, TagKeys=["a", "none"])
    assert await wire.ok("ListTagsForResource", ResourceARN=arn) == {"Tags": [{"Key": "b", "Value": "2"}]}
    assert await wire.ok("ListTagsForResource", ResourceARN=ORDERS) == {"Tags": []}
    await does(wire, "PutResourcePolicy", ResourceARN=arn, Policy='{"a":1}')
    assert await wire.ok("GetResourcePolicy", ResourceARN=arn) == {"Policy": '{"a":1}'}
    assert await wire.ok("GetResourcePolicy", ResourceARN=ORDERS) == {"Policy": "{}"}
    await does(wire, "DeleteResourcePolicy", ResourceARN=arn)
    assert await wire.ok("GetResourcePolicy", ResourceARN=arn) == {"Policy": "{}"}
    assert (await wire.fails("TagResource", ResourceARN=arn, Tags={"*": ""}))[0] == INVALID
    assert (await wire.fails("PutResourcePolicy", ResourceARN=arn, Policy="[]"))[0] == INVALID
    for action, input_ in BY_RESOURCE.items():
        assert (await wire.fails(action, ResourceARN=f"{arn}9", **input_))[0] == "ResourceNotFoundException"


class TestEncryption:
    async def test_it_is_told_everywhere(self, wire: Wire) -> None:
        assert await does(wire, "StartStreamEncryption", StreamName="orders", EncryptionType="KMS", KeyId="alias/mine") is None  # fmt: skip
        found = await summary(wire)
        assert (found["EncryptionType"], found["KeyId"]) == ("KMS", "alias/mine")
        put = await wire.ok("PutRecord", StreamName="orders", PartitionKey="a", Data=b"x", ExplicitHashKey="0")
        assert put["EncryptionType"] == "KMS"
        entries = [{"PartitionKey": "a", "Data": b"x", "ExplicitHashKey": "0"}]
        assert (await wire.ok("PutRecords", StreamName="orders", Records=entries))["EncryptionType"] == "KMS"
        token = (await wire.ok("GetShardIterator", StreamName="orders", ShardId="0", ShardIteratorType="TRIM_HORIZON"))["ShardIterator"]  # fmt: skip
        got = await wire.ok("GetRecords", ShardIterator=token)
        assert [record["EncryptionType"] for record in got["Records"]] == ["KMS", "KMS"]
        assert await does(wire, "StopStreamEncryption", StreamName="orders", EncryptionType="KMS", KeyId="alias/mine") is None  # fmt: skip
        found = await summary(wire)
        assert (found["EncryptionType"], found.get("KeyId")) == ("NONE", None)
        got = await wire.ok("GetRecords", ShardIterator=token)
        assert all("EncryptionType" not in record for record in got["Records"])

    @pytest.mark.parametrize("action", ["StartStreamEncryption", "StopStreamEncryption"])
    async def test_refused(self, wire: Wire, action: str) -> None:
        error = (INVALID, "EncryptionType NONE is not valid here; the only valid value is KMS.")
        assert await wire.fails(action, StreamName="orders", EncryptionType="NONE", KeyId="k") == error
        for _ in range(25):
            await does(wire, action, StreamName="orders", EncryptionType="KMS", KeyId="k")
        error = (
            "LimitExceededException",
            f"{action} can be called 25 times in 24 hours for stream orders under account {ACCOUNT}.",
        )
        assert await wire.fails(action, StreamName="orders", EncryptionType="KMS", KeyId="k") == error


ALL = ["IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords", "WriteProvisionedThroughputExceeded",
       "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds"]  # fmt: skip


async def test_enhanced_monitoring(wire: Wire) -> None:
    def output(current: list[str], desired: list[str]) -> dict[str, Any]:
        named = {"StreamName": "orders", "StreamARN": ORDERS}
        return {**named, "CurrentShardLevelMetrics": current, "DesiredShardLevelMetrics": desired}

    two = ["IncomingBytes", "IteratorAgeMilliseconds"]
    enable, disable = "EnableEnhancedMonitoring", "DisableEnhancedMonitoring"
    assert await does(wire, enable, StreamName="orders", ShardLevelMetrics=two[::-1]) == output([], two)
    assert (await summary(wire))["EnhancedMonitoring"] == [{"ShardLevelMetrics": two}]
    assert await does(wire, enable, StreamName="orders", ShardLevelMetrics=["ALL"]) == output(two, ALL)
    assert await does(wire, disable, StreamName="orders", ShardLevelMetrics=two) == output(ALL, ALL[1:-1])
    assert await does(wire, disable, StreamName="orders", ShardLevelMetrics=["ALL"]) == output(ALL[1:-1], [])


async def test_max_record_size(wire: Wire) -> None:
    record = {"StreamName": "orders", "PartitionKey": "a", "Data": bytes(2**20 + 1)}
    assert (await wire.fails("PutRecord", **record))[0] == "ValidationException"
    assert await does(wire, "UpdateMaxRecordSize", StreamARN=ORDERS, MaxRecordSizeInKiB=2048) is None
    await wire.ok("PutRecord", **record)
    assert (await summary(wire))["MaxRecordSizeInKiB"] == 2048
    for bad in (1023, 10241):
        assert (await wire.fails("UpdateMaxRecordSize", StreamARN=ORDERS, MaxRecordSizeInKiB=bad))[0] == "ValidationException"  # fmt: skip


async def test_resource_policies(wire: Wire) -> None:
    assert await wire.ok("GetResourcePolicy", ResourceARN=ORDERS) == {"Policy": "{}"}
    policy = '{"Version": "2012-10-17"}'
    assert await does(wire, "PutResourcePolicy", ResourceARN=ORDERS, Policy=policy) is None
    assert await wire.ok("GetResourcePolicy", ResourceARN=ORDERS) == {"Policy": policy}
    for bad in ("", "[]", "{", "text"):
        error = (INVALID, "The resource policy is not a valid JSON document.")
        assert await wire.fails("PutResourcePolicy", ResourceARN=ORDERS, Policy=bad) == error
    assert await does(wire, "DeleteResourcePolicy", ResourceARN=ORDERS) is None
    assert await wire.ok("GetResourcePolicy", ResourceARN=ORDERS) == {"Policy": "{}"}


class TestModes:
    async def test_two_switches_in_a_day(self, wire: Wire) -> None:
        provisioned = {"StreamARN": ORDERS, "StreamModeDetails": {"StreamMode": "PROVISIONED"}}
        assert await does(wire, "UpdateStreamMode", **provisioned) is None  # it is already
        assert await does(wire, "UpdateStreamMode", StreamARN=ORDERS, **ON_DEMAND) is None
        found = await summary(wire)
        assert (found["StreamModeDetails"], found["OpenShardCount"]) == ({"StreamMode": "ON_DEMAND"}, 3)
        await does(wire, "UpdateStreamMode", **provisioned)
        error = (
            "LimitExceededException",
            f"UpdateStreamMode can be called 2 times in 24 hours for stream orders under account {ACCOUNT}.",
        )
        assert await wire.fails("UpdateStreamMode", StreamARN=ORDERS, **ON_DEMAND) == error
        wire.clock.advance(DAY_S)
        await does(wire, "UpdateStreamMode", StreamARN=ORDERS, **ON_DEMAND)

    NO_COMMITMENT = (
        INVALID,
        "WarmThroughputMiBps requires MinimumThroughputBillingCommitment, which is not enabled for the account.",
    )

    async def test_warm_throughput(self, wire: Wire) -> None:
        warm = {"StreamName": "auto", "WarmThroughputMiBps": 6}
        await does(wire, "CreateStream", StreamName="auto", **ON_DEMAND)
        assert await wire.fails("UpdateStreamWarmThroughput", **warm) == self.NO_COMMITMENT
        assert await wire.fails("CreateStream", **warm, **ON_DEMAND) == self.NO_COMMITMENT
        assert await wire.fails("UpdateStreamMode", StreamARN=f"{ARN}auto", WarmThroughputMiBps=6, **ON_DEMAND) == self.NO_COMMITMENT  # fmt: skip
        await does(wire, "UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": "ENABLED"})
        assert await does(wire, "UpdateStreamWarmThroughput", **warm) == {
            "StreamName": "auto",
            "StreamARN": f"{ARN}auto",
            "WarmThroughput": {"TargetMiBps": 6, "CurrentMiBps": 0},
        }
        found = await summary(wire, "auto")
        assert (found["OpenShardCount"], found["WarmThroughput"]) == (6, {"TargetMiBps": 6, "CurrentMiBps": 6})
        await does(wire, "CreateStream", **warm | {"StreamName": "warm"}, **ON_DEMAND)
        found = await summary(wire, "warm")
        assert (found["OpenShardCount"], found["WarmThroughput"]) == (6, {"TargetMiBps": 6, "CurrentMiBps": 6})
        await does(wire, "UpdateStreamMode", StreamARN=ORDERS, WarmThroughputMiBps=5, **ON_DEMAND)
        assert (await summary(wire))["OpenShardCount"] == 5
        many = (INVALID, "WarmThroughputMiBps cannot be more than 200, 201 was requested.")
        assert await wire.fails("UpdateStreamWarmThroughput", StreamName="auto", WarmThroughputMiBps=201) == many
        assert await wire.fails("CreateStream", StreamName="new", WarmThroughputMiBps=201, **ON_DEMAND) == many

    async def test_warm_throughput_of_provisioned_streams(self, wire: Wire) -> None:
        error = (
            "ValidationException",
            f"Request is invalid. Stream orders under account {ACCOUNT} is not in On-Demand mode.",
        )
        assert await wire.fails("UpdateStreamWarmThroughput", StreamName="orders", WarmThroughputMiBps=1) == error
        mode = {"StreamMode": "PROVISIONED"}
        error = (INVALID, "WarmThroughputMiBps cannot be specified for a stream in PROVISIONED mode.")
        assert await wire.fails("UpdateStreamMode", StreamARN=ORDERS, StreamModeDetails=mode, WarmThroughputMiBps=1) == error  # fmt: skip


async def test_account_settings(wire: Wire) -> None:
    async def update(status: str) -> dict[str, Any]:
        got: dict[str, Any] = await does(wire, "UpdateAccountSettings", MinimumThroughputBillingCommitment={"Status": status})  # fmt: skip
        return got

    def output(**fields: Any) -> dict[str, Any]:
        return {"MinimumThroughputBillingCommitment": fields}

    assert await wire.ok("DescribeAccountSettings") == output(Status="DISABLED")
    assert await update("DISABLED") == output(Status="DISABLED")
    times = {"StartedAt": NOW_S, "EarliestAllowedEndAt": NOW_S + DAY_S}
    assert await update("ENABLED") == output(Status="ENABLED", **times)
    wire.clock.advance(3600)
    assert await update("ENABLED") == output(Status="ENABLED", **times)
    ending = output(Status="ENABLED_UNTIL_EARLIEST_ALLOWED_END", **times, EndedAt=NOW_S + DAY_S)
    assert await update("DISABLED") == ending
    assert await update("ENABLED") == output(Status="ENABLED", **times)
    assert await update("DISABLED") == ending
    wire.clock.advance(DAY_S)
    ended = output(Status="DISABLED", **times, EndedAt=NOW_S + DAY_S)
    assert await wire.ok("DescribeAccountSettings") == ended
    other = await wire.call(
        "DescribeAccountSettings",
        {},
        authorization="AWS4-HMAC-SHA256 Credential=999999999999/20231114/eu-west-1/kinesis/aws4_request, SignedHeaders=host, Signature=0",
    )
    assert other == (200, output(Status="DISABLED"))
    assert (await update("ENABLED"))["MinimumThroughputBillingCommitment"]["StartedAt"] == NOW_S + 3600 + DAY_S


class TestReading:
    async def test_numbers_of_another_incarnation(self, wire: Wire) -> None:
        put = await wire.ok("PutRecord", StreamName="orders", PartitionKey="a", Data=b"", ExplicitHashKey="0")
        number = put["SequenceNumber"]
        wire.clock.advance(2)
        await wire.broker.delete_stream("orders", scope=SCOPE)
        await wire.broker.create_stream("orders", shards=3, scope=SCOPE)
        used = f"StartingSequenceNumber {{}} used in GetShardIterator on shard {SHARDS[0]} {IN_ORDERS} is invalid"
        asked = {"StreamName": "orders", "ShardId": "0", "ShardIteratorType": "AT_SEQUENCE_NUMBER"}
        error = (INVALID, f"{used.format(number)} because it did not come from this stream.")
        assert await wire.fails("GetShardIterator", StartingSequenceNumber=number, **asked) == error
        assert await wire.fails("GetShardIterator", StartingSequenceNumber="5", **asked) == (INVALID, f"{used.format(5)}.")  # fmt: skip

    async def test_an_iterator_is_of_its_stream(self, wire: Wire) -> None:
        await does(wire, "CreateStream", StreamName="other", ShardCount=1)
        token = (await wire.ok("GetShardIterator", StreamName="orders", ShardId="0", ShardIteratorType="LATEST"))["ShardIterator"]  # fmt: skip
        error = (INVALID, f"StreamARN {ARN}other is not the stream of this ShardIterator.")
        assert await wire.fails("GetRecords", ShardIterator=token, StreamARN=f"{ARN}other") == error
        await wire.ok("GetRecords", ShardIterator=token, StreamARN=ORDERS)
