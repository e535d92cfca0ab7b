# ruff: noqa: E501  a table has a line per case
"""Types and constraints, in AWS's words."""

from __future__ import annotations

import pytest
from aws_harness import CBOR, JSON, Wire, model

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.kinesis.create_stream import CreateStreamInput
from streamcore.api.aws.kinesis.put_record import PutRecordInput
from streamcore.api.aws.kinesis.put_records import PutRecordsInput
from streamcore.api.aws.validation import VALUE_SHOWN_CHARS, accept, explain

NUMBER = "class com.amazon.coral.value.json.numbers.TruncatingBigNumber"
LIST = "Start of list found where not expected"
MAP = "Start of structure or map found where not expected."
BLOB = "can not be converted to a Blob:"

TYPES = [
    ("StreamName", True, "class java.lang.Boolean can not be converted to an String"),
    ("StreamName", 23, f"{NUMBER} can not be converted to an String"),
    ("StreamName", 34.56, f"{NUMBER} can not be converted to an String"),
    ("StreamName", [], LIST),
    ("StreamName", {}, MAP),
    ("Records", "23", "Expected list or null"),
    ("Records", True, "Expected list or null"),
    ("Records", {}, MAP),
    ("Records", ["23"], "Expected null"),
    ("Records", [34.56], "Expected null"),
    ("Records", [[]], LIST),
    ("Records", [{"Data": True}], "class java.lang.Boolean can not be converted to a Blob"),
    ("Records", [{"Data": 23}], f"{NUMBER} can not be converted to a Blob"),
    ("Records", [{"Data": []}], LIST),
    ("Records", [{"Data": "23456"}], f"'23456' {BLOB} Base64 encoded length is expected a multiple of 4 bytes but found: 5"),
    ("Records", [{"Data": "=+/="}], f"'=+/=' {BLOB} Invalid Base64 character: '='"),
    ("Records", [{"Data": "ab!d"}], f"'ab!d' {BLOB} Invalid Base64 character: '!'"),
    ("DryRun", "23", "'23' can not be converted to an Boolean"),
    ("DryRun", 23, f"{NUMBER} can not be converted to an Boolean"),
    ("DryRun", {}, MAP),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "message"), TYPES)
async def test_wrong_types(wire: Wire, field: str, value: object, message: str) -> None:
    assert await wire.fails("PutRecords", **{field: value}) == ("SerializationException", message)


MORE_TYPES = [
    ("ListShards", {"MaxResults": "23"}, "class java.lang.String can not be converted to an Integer"),
    ("ListShards", {"MaxResults": False}, "class java.lang.Boolean can not be converted to an Integer"),
    ("ListShards", {"MaxResults": 1e300}, f"{NUMBER} can not be converted to an Integer"),
    ("ListShards", {"StreamCreationTimestamp": "2016-04-04"}, "class java.lang.String can not be converted to milliseconds since epoch"),
    ("ListShards", {"StreamCreationTimestamp": True}, "class java.lang.Boolean can not be converted to milliseconds since epoch"),
    ("ListShards", {"StreamCreationTimestamp": 1e30}, f"{NUMBER} can not be converted to milliseconds since epoch"),
    ("ListShards", {"ShardFilter": "x"}, "Expected null"),
    ("CreateStream", {"Tags": "x"}, "Expected map or null"),
    ("CreateStream", {"Tags": []}, LIST),
    ("CreateStream", {"Tags": {"a": 1}}, f"{NUMBER} can not be converted to an String"),
]  # fmt: skip


@pytest.mark.parametrize(("action", "input_", "message"), MORE_TYPES)
async def test_more_wrong_types(wire: Wire, action: str, input_: dict, message: str) -> None:
    assert await wire.fails(action, **input_) == ("SerializationException", message)


LONG = "a" * 129
NAME = "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+"
NULL = "Member must not be null"
MIN1 = "Member must have length greater than or equal to 1"


def sentence(value: str, path: str, constraint: str) -> str:
    return f"Value {value} at '{path}' failed to satisfy constraint: {constraint}"


