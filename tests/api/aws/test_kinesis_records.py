# ruff: noqa: E501  a table has a line per case
"""PutRecord, PutRecords, GetShardIterator, GetRecords."""

from __future__ import annotations

import json
from base64 import b64encode

import msgspec
import pytest
from aws_harness import ACCOUNT, ARN, JSON, NOW_S, Time, Wire, split_stream

from streamcore.model.hashing import HASH_KEY_MAX
from streamcore.model.sequence import INDEX_MAX, SequenceNumber
from streamcore.model.stream import LimitMode, Scope

SCOPE = Scope(ACCOUNT, "eu-west-1")
SHARDS = [f"shardId-{number:012d}" for number in range(6)]
THIRD = (HASH_KEY_MAX + 1) // 3
DRY_RUN = ("DryRunOperationException", "The request was rejected because the DryRun parameter was specified.")
NOT_FOUND = ("ResourceNotFoundException", f"Stream missing under account {ACCOUNT} not found.")


def sequence(shard: int, index: int, record_s: int = NOW_S) -> str:
    """The layout of the facts sheet, written out once more."""
    head = f"2{NOW_S:09x}{shard & 15:x}{index:016x}00"
    return str(int(f"{head}{record_s:09x}{shard:08x}2", 16))


async def change(wire: Wire, **fields: object) -> None:
    stream = wire.broker.catalog.find(f"{ARN}orders", SCOPE)
    await wire.broker.catalog.change(stream, msgspec.structs.replace(stream.info, **fields))


class TestPutRecord:
    async def test_exactly(self, wire: Wire) -> None:
        for index in (1, 2):
            assert await wire.ok("PutRecord", StreamName="orders", PartitionKey="a", Data=b"") == {
                "ShardId": SHARDS[0],
                "SequenceNumber": sequence(0, index),
            }

    @pytest.mark.parametrize(
        ("hash_key", "shard"),
        [("0", 0), (str(THIRD - 1), 0), (str(THIRD), 1), (str(THIRD * 2), 2), (str(HASH_KEY_MAX), 2)],
    )
    async def test_explicit_hash_key(self, wire: Wire, hash_key: str, shard: int) -> None:
        got = await wire.ok(
            "PutRecord", StreamARN=f"{ARN}orders", PartitionKey="a", Data=b"x", ExplicitHashKey=hash_key
        )
        assert got["ShardId"] == SHARDS[shard]

    async def test_encrypted(self, wire: Wire) -> None:
        await change(wire, encryption_key="k")
        assert (await wire.ok("PutRecord", StreamName="orders", PartitionKey="a", Data=b""))["EncryptionType"] == "KMS"

    @pytest.mark.parametrize("number", ["0", sequence(2, 7), sequence(1, INDEX_MAX), sequence(0, 0)])
    async def test_sequence_number_for_ordering(self, wire: Wire, number: str) -> None:
        await wire.ok("PutRecord", StreamName="orders", PartitionKey="a", Data=b"", SequenceNumberForOrdering=number)

    @pytest.mark.parametrize(
        "number",
        ["5", sequence(0, 1, NOW_S + 1), sequence(0, INDEX_MAX + 1), str(SequenceNumber(1, 1, 1, 1).value + 2)],
    )
    async def test_bad_sequence_number_for_ordering(self, wire: Wire, number: str) -> None:
        error = ("InvalidArgumentException", f"ExclusiveMinimumSequenceNumber {number} used in PutRecord on stream orders under account {ACCOUNT} is invalid.")  # fmt: skip
        input_ = {"StreamName": "orders", "PartitionKey": "a", "Data": b"", "SequenceNumberForOrdering": number}
        assert await wire.fails("PutRecord", **input_) == error

    async def test_hash_key_out_of_range(self, wire: Wire) -> None:
        key = str(HASH_KEY_MAX + 1)
        error = ("InvalidArgumentException", f"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was {key}")  # fmt: skip
        input_ = {"StreamName": "orders", "PartitionKey": "a", "Data": b"", "ExplicitHashKey": key}
        assert await wire.fails("PutRecord", **input_) == error
        assert await wire.fails("PutRecord", DryRun=True, **input_) == error

    async def test_missing(self, wire: Wire) -> None:
        assert await wire.fails("PutRecord", StreamName="missing", PartitionKey="a", Data=b"") == NOT_FOUND

    async def test_too_large(self, wire: Wire) -> None:
        size = 2**20 + 1
        error = ("ValidationException", f"1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]' at 'data' failed to satisfy constraint: Member must have length less than or equal to 1048576")  # fmt: skip
        input_ = {"StreamName": "orders", "PartitionKey": "a", "Data": bytes(size)}
        assert await wire.fails("PutRecord", **input_) == error
        assert await wire.fails("PutRecord", DryRun=True, **input_) == error
        await change(wire, max_record_bytes=2 * 2**20)
        await wire.ok("PutRecord", **input_)

    async def test_dry_run(self, wire: Wire) -> None:
        assert await wire.fails("PutRecord", StreamName="orders", PartitionKey="a", Data=b"", DryRun=True) == DRY_RUN
        got = await wire.ok("PutRecord", StreamName="orders", PartitionKey="a", Data=b"")
        assert got["SequenceNumber"] == sequence(0, 1)

    async def test_throttled(self, wire: Wire) -> None:
        await change(wire, limit_mode=LimitMode.ENFORCE)
        await wire.ok("PutRecord", StreamName="orders", PartitionKey="a", Data=bytes(2**20))
        error = ("ProvisionedThroughputExceededException", f"Rate exceeded for shard {SHARDS[0]} in stream orders under account {ACCOUNT}.")  # fmt: skip
        assert await wire.fails("PutRecord", StreamName="orders", PartitionKey="a", Data=b"") == error

    @pytest.mark.parametrize("dry_run", [None, True])
    async def test_not_active(self, slow_wire: Wire, dry_run: bool | None) -> None:
        await slow_wire.ok("CreateStream", StreamName="s", ShardCount=1)
        error = ("ResourceInUseException", f"Stream s under account {ACCOUNT} not ACTIVE, instead in state CREATING")
        input_ = {"StreamName": "s", "PartitionKey": "a", "Data": b"", "DryRun": dry_run}
        assert await slow_wire.fails("PutRecord", **input_) == error
        del input_["PartitionKey"]
        assert await slow_wire.fails("PutRecords", StreamName="s", DryRun=dry_run, Records=[{"PartitionKey": "a", "Data": b""}]) == error  # fmt: skip


