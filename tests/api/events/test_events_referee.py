"""botocore's models of EventBridge and its Scheduler as referees. What differs on purpose is in one table with its
reason; botocore changes between releases, so a difference in the table may also be absent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_type_hints

import pytest
from events_harness import model
from msgspec import inspect

from runtime.api.events import EVENTS
from runtime.api.scheduler import SCHEDULER
from streamcore.api.aws.binding import plan_of
from streamcore.api.aws.rest import RestAction
from streamcore.api.aws.shapes import Shape, pattern_shown

#: (shape, member or "", what differs) → why. The shape or the member may be "*".
ACCEPTED = {
    ("*", "*", "refused"): "a feature that is not there: given, it is refused with a sentence",
    ("DescribeRuleResponse", "ManagedBy", "absent"): "there are no managed rules",
    ("Rule", "ManagedBy", "absent"): "the same",
    ("DescribeEventBusResponse", "*", "absent"): "the default bus alone, without policies, keys and logs",
    ("EventBus", "*", "absent"): "the same",
    ("TargetInput", "", "max"): "the model has none; the input is bounded, with a sentence",
    ("Target", "Input", "max"): "the same",
    ("*", "EventBridgePutEventsV2Parameters", "unknown"): "newer than some botocore releases",
    ("*", "EventBridgePutRawEventsParameters", "unknown"): "newer than some botocore releases",
}
KINDS = {
    inspect.StrType: "string",
    inspect.EnumType: "string",
    inspect.IntType: "integer",
    inspect.BoolType: "boolean",
    inspect.CustomType: "timestamp",
    inspect.StructType: "structure",
    inspect.ListType: "list",
    inspect.DictType: "map",
}
Difference = tuple[str, str, str]


def bare(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    return bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def differences(service: str, ours: inspect.Type, name: str, *, strict: bool) -> Iterator[Difference]:
    """(shape, member, what) for all in which our type differs from the model's shape `name`."""
    theirs, ours = model(service)["shapes"][name], bare(ours)
    if isinstance(ours, inspect.AnyType):
        yield name, "", "refused"
        return
    if KINDS[type(ours)] != theirs["type"].replace("long", "integer"):
        yield name, "", "type"
    elif isinstance(ours, inspect.StructType):
        yield from _members(service, ours, name, theirs, strict)
    elif isinstance(ours, inspect.ListType):
        yield from differences(service, ours.item_type, theirs["member"]["shape"], strict=strict)
    elif isinstance(ours, inspect.DictType):
        yield from differences(service, ours.key_type, theirs["key"]["shape"], strict=strict)
        yield from differences(service, ours.value_type, theirs["value"]["shape"], strict=strict)
    if strict:
        yield from ((name, "", what) for what in _limits(ours, theirs))


def _members(
    service: str, ours: inspect.StructType, name: str, theirs: dict[str, Any], strict: bool
) -> Iterator[Difference]:
    fields = {field.encode_name: field for field in ours.fields}
    members = theirs["members"]
    yield from ((name, absent, "absent") for absent in members.keys() - fields.keys())
    yield from ((name, unknown, "unknown") for unknown in fields.keys() - members.keys())
    for member in fields.keys() & members.keys():
        field, is_required = fields[member], member in theirs.get("required", [])
        if (strict and field.required != is_required) or (is_required and not field.required):
            yield name, member, "required"
        for shape, below, what in differences(service, field.type, members[member]["shape"], strict=strict):
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


def refused(found: set[Difference]) -> set[Difference]:
    def accepted(shape: str, member: str, what: str) -> bool:
        return any((s, m, what) in ACCEPTED for s in (shape, "*") for m in (member, "*"))

    return {each for each in found if not accepted(*each)}


def check_shapes(service: str, name: str, input_: type[Shape], handler: Any) -> None:
    operation = model(service)["operations"][name]
    found = set(differences(service, inspect.type_info(input_), operation["input"]["shape"], strict=True))
    assert refused(found) == set()
    theirs, ours = operation.get("output"), get_type_hints(handler)["return"]
    if theirs is None or not model(service)["shapes"][theirs["shape"]]["members"]:
        assert ours is type(None) or not ours.__struct_fields__
        return
    found = set(differences(service, inspect.type_info(ours), theirs["shape"], strict=False))
    assert refused(found) == set()


@pytest.mark.parametrize("name", EVENTS.actions)
def test_eventbridge(name: str) -> None:
    check_shapes("events", name, EVENTS.actions[name].input, EVENTS.actions[name].handler)


@pytest.mark.parametrize("action", SCHEDULER.actions.values(), ids=SCHEDULER.actions)
def test_scheduler(action: RestAction) -> None:
    check_shapes("scheduler", action.name, action.input, action.handler)
    operation = model("scheduler")["operations"][action.name]
    http = operation["http"]
    assert (action.method, action.template, action.status) == (http["method"], http["requestUri"], http["responseCode"])
    names = {"uri": "uri", "querystring": "query"}
    plan = plan_of(action.input)
    ours = {bound.member: (place, bound.name) for place in ("uri", "query") for bound in getattr(plan, place)}
    members = model("scheduler")["shapes"][operation["input"]["shape"]]["members"]
    assert ours == {
        member: (names[spec["location"]], spec["locationName"])
        for member, spec in members.items()
        if "location" in spec
    }


def test_the_services() -> None:
    assert model("events")["metadata"]["targetPrefix"] == EVENTS.target_prefix
    assert set(EVENTS.actions) <= set(model("events")["operations"])
    assert set(SCHEDULER.actions) == set(model("scheduler")["operations"])


def test_the_referee_sees_differences() -> None:
    class Wrong(Shape, frozen=True, kw_only=True, rename="pascal"):
        name: int
        nonsense: str | None = None

    found = refused(set(differences("events", inspect.type_info(Wrong), "EnableRuleRequest", strict=True)))
    assert {(member, what) for _, member, what in found} == {
        ("Name", "type"),
        ("Name", "min"),
        ("Name", "max"),
        ("Name", "pattern"),
        ("EventBusName", "absent"),
        ("Nonsense", "unknown"),
    }
