# ruff: noqa: E501  a table has a line per case
"""CreateStream, DeleteStream, DescribeStream, DescribeStreamSummary, ListStreams, ListShards."""

from __future__ import annotations

import msgspec
import pytest
from aws_harness import ACCOUNT, ARN, NOW_S, Time, Wire, split, split_stream

from streamcore.api.aws.kinesis.list_shards import Criteria, ShardFilterType, select
from streamcore.api.aws.kinesis.tokens import decode_token, encode_token
from streamcore.errors import InvalidArgument
from streamcore.model.stream import Scope, ShardInfo, StreamInfo, StreamStatus, uniform_shards

NOT_FOUND = ("ResourceNotFoundException", f"Stream missing under account {ACCOUNT} not found.")
ARN_MISMATCH = ("InvalidArgumentException", f"StreamName other is not the stream of StreamARN {ARN}orders.")
NO_STREAM = ("InvalidArgumentException", "Either StreamName or StreamARN should be provided.")


def not_active(name: str, state: str) -> tuple[str, str]:
    return "ResourceInUseException", f"Stream {name} under account {ACCOUNT} not ACTIVE, instead in state {state}"


CREATE_REFUSED = [
    ({"StreamName": "orders"}, ("ResourceInUseException", f"Stream orders under account {ACCOUNT} already exists.")),
    ({"StreamName": "n", "ShardCount": 1, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}, ("InvalidArgumentException", "ShardCount cannot be specified for a stream in ON_DEMAND mode.")),
    ({"StreamName": "n", "WarmThroughputMiBps": 1}, ("InvalidArgumentException", "WarmThroughputMiBps cannot be specified for a stream in PROVISIONED mode.")),
    ({"StreamName": "n", "WarmThroughputMiBps": 1, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}, ("InvalidArgumentException", "WarmThroughputMiBps requires MinimumThroughputBillingCommitment, which is not enabled for the account.")),
    ({"StreamName": "n", "RecordDistributionStrategy": "AUTO"}, ("InvalidArgumentException", "RecordDistributionStrategy AUTO is not available; use USER_PARTITION_KEY.")),
    ({"StreamName": "n", "ShardCount": 10001}, ("LimitExceededException", f"This request would exceed the shard limit for the account {ACCOUNT} in eu-west-1. Current shard count for the account: 3. Limit: 500. Number of additional shards that would have resulted from this request: 10001. Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits.")),
    ({"StreamName": "n", "Tags": {str(i): "" for i in range(51)}}, ("InvalidArgumentException", f"Failed to add tags to stream n under account {ACCOUNT} because a given stream cannot have more than 50 tags associated with it.")),
]  # fmt: skip