def entry(key: str, data: bytes = b"", hash_key: str | None = None) -> dict:
    return {"PartitionKey": key, "Data": data} | ({} if hash_key is None else {"ExplicitHashKey": hash_key})


class TestPutRecords:
    async def test_answers_come_in_the_order_of_the_request(self, wire: Wire) -> None:
        records = [entry("a", hash_key=str(THIRD * shard)) for shard in (2, 0, 1, 0)] + [entry("a")]
        assert await wire.ok("PutRecords", StreamName="orders", Records=records) == {
            "FailedRecordCount": 0,
            "Records": [
                {"SequenceNumber": sequence(shard, index), "ShardId": SHARDS[shard]}
                for shard, index in [(2, 1), (0, 1), (1, 1), (0, 2), (0, 3)]
            ],
        }

    async def test_one_shard(self, wire: Wire) -> None:
        got = await wire.ok("PutRecords", StreamARN=f"{ARN}orders", Records=[entry("a", b"\x00\xff")] * 500)
        assert got["Records"][499] == {"SequenceNumber": sequence(0, 500), "ShardId": SHARDS[0]}

    async def test_refused_entries_fail_alone(self, wire: Wire) -> None:
        await change(wire, limit_mode=LimitMode.ENFORCE, encryption_key="k")
        for _ in range(2):
            await wire.ok("PutRecords", StreamName="orders", Records=[entry("a")] * 499)
        got = await wire.ok(
            "PutRecords", StreamName="orders", Records=[entry("a"), entry("a", hash_key=str(THIRD))] * 3
        )
        refusal = {"ErrorCode": "ProvisionedThroughputExceededException",
                   "ErrorMessage": f"Rate exceeded for shard {SHARDS[0]} in stream orders under account {ACCOUNT}."}  # fmt: skip
        stored = [{"SequenceNumber": sequence(1, index), "ShardId": SHARDS[1]} for index in (1, 2, 3)]
        first = [{"SequenceNumber": sequence(0, index), "ShardId": SHARDS[0]} for index in (999, 1000)]
        assert got == {
            "EncryptionType": "KMS",
            "FailedRecordCount": 1,
            "Records": [first[0], stored[0], first[1], stored[1], refusal, stored[2]],
        }

    async def test_all_refused(self, wire: Wire) -> None:
        await change(wire, limit_mode=LimitMode.ENFORCE)
        await wire.ok("PutRecord", StreamName="orders", PartitionKey="a", Data=bytes(2**20))
        got = await wire.ok("PutRecords", StreamName="orders", Records=[entry("a")])
        assert (got["FailedRecordCount"], got["Records"][0]["ErrorCode"]) == (
            1,
            "ProvisionedThroughputExceededException",
        )

    async def test_ten_mebibytes_in_all(self, wire: Wire) -> None:
        await change(wire, max_record_bytes=10 * 2**20)
        half = bytes(5 * 2**20)
        error = ("InvalidArgumentException", "Records size exceeds 10 MB limit")
        assert (
            await wire.fails("PutRecords", StreamName="orders", Records=[entry("é", half), entry("k", half[2:])])
            == error
        )
        await wire.ok("PutRecords", StreamName="orders", Records=[entry("é", half), entry("k", half[3:])])

    async def test_too_large(self, wire: Wire) -> None:
        size = 2**20 + 1
        code, message = await wire.fails(
            "PutRecords", StreamName="orders", Records=[entry("a"), entry("a", bytes(size))]
        )
        assert code == "ValidationException"
        assert message == f"1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim={size} cap={size}]' at 'records.2.member.data' failed to satisfy constraint: Member must have length less than or equal to 1048576"  # fmt: skip

    async def test_missing(self, wire: Wire) -> None:
        assert await wire.fails("PutRecords", StreamName="missing", Records=[entry("a")]) == NOT_FOUND

    async def test_dry_run(self, wire: Wire) -> None:
        assert await wire.fails("PutRecords", StreamName="orders", Records=[entry("a")], DryRun=True) == DRY_RUN


