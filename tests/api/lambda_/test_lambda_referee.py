"""botocore's model of Lambda as referee over every action offered: method, path, status, where members travel, names,
what is required, types, limits, patterns, enums; names and types of outputs. What differs on purpose is in one table
with its reason. botocore changes between releases, so a difference in the table may also be absent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, get_type_hints

import pytest
from lambda_harness import model
from msgspec import inspect

from runtime.api.lambda_ import LAMBDA
from runtime.api.lambda_.registry import ERRORS
from runtime.api.lambda_.shapes import LambdaShape
from streamcore.api.aws.binding import URI, plan_of, query
from streamcore.api.aws.rest import RestAction
from streamcore.api.aws.shapes import Shape, pattern_shown, text

#: Families of actions that are not offered, and why.
NOT_OFFERED = {
    "Durable": "durable executions",
    "CapacityProvider": "managed instances",
    "FunctionScalingConfig": "managed instances",
    "ResourcePolicy": "a newer way to what AddPermission does",
    "InvokeAsync": "deprecated by AWS since 2014",
}

#: (shape, member, what differs) -> why. Shape and member may be "*"; `what` is compared up to its colon.
ACCEPTED = {
    ("*", "*", "refused"): "a feature that is not there: given, it is refused with a sentence",
    ("*", "Runtime", "type"): "any text: an unknown one has a sentence of its own, which names all",
    ("*", "Runtime", "enum"): "the same",
    ("Runtime", "", "type"): "the same",
    ("*", "CompatibleRuntime", "type"): "the same",
    ("Timeout", "", "max"): "900 s; AWS takes more for managed instances",
    ("*", "Timeout", "max"): "the same",
    ("*", "MemorySize", "max"): "10,240 MB; AWS takes more for managed instances",
    ("*", "Size", "max"): "10,240 MB; the same",
    ("*", "*", "pattern-unicode"): "Python spells Unicode classes differently",
    ("*", "TraceId", "unknown"): "the header X-Amzn-Trace-Id, which the model does not have",
    ("*", "ContentType", "unknown"): "the header Content-Type, which the model does not have",
    ("*", "DurableExecutionName", "min"): "refused when given",
    ("*", "DurableExecutionName", "max"): "refused when given",
    ("*", "DurableExecutionName", "pattern"): "refused when given",
    ("*", "TenantId", "min"): "refused when given",
    ("*", "TenantId", "max"): "refused when given",
    ("*", "TenantId", "pattern"): "refused when given",
    ("*", "*", "refused-text"): "refused when given",
    # Outputs: what AWS would send and there is nothing to say about.
    ("FunctionConfiguration", "MasterArn", "absent"): "for Lambda@Edge",
    ("FunctionConfiguration", "FileSystemConfigs", "absent"): "there is no EFS",
    ("FunctionConfiguration", "SigningProfileVersionArn", "absent"): "code is not verified",
    ("FunctionConfiguration", "SigningJobArn", "absent"): "code is not verified",
    ("FunctionConfiguration", "ImageConfigResponse", "absent"): "there are no containers",
    ("FunctionConfiguration", "RuntimeVersionConfig", "absent"): "a runtime is what the machine has",
    ("FunctionConfiguration", "TenancyConfig", "absent"): "tenants are not isolated",
    ("FunctionConfiguration", "CapacityProviderConfig", "absent"): "there are no managed instances",
    ("FunctionConfiguration", "ConfigSha256", "absent"): "for managed instances",
    ("FunctionConfiguration", "DurableConfig", "absent"): "there are no durable executions",
    ("FunctionConfiguration", "RuntimeConfig", "absent"): "there are no runtimes of one's own",
    ("FunctionConfiguration", "AcceleratorConfig", "absent"): "there are no accelerators",
    ("EnvironmentResponse", "Error", "absent"): "there is no KMS that could refuse",
    ("Layer", "SigningProfileVersionArn", "absent"): "code is not verified",
    ("Layer", "SigningJobArn", "absent"): "code is not verified",
    ("LayerVersionContentOutput", "*", "absent"): "code is not verified, and always copied",
    ("FunctionCodeLocation", "*", "absent"): "no images, no references to objects, no errors of KMS",
    ("GetFunctionResponse", "TagsError", "absent"): "tags can always be read",
    ("InvocationResponse", "DurableExecutionArn", "absent"): "there are no durable executions",
    ("GetFunctionCodeSigningConfigResponse", "*", "required"): "AWS sends neither for a function that has none",
    ("CreateFunctionUrlConfigResponse", "LastModifiedTime", "unknown"): "one shape for all; not sent at creation",
    ("*", "LastModifiedTime", "required"): "one shape for all; sent by those that have it",
    ("EventSourceMappingConfiguration", "*", "absent"): "sources that are not streams have them, and KMS's errors",
}

KINDS = {
    inspect.StrType: "string",
    inspect.EnumType: "string",
    inspect.IntType: "integer",
    inspect.FloatType: "double",
    inspect.BoolType: "boolean",
    inspect.BytesType: "blob",
    inspect.CustomType: "timestamp",
    inspect.StructType: "structure",
    inspect.ListType: "list",
    inspect.DictType: "map",
}
Difference = tuple[str, str, str]


def bare(kind: inspect.Type) -> inspect.Type:
    """A type without `| None` and without metadata."""
    if isinstance(kind, inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    return bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def differences(ours: inspect.Type, name: str, *, strict: bool) -> Iterator[Difference]:
    """(shape, member, what) for all in which our type differs from the model's shape `name`."""
    theirs = model()["shapes"][name]
    ours = bare(ours)
    if isinstance(ours, inspect.AnyType):
        yield name, "", "refused"
        return
    if KINDS[type(ours)] != theirs["type"].replace("long", "integer"):
        yield name, "", f"type: {KINDS[type(ours)]} is a {theirs['type']}"
    elif isinstance(ours, inspect.StructType):
        yield from members(ours, name, theirs, strict)
    elif isinstance(ours, inspect.ListType):
        yield from differences(ours.item_type, theirs["member"]["shape"], strict=strict)
    elif isinstance(ours, inspect.DictType):
        yield from differences(ours.key_type, theirs["key"]["shape"], strict=strict)
        yield from differences(ours.value_type, theirs["value"]["shape"], strict=strict)
    if strict:
        yield from ((name, "", what) for what in limits(ours, theirs))