class TestCreateStream:
    async def test_answers_nothing_and_creates(self, slow_wire: Wire) -> None:
        assert await slow_wire.ok("CreateStream", StreamName="new", ShardCount=2) is None
        found = (await slow_wire.ok("DescribeStream", StreamName="new"))["StreamDescription"]
        assert (found["StreamStatus"], found["Shards"]) == ("CREATING", [])

    async def test_all_that_can_be_set(self, wire: Wire) -> None:
        await wire.ok("CreateStream", StreamName="new", ShardCount=2, MaxRecordSizeInKiB=10240, Tags={"a": "", "b": "c"},
                      StreamModeDetails={"StreamMode": "PROVISIONED"}, WarmThroughputMiBps=0,
                      RecordDistributionStrategy="USER_PARTITION_KEY")  # fmt: skip
        summary = (await wire.ok("DescribeStreamSummary", StreamName="new"))["StreamDescriptionSummary"]
        assert (summary["OpenShardCount"], summary["MaxRecordSizeInKiB"]) == (2, 10240)
        assert wire.broker.describe_stream(f"{ARN}new").tags == {"a": "", "b": "c"}

    @pytest.mark.parametrize("details", [{}, {"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}])
    async def test_four_shards_when_no_count_is_given(self, wire: Wire, details: dict) -> None:
        await wire.ok("CreateStream", StreamName="new", **details)
        summary = (await wire.ok("DescribeStreamSummary", StreamName="new"))["StreamDescriptionSummary"]
        assert summary["OpenShardCount"] == 4

    @pytest.mark.parametrize(("input_", "error"), CREATE_REFUSED)
    async def test_refused(self, wire: Wire, input_: dict, error: tuple) -> None:
        assert await wire.fails("CreateStream", **input_) == error

    async def test_five_at_a_time(self, slow_wire: Wire) -> None:
        for number in range(5):
            await slow_wire.ok("CreateStream", StreamName=f"s{number}", ShardCount=1)
        error = ("LimitExceededException", f"Account {ACCOUNT} has 5 streams in state CREATING already.")
        assert await slow_wire.fails("CreateStream", StreamName="s5", ShardCount=1) == error


class TestDeleteStream:
    async def test_goes_through_deleting(self, slow_wire: Wire) -> None:
        await slow_wire.ok("CreateStream", StreamName="s", ShardCount=1)
        assert await slow_wire.fails("DeleteStream", StreamName="s") == not_active("s", "CREATING")
        stream = slow_wire.broker.catalog.find(f"{ARN}s", slow_wire.broker.settings.scope)
        await slow_wire.broker.catalog.change(stream, stream.info.moved_to(StreamStatus.ACTIVE))
        assert await slow_wire.ok("DeleteStream", StreamName="s", EnforceConsumerDeletion=True) is None
        found = (await slow_wire.ok("DescribeStreamSummary", StreamName="s"))["StreamDescriptionSummary"]
        assert found["StreamStatus"] == "DELETING"
        assert await slow_wire.fails("DeleteStream", StreamARN=f"{ARN}s") == not_active("s", "DELETING")

    async def test_missing(self, wire: Wire) -> None:
        assert await wire.fails("DeleteStream", StreamName="missing") == NOT_FOUND


ADDRESSED = ["DeleteStream", "DescribeStream", "DescribeStreamSummary"]


@pytest.mark.parametrize("action", ADDRESSED)
async def test_streams_go_by_name_or_arn(wire: Wire, action: str) -> None:
    assert await wire.fails(action, StreamARN=f"{ARN}missing") == NOT_FOUND
    assert await wire.fails(action, StreamARN=f"{ARN}orders", StreamName="other") == ARN_MISMATCH
    assert await wire.fails(action) == NO_STREAM
    code, message = await wire.fails(action, StreamARN=f"{ARN}orders/consumer/c:1")
    assert (code, message) == ("ValidationException", f"{ARN}orders/consumer/c:1 is not the ARN of a stream")
    await wire.ok(action, StreamARN=f"{ARN}orders", StreamName="orders")


SHARD_1 = {
    "ShardId": "shardId-000000000001",
    "HashKeyRange": {
        "StartingHashKey": "113427455640312821154458202477256070485",
        "EndingHashKey": "226854911280625642308916404954512140969",
    },
    "SequenceNumberRange": {"StartingSequenceNumber": "49646437577130777162115407028967465143858078037781250066"},
}


class TestDescribeStream:
    async def test_exactly(self, wire: Wire) -> None:
        got = await wire.ok(
            "DescribeStream", StreamName="orders", Limit=1, ExclusiveStartShardId="shardId-000000000000"
        )
        assert got == {
            "StreamDescription": {
                "StreamName": "orders",
                "StreamARN": f"{ARN}orders",
                "StreamStatus": "ACTIVE",
                "StreamModeDetails": {"StreamMode": "PROVISIONED"},
                "Shards": [SHARD_1],
                "HasMoreShards": True,
                "RetentionPeriodHours": 24,
                "StreamCreationTimestamp": float(NOW_S),
                "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
                "EncryptionType": "NONE",
            }
        }

    @pytest.mark.parametrize(("limit", "count", "more"), [(None, 100, True), (99, 99, True), (10000, 100, True)])
    async def test_pages(self, wire: Wire, limit: int | None, count: int, more: bool) -> None:
        await wire.broker.create_stream("wide", shards=101, scope=Scope(ACCOUNT, "eu-west-1"))
        got = (await wire.ok("DescribeStream", StreamName="wide", Limit=limit))["StreamDescription"]
        assert (len(got["Shards"]), got["HasMoreShards"]) == (count, more)
        rest = await wire.ok("DescribeStream", StreamName="wide", ExclusiveStartShardId=got["Shards"][-1]["ShardId"])
        assert len(rest["StreamDescription"]["Shards"]) == 101 - count
        assert rest["StreamDescription"]["HasMoreShards"] is False

    async def test_parents(self, wire: Wire) -> None:
        await split_stream(wire.broker, "orders")
        shards = (await wire.ok("DescribeStream", StreamName="orders"))["StreamDescription"]["Shards"]
        assert len(shards[0]["SequenceNumberRange"]["EndingSequenceNumber"]) == 56
        assert [s.get("ParentShardId") for s in shards] == [None, None, None, *["shardId-000000000000"] * 2]

    async def test_bad_shard(self, wire: Wire) -> None:
        error = ("InvalidArgumentException", "nonsense is not a valid ShardId.")
        assert await wire.fails("DescribeStream", StreamName="orders", ExclusiveStartShardId="nonsense") == error

    async def test_encrypted(self, wire: Wire) -> None:
        await encrypt(wire, "orders")
        got = (await wire.ok("DescribeStream", StreamName="orders"))["StreamDescription"]
        assert (got["EncryptionType"], got["KeyId"]) == ("KMS", "alias/mine")


async def encrypt(wire: Wire, name: str) -> None:
    stream = wire.broker.catalog.find(f"{ARN}{name}", wire.broker.settings.scope)
    await wire.broker.catalog.change(stream, msgspec.structs.replace(stream.info, encryption_key="alias/mine"))


class TestDescribeStreamSummary:
    async def test_exactly(self, wire: Wire) -> None:
        assert await wire.ok("DescribeStreamSummary", StreamName="orders") == {
            "StreamDescriptionSummary": {
                "StreamName": "orders",
                "StreamARN": f"{ARN}orders",
                "StreamStatus": "ACTIVE",
                "StreamModeDetails": {"StreamMode": "PROVISIONED"},
                "RetentionPeriodHours": 24,
                "StreamCreationTimestamp": float(NOW_S),
                "EnhancedMonitoring": [{"ShardLevelMetrics": []}],
                "EncryptionType": "NONE",
                "OpenShardCount": 3,
                "ConsumerCount": 0,
                "MaxRecordSizeInKiB": 1024,
            }
        }


class TestListStreams:
    async def test_exactly(self, wire: Wire) -> None:
        assert await wire.ok("ListStreams") == {
            "StreamNames": ["orders"],
            "HasMoreStreams": False,
            "StreamSummaries": [
                {
                    "StreamName": "orders",
                    "StreamARN": f"{ARN}orders",
                    "StreamStatus": "ACTIVE",
                    "StreamModeDetails": {"StreamMode": "PROVISIONED"},
                    "StreamCreationTimestamp": float(NOW_S),
                }
            ],
        }

    async def test_pages_by_name_and_by_token(self, wire: Wire) -> None:
        for name in ("b", "a", "z"):
            await wire.ok("CreateStream", StreamName=name, ShardCount=1)
        first = await wire.ok("ListStreams", Limit=2)
        assert (first["StreamNames"], first["HasMoreStreams"]) == (["a", "b"], True)
        assert (await wire.ok("ListStreams", ExclusiveStartStreamName="b"))["StreamNames"] == ["orders", "z"]
        second = await wire.ok("ListStreams", NextToken=first["NextToken"], Limit=10_000)
        assert (second["StreamNames"], second["HasMoreStreams"]) == (["orders", "z"], False)
        assert "NextToken" not in second

    async def test_hundred_at_most(self, wire: Wire) -> None:
        scope = Scope(ACCOUNT, "eu-west-1")
        for number in range(100):
            await wire.broker.create_stream(f"s{number}", scope=scope)
        assert len((await wire.ok("ListStreams", Limit=10_000))["StreamNames"]) == 100

    async def test_other_accounts_and_regions_are_not_seen(self, wire: Wire) -> None:
        await wire.broker.create_stream("theirs", scope=Scope("999999999999", "eu-west-1"))
        await wire.broker.create_stream("elsewhere", scope=Scope(ACCOUNT, "us-east-1"))
        assert (await wire.ok("ListStreams"))["StreamNames"] == ["orders"]

    async def test_tokens(self, wire: Wire) -> None:
        await wire.ok("CreateStream", StreamName="a", ShardCount=1)
        token = (await wire.ok("ListStreams", Limit=1))["NextToken"]
        assert await wire.fails("ListStreams", NextToken=token, ExclusiveStartStreamName="a") == (
            "InvalidArgumentException", "NextToken and ExclusiveStartStreamName cannot be provided together.")  # fmt: skip
        wire.clock.advance(300)
        await wire.ok("ListStreams", NextToken=token)
        wire.clock.advance(0.001)
        code, _ = await wire.fails("ListStreams", NextToken=token)
        assert code == "ExpiredNextTokenException"


SHARD_IDS = [f"shardId-{number:012d}" for number in range(7)]


def ids(output: dict) -> list[str]:
    return [shard["ShardId"] for shard in output["Shards"]]


LIST_REFUSED = [
    ({}, "Either NextToken or StreamName should be provided."),
    ({"StreamName": "orders", "ShardFilter": {"Type": "AFTER_SHARD_ID"}}, "ShardId must be provided in a ShardFilter of type AFTER_SHARD_ID."),
    ({"StreamName": "orders", "ShardFilter": {"Type": "AT_LATEST", "ShardId": "1"}}, "ShardId cannot be provided in a ShardFilter of type AT_LATEST."),
    ({"StreamName": "orders", "ShardFilter": {"Type": "AT_TIMESTAMP"}}, "Timestamp must be provided in a ShardFilter of type AT_TIMESTAMP."),
    ({"StreamName": "orders", "ShardFilter": {"Type": "AT_TRIM_HORIZON", "Timestamp": Time(1)}}, "Timestamp cannot be provided in a ShardFilter of type AT_TRIM_HORIZON."),
    ({"StreamName": "orders", "ExclusiveStartShardId": "x"}, "x is not a valid ShardId."),
    ({"NextToken": "t", "StreamName": "orders"}, "NextToken and StreamName cannot be provided together."),
    ({"NextToken": "t", "ExclusiveStartShardId": "1"}, "NextToken and ExclusiveStartShardId cannot be provided together."),
    ({"NextToken": "t", "StreamCreationTimestamp": Time(1)}, "NextToken and StreamCreationTimestamp cannot be provided together."),
    ({"NextToken": "t", "ShardFilter": {"Type": "AT_LATEST"}}, "NextToken and ShardFilter cannot be provided together."),
    ({"NextToken": "t"}, "NextToken is invalid."),
    ({"NextToken": "YWJjZGVmZ2hpag=="}, "NextToken is invalid."),
]  # fmt: skip


class TestListShards:
    async def test_exactly(self, wire: Wire) -> None:
        got = await wire.ok(
            "ListShards", StreamName="orders", ExclusiveStartShardId="shardId-000000000000", MaxResults=1
        )
        assert got["Shards"] == [SHARD_1]
        rest = await wire.ok("ListShards", NextToken=got["NextToken"])
        assert (ids(rest), rest.get("NextToken")) == (SHARD_IDS[2:3], None)

    async def test_thousand_at_most(self, wire: Wire) -> None:
        await wire.broker.create_stream("wide", shards=1001, scope=Scope(ACCOUNT, "eu-west-1"))
        first = await wire.ok("ListShards", StreamName="wide", MaxResults=10_000)
        assert len(first["Shards"]) == 1000
        assert ids(await wire.ok("ListShards", NextToken=first["NextToken"])) == ["shardId-000000001000"]

    async def test_filters(self, wire: Wire) -> None:
        """Shards 0-2 from the start; 0 was split after 100 s into 3 and 4."""
        wire.clock.advance(100)
        await split_stream(wire.broker, "orders")
        wire.clock.advance(100)
        zero, one, two, three, four = SHARD_IDS[:5]
        filters = [
            ({"Type": "FROM_TRIM_HORIZON"}, [zero, one, two, three, four]),
            ({"Type": "AT_LATEST"}, [one, two, three, four]),
            ({"Type": "AT_TRIM_HORIZON"}, [zero, one, two]),
            ({"Type": "AFTER_SHARD_ID", "ShardId": two}, [three, four]),
            ({"Type": "AT_TIMESTAMP", "Timestamp": Time(NOW_S + 50)}, [zero, one, two]),
            ({"Type": "AT_TIMESTAMP", "Timestamp": Time(NOW_S + 100.001)}, [one, two, three, four]),
            ({"Type": "AT_TIMESTAMP", "Timestamp": Time(1)}, [zero, one, two]),
            ({"Type": "FROM_TIMESTAMP", "Timestamp": Time(NOW_S + 100)}, [zero, one, two, three, four]),
            ({"Type": "FROM_TIMESTAMP", "Timestamp": Time(NOW_S + 101)}, [one, two, three, four]),
            ({"Type": "FROM_TIMESTAMP", "Timestamp": Time(1)}, [zero, one, two, three, four]),
        ]
        for shard_filter, expected in filters:
            assert ids(await wire.ok("ListShards", StreamName="orders", ShardFilter=shard_filter)) == expected

    async def test_a_token_keeps_the_filter(self, wire: Wire) -> None:
        await split_stream(wire.broker, "orders")
        first = await wire.ok("ListShards", StreamName="orders", ShardFilter={"Type": "AT_LATEST"}, MaxResults=1)
        assert ids(first) == SHARD_IDS[1:2]
        assert ids(await wire.ok("ListShards", NextToken=first["NextToken"])) == SHARD_IDS[2:5]

    @pytest.mark.parametrize(("input_", "message"), LIST_REFUSED)
    async def test_refused(self, wire: Wire, input_: dict, message: str) -> None:
        assert await wire.fails("ListShards", **input_) == ("InvalidArgumentException", message)

    async def test_tokens_live_300_seconds(self, wire: Wire) -> None:
        token = (await wire.ok("ListShards", StreamName="orders", MaxResults=1))["NextToken"]
        wire.clock.advance(300.001)
        assert await wire.fails("ListShards", NextToken=token) == (
            "ExpiredNextTokenException", "NextToken has expired: it is good for 300 seconds.")  # fmt: skip

    async def test_a_token_is_of_one_stream(self, wire: Wire) -> None:
        token = (await wire.ok("ListShards", StreamName="orders", MaxResults=1))["NextToken"]
        await wire.ok("ListShards", NextToken=token, StreamARN=f"{ARN}orders")
        assert await wire.fails("ListShards", NextToken=token, StreamARN=f"{ARN}other") == (
            "InvalidArgumentException", "NextToken was issued for another stream than StreamARN.")  # fmt: skip
        wire.clock.advance(1)
        scope = Scope(ACCOUNT, "eu-west-1")
        await wire.broker.delete_stream("orders", scope=scope)
        assert (await wire.fails("ListShards", NextToken=token))[0] == "ResourceNotFoundException"
        await wire.broker.create_stream("orders", shards=3, scope=scope)
        assert (await wire.fails("ListShards", NextToken=token))[0] == "ResourceNotFoundException"

    async def test_a_token_of_another_listing(self, wire: Wire) -> None:
        await wire.ok("CreateStream", StreamName="a", ShardCount=1)
        token = (await wire.ok("ListStreams", Limit=1))["NextToken"]
        assert await wire.fails("ListShards", NextToken=token) == ("InvalidArgumentException", "NextToken is invalid.")

    async def test_the_creation_time_tells_streams_apart(self, wire: Wire) -> None:
        assert ids(await wire.ok("ListShards", StreamName="orders", StreamCreationTimestamp=Time(NOW_S)))
        code, _ = await wire.fails("ListShards", StreamName="orders", StreamCreationTimestamp=Time(NOW_S + 1))
        assert code == "ResourceNotFoundException"

    async def test_not_while_creating(self, slow_wire: Wire) -> None:
        await slow_wire.ok("CreateStream", StreamName="s", ShardCount=1)
        assert await slow_wire.fails("ListShards", StreamName="s") == not_active("s", "CREATING")

    def test_expired_shards_are_not_listed(self) -> None:
        day_ms = 24 * 3_600_000
        stream = split(_stream(uniform_shards(1, NOW_S)), 0, NOW_S * 1000 + 5000)
        kind = ShardFilterType.FROM_TRIM_HORIZON
        criteria = Criteria(0, stream.arn, stream.created_ms, -1, kind, 0)
        closed_ms = NOW_S * 1000 + 5000
        assert [s.number for s in select(stream, criteria, closed_ms + day_ms - 1)] == [0, 1, 2]
        assert [s.number for s in select(stream, criteria, closed_ms + day_ms)] == [1, 2]


def _stream(shards: tuple[ShardInfo, ...]) -> StreamInfo:
    return StreamInfo(1, "s", ACCOUNT, "eu-west-1", NOW_S * 1000, StreamStatus.ACTIVE, shards)


def test_the_bytes_of_a_token() -> None:
    """Golden: version, CRC32, msgpack."""
    page = Criteria(1, "arn", 2, 3, ShardFilterType.AT_LATEST, 4)
    token = encode_token(page)
    assert token == "AarZXzyXpnNoYXJkcwGjYXJuAgOpQVRfTEFURVNUBA=="
    assert decode_token(token, Criteria, 1) == page
    with pytest.raises(InvalidArgument):
        decode_token("A" + token[1:][:-1] + "x", Criteria, 1)
