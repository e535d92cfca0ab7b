"""botocore's model of API Gateway v2 as referee of inputs: names, places, types, what is required. Outputs are judged
answer by answer in the harness."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_v2_harness import model
from msgspec import inspect

from runtime.api.apigatewayv2 import APIGATEWAYV2
from streamcore.api.aws.binding import plan_of
from streamcore.api.aws.rest import RestAction

#: Actions whose other members are refused with everything that is given.
REFUSED = {"CreateDomainName", "CreateVpcLink"}
KINDS: dict[Any, set[str]] = {
    inspect.StrType: {"string"},
    inspect.EnumType: {"string"},
    inspect.IntType: {"integer"},
    inspect.FloatType: {"double"},
    inspect.BoolType: {"boolean"},
    inspect.ListType: {"list"},
    inspect.DictType: {"map"},
    inspect.StructType: {"structure"},
    inspect.AnyType: {"string", "structure", "list", "boolean", "map"},
}


def bare(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    return bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def differences(action: RestAction) -> list[str]:
    """What in an input is not the model's."""
    shapes = model()["shapes"]
    shape = shapes[model()["operations"][action.name]["input"]["shape"]]
    plan = plan_of(action.input)
    ours = {bound.name: ("uri", bound) for bound in plan.uri}
    ours |= {bound.name: ("querystring", bound) for bound in plan.query}
    ours |= {bound.name: ("", bound) for bound in plan.body}
    fields = inspect.type_info(action.input).fields  # type: ignore[attr-defined]  an input is a struct
    required = {field.encode_name for field in fields if field.required}
    found, seen = [], set()
    for member, spec in shape["members"].items():
        name = spec.get("locationName", member)
        if name not in ours:
            if action.name not in REFUSED:
                found.append(f"{name} is absent")
            continue
        seen.add(name)
        place, bound = ours[name]
        if place != spec.get("location", ""):
            found.append(f"{name} is in {place}")
        theirs = shapes[spec["shape"]]
        if theirs["type"] not in KINDS[type(bare(bound.kind))]:
            found.append(f"{name} is {theirs['type']}")
        if (member in shape.get("required", [])) != (bound.member in required):
            found.append(f"{name} is required or not")
        kind = bare(bound.kind)
        if isinstance(kind, inspect.EnumType) and {each.value for each in kind.cls} != set(theirs["enum"]):
            found.append(f"{name} has other values")
    return found + [f"{name} is unknown" for name in ours.keys() - seen]


@pytest.mark.parametrize("action", APIGATEWAYV2.actions.values(), ids=APIGATEWAYV2.actions)
def test_an_action_is_the_models(action: RestAction) -> None:
    http = model()["operations"][action.name]["http"]
    assert (action.method, action.template) == (http["method"], http["requestUri"])
    assert action.status == http.get("responseCode", 200)
    assert differences(action) == []


def test_the_referee_sees_differences() -> None:
    action = APIGATEWAYV2.actions["GetApi"]
    wrong = RestAction("CreateRoute", "", "GET", "/", 200, 0, action.input, action.handler)
    assert {"routeKey is absent", "target is absent"} <= set(differences(wrong))