def members(ours: inspect.StructType, name: str, theirs: dict[str, Any], strict: bool) -> Iterator[Difference]:
    fields = {field.encode_name: field for field in ours.fields}
    for absent in theirs["members"].keys() - fields.keys():
        yield name, absent, "absent"
    for unknown in fields.keys() - theirs["members"].keys():
        yield name, unknown, "unknown"
    for member in fields.keys() & theirs["members"].keys():
        field, is_required = fields[member], member in theirs.get("required", [])
        if (strict and field.required != is_required) or (is_required and not field.required):
            yield name, member, "required"
        for shape, below, what in differences(field.type, theirs["members"][member]["shape"], strict=strict):
            yield (shape, below, what) if below else (name, member, what)


def limits(ours: inspect.Type, theirs: dict[str, Any]) -> Iterator[str]:
    low, high = getattr(ours, "min_length", None), getattr(ours, "max_length", None)
    if isinstance(ours, inspect.IntType | inspect.FloatType):
        low, high = ours.ge, ours.le
    if (low or 0) != theirs.get("min", 0):
        yield "min"
    if high != theirs.get("max"):
        yield "max"
    pattern = getattr(ours, "pattern", None)
    shown = None if pattern is None else pattern_shown(pattern)
    if shown != theirs.get("pattern"):
        is_unicode = r"\p{L}" in theirs.get("pattern", "")
        yield "pattern-unicode" if is_unicode else f"pattern: {shown} is {theirs.get('pattern')}"
    if isinstance(ours, inspect.EnumType) and {each.value for each in ours.cls} != set(theirs["enum"]):
        yield "enum"


def accepted(difference: Difference) -> bool:
    shape, member, what = difference
    what = what.partition(":")[0]
    return any((s, m, what) in ACCEPTED for s in (shape, "*") for m in (member, "*"))


