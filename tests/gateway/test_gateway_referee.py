"""botocore's model of API Gateway as referee of inputs: names, places, types, what is required. Outputs are judged
answer by answer in the harness."""

from __future__ import annotations

from typing import Any

import pytest
from gateway_harness import model
from msgspec import inspect

from runtime.api.apigateway import APIGATEWAY
from runtime.api.apigateway.registry import ERRORS
from streamcore.api.aws.binding import plan_of
from streamcore.api.aws.rest import RestAction

#: (action or "*", member of the model) → why our input does not have it.
ABSENT = {
    ("*", "patchOperations"): "",
    ("CreateDomainName", "*"): "refused whatever is given",
    ("CreateVpcLink", "*"): "refused whatever is given",
    ("GetExport", "parameters"): "a free map in the query string: `extensions` is what is taken of it",
    ("ImportRestApi", "parameters"): "a free map in the query string: `endpointConfigurationTypes` is taken of it",
    ("PutRestApi", "parameters"): "the same",
}
#: Members that ours has under another name, since the model has two of one name on the wire.
OURS = {("PutIntegration", "httpMethod"): "methodName", ("PutIntegration", "integrationHttpMethod"): "httpMethod"}
#: (action, our member) → what of the free maps is taken.
TAKEN = {("GetExport", "extensions"), ("ImportRestApi", "parameters"), ("PutRestApi", "parameters")}
KINDS: dict[Any, set[str]] = {
    inspect.StrType: {"string"},
    inspect.EnumType: {"string"},
    inspect.IntType: {"integer"},
    inspect.FloatType: {"double"},
    inspect.BoolType: {"boolean"},
    inspect.BytesType: {"blob"},
    inspect.ListType: {"list"},
    inspect.DictType: {"map"},
    inspect.StructType: {"structure"},
    inspect.AnyType: {"string", "structure", "list", "boolean", "integer"},
}


def bare(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    return bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def differences(action: RestAction) -> list[str]:
    """What in an input is not the model's."""
    shape = model()["shapes"][model()["operations"][action.name].get("input", {"shape": "GetAccountRequest"})["shape"]]
    plan = plan_of(action.input)
    ours = {bound.member: ("uri", bound) for bound in plan.uri}
    ours |= {bound.member: ("querystring", bound) for bound in plan.query}
    ours |= {bound.member: ("header", bound) for bound in plan.header}
    ours |= {bound.member: ("", bound) for bound in (*plan.body, *([plan.payload] if plan.payload else []))}
    required = {field.encode_name for field in inspect.type_info(action.input).fields if field.required}  # type: ignore[attr-defined]
    found, seen = [], set()
    for member, spec in shape["members"].items():
        name = OURS.get((action.name, member), member)
        if name not in ours or (action.name, name) in TAKEN:
            if not {(action.name, member), (action.name, "*")} & ABSENT.keys():
                found.append(f"{member} is absent")
            continue
        seen.add(name)
        place, bound = ours[name]
        theirs = model()["shapes"][spec["shape"]]["type"]
        if place != spec.get("location", ""):
            found.append(f"{member} is in {place}")
        if place and bound.name != spec.get("locationName", member):
            found.append(f"{member} is called {bound.name}")
        if theirs not in KINDS[type(bare(bound.kind))]:
            found.append(f"{member} is {theirs}")
        if (member in shape.get("required", [])) != (name in required):
            found.append(f"{member} is required or not")
    return found + [f"{name} is unknown" for name in ours.keys() - seen if (action.name, name) not in TAKEN]


@pytest.mark.parametrize("action", APIGATEWAY.actions.values(), ids=APIGATEWAY.actions)
def test_an_action_is_the_models(action: RestAction) -> None:
    http = model()["operations"][action.name]["http"]
    assert (action.method, action.template) == (http["method"], http["requestUri"])
    assert action.status == http.get("responseCode", 200)
    assert differences(action) == []


@pytest.mark.parametrize("code", ERRORS)
def test_errors_are_the_models(code: str) -> None:
    assert model()["shapes"][code]["error"]["httpStatusCode"] == ERRORS[code]


def test_the_referee_sees_differences() -> None:
    action = APIGATEWAY.actions["GetRestApi"]
    wrong = RestAction("CreateModel", "", "GET", "/", 200, 0, action.input, action.handler)
    assert {each.split()[0] for each in differences(wrong)} == {"name", "description", "schema", "contentType"}