async def iterator(wire: Wire, kind: str = "TRIM_HORIZON", shard: str = SHARDS[0], **more: object) -> str:
    input_ = {"StreamName": "orders", "ShardId": shard, "ShardIteratorType": kind, **more}
    token: str = (await wire.ok("GetShardIterator", **input_))["ShardIterator"]
    assert len(token) <= 512
    return token


async def read(wire: Wire, *args: str, **more: object) -> list[str]:
    """The data that an iterator leads to, as text."""
    got = await wire.ok("GetRecords", ShardIterator=await iterator(wire, *args, **more))
    return [msgspec.convert(record["Data"], bytes).decode() for record in got["Records"]]


MUST = (
    "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "
    "(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified "
)
START_REFUSED = [
    ({"ShardIteratorType": "AT_SEQUENCE_NUMBER"}, "InvalidArgumentException", f"{MUST}AT_SEQUENCE_NUMBER and no StartingSequenceNumber."),
    ({"ShardIteratorType": "AFTER_SEQUENCE_NUMBER"}, "InvalidArgumentException", f"{MUST}AFTER_SEQUENCE_NUMBER and no StartingSequenceNumber."),
    ({"ShardIteratorType": "LATEST", "StartingSequenceNumber": "5"}, "InvalidArgumentException", f"{MUST}LATEST and also a StartingSequenceNumber."),
    ({"ShardIteratorType": "TRIM_HORIZON", "StartingSequenceNumber": "5"}, "InvalidArgumentException", f"{MUST}TRIM_HORIZON and also a StartingSequenceNumber."),
    ({"ShardIteratorType": "AT_TIMESTAMP", "StartingSequenceNumber": "5"}, "InvalidArgumentException", "StartingSequenceNumber cannot be used with ShardIteratorType AT_TIMESTAMP."),
    ({"ShardIteratorType": "LATEST", "Timestamp": Time(1)}, "InvalidArgumentException", "Timestamp cannot be used with ShardIteratorType LATEST."),
    ({"ShardIteratorType": "AT_TIMESTAMP"}, "InvalidArgumentException", "Must specify timestamp parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter."),
    ({"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": Time(NOW_S + 1)}, "InvalidArgumentException", f"The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: {NOW_S + 1}000, currentTimestampInMillis: {NOW_S}000"),
    ({"ShardIteratorType": "AT_SEQUENCE_NUMBER", "StartingSequenceNumber": sequence(1, 1)}, "InvalidArgumentException", f"Invalid StartingSequenceNumber. It encodes {SHARDS[1]}, while it was used in a call to a shard with {SHARDS[0]}"),
    ({"ShardId": "shardId-5", "ShardIteratorType": "LATEST"}, "ResourceNotFoundException", f"Shard {SHARDS[5]} in stream orders under account {ACCOUNT} does not exist"),
    ({"ShardId": "ABKLFD8", "ShardIteratorType": "LATEST"}, "ResourceNotFoundException", f"Could not find shard ABKLFD8 in stream orders under account {ACCOUNT}."),
    ({"ShardId": "2147483648", "ShardIteratorType": "LATEST"}, "ResourceNotFoundException", f"Could not find shard 2147483648 in stream orders under account {ACCOUNT}."),
    ({"StreamName": "missing", "ShardIteratorType": "LATEST"}, "ResourceNotFoundException", f"Shard {SHARDS[0]} in stream missing under account {ACCOUNT} does not exist"),
    ({"ShardIteratorType": "LATEST", "DryRun": True}, *DRY_RUN),
]  # fmt: skip


