"""botocore's model of Kinesis as referee: names, what is required, types, limits, patterns, enums of inputs; names and
types of outputs; errors. What differs on purpose is in one table with its reason. botocore changes between releases, so
a difference in the table may also be absent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from aws_harness import COMMON_ERRORS, model
from msgspec import inspect

from streamcore.api.aws.errors import TABLE
from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.kinesis.commitments import AccountSettingsOutput
from streamcore.api.aws.kinesis.describe_limits import DescribeLimitsOutput
from streamcore.api.aws.kinesis.describe_stream import DescribeStreamOutput
from streamcore.api.aws.kinesis.describe_stream_consumer import DescribeStreamConsumerOutput
from streamcore.api.aws.kinesis.describe_stream_summary import DescribeStreamSummaryOutput
from streamcore.api.aws.kinesis.get_resource_policy import GetResourcePolicyOutput
from streamcore.api.aws.kinesis.get_shard_iterator import GetShardIteratorOutput
from streamcore.api.aws.kinesis.list_shards import ListShardsOutput
from streamcore.api.aws.kinesis.list_stream_consumers import ListStreamConsumersOutput
from streamcore.api.aws.kinesis.list_streams import ListStreamsOutput
from streamcore.api.aws.kinesis.list_tags_for_resource import ListTagsForResourceOutput
from streamcore.api.aws.kinesis.list_tags_for_stream import ListTagsForStreamOutput
from streamcore.api.aws.kinesis.monitoring import EnhancedMonitoringOutput
from streamcore.api.aws.kinesis.put_record import PutRecordOutput
from streamcore.api.aws.kinesis.register_stream_consumer import RegisterStreamConsumerOutput
from streamcore.api.aws.kinesis.update_shard_count import UpdateShardCountOutput
from streamcore.api.aws.kinesis.update_stream_warm_throughput import UpdateStreamWarmThroughputOutput
from streamcore.api.aws.service import Action
from streamcore.api.aws.shapes import Shape, Timestamp, pattern_shown

#: (shape, member or "", what differs) -> why. The member may be "*".
ACCEPTED = {
    ("*", "StreamId", "absent"): '"Not Implemented. Reserved for future use."',
    (
        "PutRecordInput",
        "PartitionKey",
        "required",
    ): "optional for RecordDistributionStrategy AUTO only, which is refused",
    ("PutRecordsRequestEntry", "PartitionKey", "required"): "the same",
    ("*", "DryRun", "unknown"): "new in botocore 1.44; older models do not have it",
    ("CreateStreamInput", "*", "unknown"): "members newer than some botocore releases: Tags, MaxRecordSizeInKiB, …",
    ("CreateStreamInput", "Tags", "max"): "it was 50 before; that limit is checked by the action, with AWS's text",
    ("*", "Data", "max"): "1 MiB before records of 10 MiB; the stream's own limit is checked by the action",
    ("StreamDescriptionSummary", "*", "unknown"): "members newer than some botocore releases",
    ("StreamDescriptionSummary", "StreamId", "absent"): "reserved",
    ("StreamDescriptionSummary", "ChannelCount", "absent"): "there are no channels",
    ("StreamDescriptionSummary", "QueueCount", "absent"): "there are no queues",
    ("StreamDescriptionSummary", "RecordDistributionStrategy", "absent"): "there is one strategy",
    ("DescribeLimitsOutput", "ChannelCount", "absent"): "there are no channels",
    ("DescribeLimitsOutput", "ChannelCountLimit", "absent"): "the same",
    ("UpdateStreamModeInput", "WarmThroughputMiBps", "unknown"): "newer than some botocore releases",
    ("*", "Tags", "max"): "it was 50 in earlier models; that limit is checked by the action, with AWS's text",
    (
        "*",
        "ResourceARN",
        r"pattern: arn:aws.*:kinesis:.*:\d{12}:.*(stream|channel|queue)/\S+ is "
        r"arn:aws.*:kinesis:.*:\d{12}:.*stream\/\S+",
    ): "the pattern of earlier models",
    ("*", "*", "anchors"): "the model spells some patterns with ^ and $; the service's sentences do not",
}

OUTPUTS: dict[str, type[Shape]] = {
    "DescribeAccountSettings": AccountSettingsOutput,
    "DescribeLimits": DescribeLimitsOutput,
    "DisableEnhancedMonitoring": EnhancedMonitoringOutput,
    "EnableEnhancedMonitoring": EnhancedMonitoringOutput,
    "GetResourcePolicy": GetResourcePolicyOutput,
    "ListTagsForResource": ListTagsForResourceOutput,
    "ListTagsForStream": ListTagsForStreamOutput,
    "UpdateAccountSettings": AccountSettingsOutput,
    "UpdateShardCount": UpdateShardCountOutput,
    "UpdateStreamWarmThroughput": UpdateStreamWarmThroughputOutput,
    "DescribeStream": DescribeStreamOutput,
    "DescribeStreamConsumer": DescribeStreamConsumerOutput,
    "DescribeStreamSummary": DescribeStreamSummaryOutput,
    "GetShardIterator": GetShardIteratorOutput,
    "ListShards": ListShardsOutput,
    "ListStreamConsumers": ListStreamConsumersOutput,
    "ListStreams": ListStreamsOutput,
    "PutRecord": PutRecordOutput,
    "RegisterStreamConsumer": RegisterStreamConsumerOutput,
}

KINDS = {
    inspect.StrType: "string",
    inspect.EnumType: "string",
    inspect.IntType: "integer",
    inspect.BoolType: "boolean",
    inspect.BytesType: "blob",
    inspect.CustomType: "timestamp",
    inspect.StructType: "structure",
    inspect.ListType: "list",
    inspect.VarTupleType: "list",
    inspect.DictType: "map",
}


def bare(kind: inspect.Type) -> inspect.Type:
    """A type without `| None` and without metadata."""
    if isinstance(kind, inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    return bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def differences(ours: inspect.Type, name: str, *, constraints: bool) -> Iterator[tuple[str, str, str]]:
    """(shape, member, what) for all in which our type differs from the model's shape `name`."""
    theirs = model()["shapes"][name]
    ours = bare(ours)
    if KINDS[type(ours)] != theirs["type"].replace("long", "integer"):
        yield name, "", f"type: {KINDS[type(ours)]} is a {theirs['type']}"
    elif isinstance(ours, inspect.StructType):
        yield from _members(ours, name, theirs, constraints)
    elif isinstance(ours, inspect.ListType | inspect.VarTupleType):
        yield from differences(ours.item_type, theirs["member"]["shape"], constraints=constraints)
    elif isinstance(ours, inspect.DictType):
        yield from differences(ours.key_type, theirs["key"]["shape"], constraints=constraints)
        yield from differences(ours.value_type, theirs["value"]["shape"], constraints=constraints)
    if constraints:
        yield from ((name, "", what) for what in _limits(ours, theirs))


