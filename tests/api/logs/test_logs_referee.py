"""botocore's model of CloudWatch Logs as referee. What differs on purpose is in one table with its reason; botocore
changes between releases, so a difference in the table may also be absent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest
from logs_harness import model
from msgspec import inspect

from runtime.api.logs import LOGS
from runtime.api.logs.shapes import LogShape
from streamcore.api.aws.service import EventStream
from streamcore.api.aws.shapes import Shape, pattern_shown

#: (shape, member or "", what differs) → why. The shape or the member may be "*".
ACCEPTED = {
    ("*", "tags", "pattern"): "ECMAScript's classes \\p{L}; keys and values of any letters are kept",
    ("*", "tagKeys", "pattern"): "the same",
    ("TagKey", "", "pattern"): "the same",
    ("TagValue", "", "pattern"): "the same",
    ("DescribeLogGroupsRequest", "*", "unknown"): "newer than some botocore releases",
    ("CreateLogGroupRequest", "deletionProtectionEnabled", "unknown"): "newer than some botocore releases",
    ("FilterLogEventsRequest", "startFromHead", "unknown"): "newer than some botocore releases",
    ("LogGroup", "deletionProtectionEnabled", "unknown"): "newer than some botocore releases",
    ("LogGroup", "dataProtectionStatus", "absent"): "there are no data protection policies",
    ("LogGroup", "inheritedProperties", "absent"): "the same",
    ("LogGroup", "bearerTokenAuthenticationEnabled", "absent"): "that authentication is not offered",
    ("LogGroup", "retentionPolicyName", "absent"): "there are no named policies",
    ("PutLogEventsResponse", "rejectedEntityInfo", "absent"): "entities are not looked at",
    ("*", "logStreamNamePrefixes", "min"): "what a client did not give is told as an empty list",
    ("*", "logStreamNames", "min"): "the same",
}
KINDS = {
    inspect.StrType: "string",
    inspect.EnumType: "string",
    inspect.IntType: "integer",
    inspect.BoolType: "boolean",
    inspect.StructType: "structure",
    inspect.ListType: "list",
    inspect.DictType: "map",
}


def bare(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    return bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def differences(ours: inspect.Type, name: str, *, constraints: bool) -> Iterator[tuple[str, str, str]]:
    """(shape, member, what) for all in which our type differs from the model's shape `name`."""
    theirs, ours = model()["shapes"][name], bare(ours)
    if KINDS[type(ours)] != theirs["type"].replace("long", "integer"):
        yield name, "", "type"
    elif isinstance(ours, inspect.StructType):
        yield from _members(ours, name, theirs, constraints)
    elif isinstance(ours, inspect.ListType):
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
    yield from ((name, absent, "absent") for absent in members.keys() - fields.keys())
    yield from ((name, unknown, "unknown") for unknown in fields.keys() - members.keys())
    for member in fields.keys() & members.keys():
        field = fields[member]
        if constraints and field.required != (member in theirs.get("required", [])):
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
    if (None if pattern is None else pattern_shown(pattern)) != theirs.get("pattern"):
        yield "pattern"
    if isinstance(ours, inspect.EnumType) and {each.value for each in ours.cls} != set(theirs["enum"]):
        yield "enum"


def refused(found: set[tuple[str, str, str]]) -> set[tuple[str, str, str]]:
    def accepted(shape: str, member: str, what: str) -> bool:
        return any((s, m, what) in ACCEPTED for s in (shape, "*") for m in (member, "*"))

    return {each for each in found if not accepted(*each)}


def output_of(name: str) -> Any:
    return get_type_hints(LOGS.actions[name].handler)["return"]


@pytest.mark.parametrize("name", LOGS.actions)
def test_inputs(name: str) -> None:
    theirs = model()["operations"][name]["input"]["shape"]
    kind = inspect.type_info(LOGS.actions[name].input)
    assert refused(set(differences(kind, theirs, constraints=True))) == set()


@pytest.mark.parametrize("name", LOGS.actions)
def test_outputs(name: str) -> None:
    theirs, ours = model()["operations"][name].get("output"), output_of(name)
    if ours is EventStream:
        for event, shape in model()["shapes"]["StartLiveTailResponseStream"]["members"].items():
            if not event.endswith("Exception"):
                cls = next(each for each in LogShape.__subclasses__() if each.__name__ == shape["shape"])
                assert refused(set(differences(inspect.type_info(cls), shape["shape"], constraints=False))) == set()
        return
    if theirs is None:
        assert ours is type(None)
        return
    assert issubclass(ours, Shape)
    assert refused(set(differences(inspect.type_info(ours), theirs["shape"], constraints=False))) == set()


def test_the_service() -> None:
    assert model()["metadata"]["targetPrefix"] == LOGS.target_prefix
    assert set(LOGS.actions) <= set(model()["operations"])


def test_the_referee_sees_differences() -> None:
    class Wrong(LogShape, frozen=True, kw_only=True):
        log_group_name: int
        nonsense: str | None = None

    found = set(differences(inspect.type_info(Wrong), "CreateLogStreamRequest", constraints=True))
    assert {(member, what) for _, member, what in found} == {
        ("logGroupName", "type"),
        ("logGroupName", "min"),
        ("logGroupName", "max"),
        ("logGroupName", "pattern"),
        ("logStreamName", "absent"),
        ("nonsense", "unknown"),
    }