class TestGetShardIterator:
    async def test_every_type(self, wire: Wire) -> None:
        for data in (b"one", b"two", b"three"):
            await wire.ok("PutRecord", StreamName="orders", PartitionKey="a", Data=data)
            wire.clock.advance(1.5)
        assert await read(wire, "TRIM_HORIZON") == ["one", "two", "three"]
        assert await read(wire, "LATEST") == []
        assert await read(wire, "AT_SEQUENCE_NUMBER", StartingSequenceNumber=sequence(0, 2, NOW_S + 1)) == [
            "two",
            "three",
        ]
        assert await read(wire, "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber=sequence(0, 2, NOW_S + 1)) == ["three"]
        assert await read(wire, "AT_TIMESTAMP", Timestamp=Time(NOW_S + 1.5)) == ["two", "three"]
        assert await read(wire, "AT_TIMESTAMP", Timestamp=Time(NOW_S + 1.501)) == ["three"]
        assert await read(wire, "AT_TIMESTAMP", Timestamp=Time(1)) == ["one", "two", "three"]
        assert await read(wire, shard="0") == ["one", "two", "three"]

    @pytest.mark.parametrize(("input_", "code", "message"), START_REFUSED)
    async def test_refused(self, wire: Wire, input_: dict, code: str, message: str) -> None:
        input_ = {"StreamName": "orders", "ShardId": SHARDS[0], **input_}
        assert await wire.fails("GetShardIterator", **input_) == (code, message)


class TestGetRecords:
    async def test_exactly(self, wire: Wire) -> None:
        key = 'quo"te\\ü\n\x00🙂'
        wire.clock.advance(0.123)
        await wire.ok(
            "PutRecords", StreamName="orders", Records=[entry(key, b"\x00\xff" * 300, "0"), entry("b", b"small", "0")]
        )
        wire.clock.advance(2)
        await wire.ok("PutRecord", StreamName="orders", PartitionKey="c", Data=b"", ExplicitHashKey="0")
        got = await wire.ok("GetRecords", ShardIterator=await iterator(wire), Limit=2, StreamARN=f"{ARN}orders")
        onward = got.pop("NextShardIterator")
        assert got == {
            "Records": [
                {"SequenceNumber": sequence(0, 1), "ApproximateArrivalTimestamp": NOW_S + 0.123,
                 "Data": b64encode(b"\x00\xff" * 300).decode(), "PartitionKey": key},
                {"SequenceNumber": sequence(0, 2), "ApproximateArrivalTimestamp": NOW_S + 0.123,
                 "Data": b64encode(b"small").decode(), "PartitionKey": "b"},
            ],
            "MillisBehindLatest": 2000,
        }  # fmt: skip
        got = await wire.ok("GetRecords", ShardIterator=onward)
        assert [record["Data"] for record in got["Records"]] == [""]
        assert got["MillisBehindLatest"] == 0

    async def test_nothing_there(self, wire: Wire) -> None:
        token = await iterator(wire, "LATEST")
        got = await wire.ok("GetRecords", ShardIterator=token)
        assert (got["Records"], got["MillisBehindLatest"]) == ([], 0)
        wire.clock.advance(1)
        assert await wire.ok("GetRecords", ShardIterator=got["NextShardIterator"])

    async def test_the_end_of_a_closed_shard(self, wire: Wire) -> None:
        await wire.ok("PutRecords", StreamName="orders", Records=[entry("a", b"x", "0")] * 2)
        token = await iterator(wire)
        await split_stream(wire.broker, "orders")
        first = await wire.ok("GetRecords", ShardIterator=token, Limit=1)
        assert "ChildShards" not in first
        last = await wire.ok("GetRecords", ShardIterator=first["NextShardIterator"])
        assert len(last["Records"]) == 1
        assert (last["NextShardIterator"], last["MillisBehindLatest"]) == (None, 0)
        middle = (THIRD - 1) // 2
        assert last["ChildShards"] == [
            {"ShardId": SHARDS[3], "ParentShards": [SHARDS[0]], "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": str(middle)}},
            {"ShardId": SHARDS[4], "ParentShards": [SHARDS[0]], "HashKeyRange": {"StartingHashKey": str(middle + 1), "EndingHashKey": str(THIRD - 1)}},
        ]  # fmt: skip

    async def test_expired(self, wire: Wire) -> None:
        token = await iterator(wire)
        wire.clock.advance(300.001)
        error = ("ExpiredIteratorException", "Iterator expired. The iterator was created at time Tue Nov 14 22:13:20 UTC 2023 while right now it is Tue Nov 14 22:18:20 UTC 2023 which is further in the future than the tolerated delay of 300000 milliseconds.")  # fmt: skip
        assert await wire.fails("GetRecords", ShardIterator=token) == error

    async def test_not_an_iterator(self, wire: Wire) -> None:
        error = ("InvalidArgumentException", "Invalid ShardIterator.")
        assert await wire.fails("GetRecords", ShardIterator="nonsense") == error

    async def test_of_another_scope_or_a_stream_that_is_gone(self, wire: Wire) -> None:
        token = await iterator(wire)
        other = "arn:aws:kinesis:eu-west-1:999999999999:stream/orders"
        assert (await wire.fails("GetRecords", ShardIterator=token, StreamARN=other))[0] == "ResourceNotFoundException"
        await wire.broker.delete_stream("orders", scope=SCOPE)
        assert (await wire.fails("GetRecords", ShardIterator=token))[0] == "ResourceNotFoundException"

    async def test_five_calls_a_second(self, wire: Wire) -> None:
        await change(wire, limit_mode=LimitMode.ENFORCE)
        token = await iterator(wire)
        for _ in range(5):
            await wire.ok("GetRecords", ShardIterator=token)
        error = ("ProvisionedThroughputExceededException", f"Rate exceeded for shard {SHARDS[0]} in stream orders under account {ACCOUNT}.")  # fmt: skip
        assert await wire.fails("GetRecords", ShardIterator=token) == error
        wire.clock.advance(1)
        assert await wire.fails("GetRecords", ShardIterator=token, DryRun=True) == DRY_RUN