CONSTRAINTS = [
    ("PutRecord", {}, [("null", "partitionKey", NULL), ("null", "data", NULL)]),
    ("PutRecord", {"PartitionKey": None, "Data": None}, [("null", "partitionKey", NULL), ("null", "data", NULL)]),
    (
        "PutRecord",
        {"StreamName": "", "PartitionKey": "", "Data": b"", "ExplicitHashKey": "", "SequenceNumberForOrdering": ""},
        [
            ("''", "sequenceNumberForOrdering", r"Member must satisfy regular expression pattern: 0|([1-9]\d{0,128})"),
            ("''", "partitionKey", MIN1),
            ("''", "explicitHashKey", r"Member must satisfy regular expression pattern: 0|([1-9]\d{0,38})"),
            ("''", "streamName", NAME),
            ("''", "streamName", MIN1),
        ],
    ),
    (
        "PutRecord",
        {"StreamName": LONG, "PartitionKey": "k" * 257, "Data": b"", "ExplicitHashKey": "٣"},
        [
            (f"'{'k' * 257}'", "partitionKey", "Member must have length less than or equal to 256"),
            ("'٣'", "explicitHashKey", r"Member must satisfy regular expression pattern: 0|([1-9]\d{0,38})"),
            (f"'{LONG}'", "streamName", "Member must have length less than or equal to 128"),
        ],
    ),
    ("PutRecords", {"Records": [], "StreamName": "a\n"}, [("'[]'", "records", MIN1), ("'a\n'", "streamName", NAME)]),
    (
        "PutRecords",
        {"StreamName": "a", "Records": [{"Data": b"", "PartitionKey": "a"}, {"PartitionKey": ""}, None]},
        [
            ("null", "records.2.member.data", NULL),
            ("''", "records.2.member.partitionKey", MIN1),
            ("null", "records.3.member", NULL),
        ],
    ),
    ("GetRecords", {}, [("null", "shardIterator", NULL)]),
    (
        "GetRecords",
        {"ShardIterator": "", "Limit": 0},
        [("'0'", "limit", "Member must have value greater than or equal to 1"), ("''", "shardIterator", MIN1)],
    ),
    (
        "GetRecords",
        {"ShardIterator": "a" * 513, "Limit": 100000},
        [
            ("'100000'", "limit", "Member must have value less than or equal to 10000"),
            (f"'{'a' * 513}'", "shardIterator", "Member must have length less than or equal to 512"),
        ],
    ),
    (
        "GetShardIterator",
        {"ShardId": "!", "ShardIteratorType": "x", "StreamARN": "arn:aws:kinesis:x"},
        [
            ("'!'", "shardId", NAME),
            ("'x'", "shardIteratorType", "Member must satisfy enum value set: [AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, TRIM_HORIZON, LATEST, AT_TIMESTAMP]"),
            ("'arn:aws:kinesis:x'", "streamARN", r"Member must satisfy regular expression pattern: arn:aws.*:kinesis:.*:\d{12}:stream/\S+"),
        ],
    ),
    ("ListShards", {"ShardFilter": {}}, [("null", "shardFilter.type", NULL)]),
    ("ListShards", {"ShardFilter": {"Type": "AT_LATEST", "ShardId": ""}}, [("''", "shardFilter.shardId", NAME), ("''", "shardFilter.shardId", MIN1)]),
    (
        "CreateStream",
        {"StreamName": "a", "Tags": {"": "v" * 257}},
        [
            (f"'{{={'v' * 257}}}'", "tags", f"Map keys must satisfy constraint: [Member must have length less than or equal to 128, {MIN1}]"),
            (f"'{{={'v' * 257}}}'", "tags", "Map value must satisfy constraint: [Member must have length less than or equal to 256, Member must have length greater than or equal to 0]"),
        ],
    ),
    ("CreateStream", {"StreamName": "a", "Tags": {}}, [("'{}'", "tags", MIN1)]),
]  # fmt: skip


@pytest.mark.parametrize(("action", "input_", "expected"), CONSTRAINTS)
async def test_constraints(wire: Wire, action: str, input_: dict, expected: list) -> None:
    sentences = [sentence(*each) for each in expected]
    plural = "" if len(sentences) == 1 else "s"
    message = f"{len(sentences)} validation error{plural} detected: {'; '.join(sentences)}"
    assert await wire.fails(action, **input_) == ("ValidationException", message)


def test_ten_at_most_are_told() -> None:
    assert len(explain(PutRecordsInput, {"Records": [{}] * 20})) == 10


def test_long_values_are_cut() -> None:
    (text,) = explain(PutRecordInput, {"Data": b"", "PartitionKey": "k" * 10_000})
    assert f"'{'k' * VALUE_SHOWN_CHARS}...' at" in text
    (text,) = explain(PutRecordsInput, {"Records": [{"Data": b"", "PartitionKey": "a"}] * 501})
    assert text.endswith("Member must have length less than or equal to 500")
    assert len(text) < VALUE_SHOWN_CHARS + 200


def test_a_large_blob_is_told_by_its_length() -> None:
    (text,) = explain(PutRecordInput, {"PartitionKey": "a", "Data": bytes(10 * 2**20 + 1)})
    assert text.startswith("Value 'java.nio.HeapByteBuffer[pos=0 lim=10485761 cap=10485761]' at 'data' failed")


LENIENT = [
    (CreateStreamInput, {"StreamName": "a", "ShardCount": 3.7}, "shard_count", 3),
    (CreateStreamInput, {"StreamName": "a", "ShardCount": None, "Unknown": [1]}, "shard_count", None),
    (PutRecordInput, {"PartitionKey": "a", "Data": "YQ==", "DryRun": "true"}, "dry_run", True),
    (PutRecordInput, {"PartitionKey": "a", "Data": "YQ==", "DryRun": "NO"}, "dry_run", False),
    (PutRecordInput, {"PartitionKey": "a", "Data": b"a", "DryRun": False}, "data", b"a"),
]


@pytest.mark.parametrize(("shape", "value", "field", "expected"), LENIENT)
def test_what_is_converted(shape: type, value: dict, field: str, expected: object) -> None:
    assert getattr(accept(shape, value), field) == expected


@pytest.mark.parametrize("data", ["A===", "====", "AA=A"])
def test_bad_base64(data: str) -> None:
    with pytest.raises(AwsError, match=BLOB):
        accept(PutRecordInput, {"PartitionKey": "a", "Data": data})


async def test_unknown_members_and_nulls_are_not_looked_at(wire: Wire) -> None:
    assert (await wire.ok("ListStreams", Limit=None, Unknown={"a": [1]}))["StreamNames"] == ["orders"]


def test_the_codecs_are_those_of_the_service() -> None:
    assert model()["metadata"]["jsonVersion"] == "1.1"
    assert (JSON, CBOR) == ("application/x-amz-json-1.1", "application/x-amz-cbor-1.1")