def places(theirs: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Where each member of the model's shape travels."""
    names = {"uri": "uri", "querystring": "query", "header": "header", "statusCode": "status"}
    found = {}
    for member, spec in theirs["members"].items():
        place = names.get(spec.get("location", ""), "payload" if theirs.get("payload") == member else "body")
        found[member] = (place, spec.get("locationName", member) if place in ("uri", "query", "header") else "")
    return found


def our_places(shape: type[Shape]) -> dict[str, tuple[str, str]]:
    plan = plan_of(shape)
    found = {}
    for place in ("uri", "query", "header"):
        found |= {bound.member: (place, bound.name) for bound in getattr(plan, place)}
    found |= {bound.member: ("body", "") for bound in plan.body}
    for place in ("payload", "status"):
        bound = getattr(plan, place)
        found |= {} if bound is None else {bound.member: (place, "")}
    return found


def output_of(action: RestAction) -> type[Shape] | None:
    found = get_type_hints(action.handler)["return"]
    return None if found is type(None) else found


@pytest.mark.parametrize("action", LAMBDA.actions.values(), ids=LAMBDA.actions)
def test_an_action_is_the_models(action: RestAction) -> None:
    operation = model()["operations"][action.name]
    http = operation["http"]
    assert (action.method, action.template.rstrip("/")) == (http["method"], http["requestUri"].rstrip("/"))
    if action.name != "DeleteFunction":  # its status is in its output
        assert action.status == http["responseCode"]
    theirs = operation["input"]["shape"]
    found = set(differences(inspect.type_info(action.input), theirs, strict=True))
    assert {each for each in found if not accepted(each)} == set()
    ours, model_places = our_places(action.input), places(model()["shapes"][theirs])
    assert {name: place for name, place in ours.items() if name in model_places} == {
        name: place for name, place in model_places.items() if name in ours
    }
    if action.name in STREAMED:
        return
    output = output_of(action)
    assert (output is None) == (
        "output" not in operation or not model()["shapes"][operation["output"]["shape"]]["members"]
    )
    if output is None:
        return
    theirs = operation["output"]["shape"]
    found = set(differences(inspect.type_info(output), theirs, strict=False))
    assert {each for each in found if not accepted(each)} == set()
    model_places = places(model()["shapes"][theirs])
    assert all(model_places[name] == place for name, place in our_places(output).items() if name in model_places)


#: Their answers are event streams, which boto3 itself reads in tests/lambda_.
STREAMED = {"InvokeWithResponseStream"}


def test_every_action_of_zip_functions_is_there() -> None:
    wanted = {name for name in model()["operations"] if not any(word in name for word in NOT_OFFERED)}
    assert set(LAMBDA.actions) == wanted
    assert len(wanted) == 67


def test_every_reason_is_given() -> None:
    assert all(ACCEPTED.values())
    assert all(NOT_OFFERED.values())


@pytest.mark.parametrize("code", ERRORS)
def test_errors_are_the_models(code: str) -> None:
    shape = model()["shapes"][code]
    status, member = ERRORS[code]
    assert status == shape["error"]["httpStatusCode"]
    assert member in shape["members"]
    assert member.swapcase() not in shape["members"]


def test_the_referee_sees_differences() -> None:
    """The test of the test: a shape with every kind of fault."""

    class Wrong(LambdaShape, frozen=True, kw_only=True):
        function_name: Annotated[str, text(1, 7), query()]
        name: Annotated[int, URI]
        nonsense: str | None = None

    found = set(differences(inspect.type_info(Wrong), "GetAliasRequest", strict=True))
    whats = {(member, re.split(":", what)[0]) for _, member, what in found}
    assert whats == {
        ("FunctionName", "max"),
        ("FunctionName", "pattern"),
        ("Name", "type"),
        ("Name", "min"),
        ("Name", "max"),
        ("Name", "pattern"),
        ("Nonsense", "unknown"),
    }
    assert our_places(Wrong)["FunctionName"] != places(model()["shapes"]["GetAliasRequest"])["FunctionName"]