def _members(
    ours: inspect.StructType, name: str, theirs: dict[str, Any], constraints: bool
) -> Iterator[tuple[str, str, str]]:
    fields = {field.encode_name: field for field in ours.fields}
    members = theirs["members"]
    for absent in members.keys() - fields.keys():
        yield name, absent, "absent"
    for unknown in fields.keys() - members.keys():
        yield name, unknown, "unknown"
    for member in fields.keys() & members.keys():
        field = fields[member]
        if constraints and field.required != (member in theirs.get("required", [])):
            yield name, member, "required"
        if not constraints and not field.required and member in theirs.get("required", []):
            yield name, member, "required"
        for shape, below, what in differences(field.type, members[member]["shape"], constraints=constraints):
            yield (shape, below, what) if below else (name, member, what)


def _limits(ours: inspect.Type, theirs: dict[str, Any]) -> Iterator[str]:
    low, high = getattr(ours, "min_length", None), getattr(ours, "max_length", None)
    if isinstance(ours, inspect.IntType):
        low, high = ours.ge, ours.le
    if (low or 0) != theirs.get("min", 0):
        yield "min"
    if high != theirs.get("max"):
        yield "max"
    pattern = getattr(ours, "pattern", None)
    shown = None if pattern is None else pattern_shown(pattern)
    if shown != theirs.get("pattern"):
        anchored = theirs.get("pattern", "") == f"^({shown})$"
        yield "anchors" if anchored else f"pattern: {shown} is {theirs.get('pattern')}"
    if isinstance(ours, inspect.EnumType) and {each.value for each in ours.cls} != set(theirs["enum"]):
        yield "enum"


def accepted(difference: tuple[str, str, str]) -> bool:
    shape, member, what = difference
    return any((s, m, what) in ACCEPTED for s in (shape, "*") for m in (member, "*"))


@pytest.mark.parametrize("action", KINESIS.actions.values(), ids=KINESIS.actions)
def test_inputs(action: Action) -> None:
    theirs = model()["operations"][action.name]["input"]["shape"]
    found = set(differences(inspect.type_info(action.input), theirs, constraints=True))
    assert {each for each in found if not accepted(each)} == set()


@pytest.mark.parametrize("name", OUTPUTS)
def test_outputs(name: str) -> None:
    theirs = model()["operations"][name]["output"]["shape"]
    found = set(differences(inspect.type_info(OUTPUTS[name]), theirs, constraints=False))
    assert {each for each in found if not accepted(each)} == set()


def test_every_reason_is_given() -> None:
    assert all(ACCEPTED.values())


def test_actions_are_operations_of_the_service() -> None:
    assert set(KINESIS.actions) <= set(model()["operations"])
    assert model()["metadata"]["targetPrefix"] == KINESIS.target_prefix


def test_actions_without_output() -> None:
    empty = {name for name in KINESIS.actions if "output" not in model()["operations"][name]}
    assert empty & set(OUTPUTS) == set()
    rendered = {"GetRecords", "PutRecords", "SubscribeToShard"}  # these encode themselves
    assert set(KINESIS.actions) - empty - set(OUTPUTS) == rendered


def test_error_codes_are_shapes_of_the_model() -> None:
    for wire in TABLE.values():
        shape = model()["shapes"].get(wire.code)
        assert wire.code in COMMON_ERRORS or (shape is not None and shape["exception"])


def test_the_referee_sees_differences() -> None:
    """The test of the test: a shape with every kind of fault."""

    class Wrong(Shape, frozen=True, kw_only=True):
        shard_id: int
        shard_iterator_type: str
        starting_sequence_number: str
        timestamp: Timestamp | None = None
        nonsense: bool | None = None

    found = set(differences(inspect.type_info(Wrong), "GetShardIteratorInput", constraints=True))
    whats = {(member, re.split(":", what)[0]) for _, member, what in found}
    assert whats >= {
        ("ShardId", "type"),
        ("StartingSequenceNumber", "required"),
        ("StartingSequenceNumber", "pattern"),
        ("Nonsense", "unknown"),
        ("StreamName", "absent"),
    }