async def test_the_bytes_of_the_hot_answers(wire: Wire) -> None:
    """Golden: what the joins produce is what a JSON encoder would produce."""
    if wire.content_type != JSON:
        return
    await wire.ok("PutRecord", StreamName="orders", PartitionKey="k", Data=b"d", ExplicitHashKey="0")
    body = wire.encode({"StreamName": "orders", "Records": [entry("k", b"d", "0")] * 2})
    answer = (await wire.raw("Kinesis_20131202.PutRecords", body)).body
    two, three = sequence(0, 2), sequence(0, 3)
    assert (
        answer
        == (
            f'{{"FailedRecordCount":0,"Records":[{{"SequenceNumber":"{two}","ShardId":"{SHARDS[0]}"}},'
            f'{{"SequenceNumber":"{three}","ShardId":"{SHARDS[0]}"}}]}}'
        ).encode()
    )
    token = await iterator(wire)
    answer = (await wire.raw("Kinesis_20131202.GetRecords", wire.encode({"ShardIterator": token, "Limit": 1}))).body
    onward = json.loads(answer)["NextShardIterator"]
    assert (
        answer
        == (
            f'{{"MillisBehindLatest":0,"NextShardIterator":"{onward}","Records":[{{"ApproximateArrivalTimestamp":1700000000.000,'
            f'"Data":"ZA==","PartitionKey":"k","SequenceNumber":"{sequence(0, 1)}"}}]}}'
        ).encode()
    )
