"""botocore's models of SQS and SNS as referees, and the pages that are written from the registries. What differs on
purpose is in one table with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints

import pytest
from botocore.loaders import Loader
from msgspec import inspect

from runtime.api.sns import SNS
from runtime.api.sns import table as sns_table
from runtime.api.sqs import SQS
from runtime.api.sqs import table as sqs_table
from streamcore.api.aws.shapes import Shape

DOCS = Path(__file__).resolve().parents[2] / "docs"
#: (service, shape, member, what differs) → why. The shape or the member may be "*".
ACCEPTED = {
    ("sqs", "*", "*", "required"): "asked for by `required`, which has SQS's own sentence for it",
    ("sns", "*", "DataProtectionPolicy", "refused"): "a feature that is not there: given, it is refused",
    ("sns", "CreateTopicInput", "DataProtectionPolicy", "refused"): "the same",
    ("sns", "attributeValue", "", "refused"): "the same",
    ("sqs", "MessageSystemAttributeValue", "*", "unknown"): "newer than some botocore releases",
}
KINDS = {
    inspect.StrType: "string",
    inspect.EnumType: "string",
    inspect.IntType: "integer",
    inspect.BoolType: "boolean",
    inspect.BytesType: "blob",
    inspect.StructType: "structure",
    inspect.ListType: "list",
    inspect.DictType: "map",
}
Difference = tuple[str, str, str, str]


@cache
def model(service: str) -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model(service, "service-2")
    return found


def bare(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        kind = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
    return bare(kind.type) if isinstance(kind, inspect.Metadata) else kind


def differences(service: str, ours: inspect.Type, name: str, *, strict: bool) -> Iterator[Difference]:
    theirs, ours = model(service)["shapes"][name], bare(ours)
    if isinstance(ours, inspect.AnyType):
        yield service, name, "", "refused"
    elif KINDS[type(ours)] != theirs["type"].replace("long", "integer"):
        yield service, name, "", "type"
    elif isinstance(ours, inspect.StructType):
        yield from _members(service, ours, name, theirs, strict)
    elif isinstance(ours, inspect.ListType):
        yield from differences(service, ours.item_type, theirs["member"]["shape"], strict=strict)
    elif isinstance(ours, inspect.DictType):
        yield from differences(service, ours.key_type, theirs["key"]["shape"], strict=strict)
        yield from differences(service, ours.value_type, theirs["value"]["shape"], strict=strict)


def _members(
    service: str, ours: inspect.StructType, name: str, theirs: dict[str, Any], strict: bool
) -> Iterator[Difference]:
    fields = {field.encode_name: field for field in ours.fields}
    members = theirs["members"]
    yield from ((service, name, absent, "absent") for absent in members.keys() - fields.keys())
    yield from ((service, name, unknown, "unknown") for unknown in fields.keys() - members.keys())
    for member in fields.keys() & members.keys():
        field, is_required = fields[member], member in theirs.get("required", [])
        if strict and field.required != is_required:
            yield service, name, member, "required"
        yield from differences(service, field.type, members[member]["shape"], strict=strict)


def refused(found: set[Difference]) -> set[Difference]:
    def accepted(service: str, shape: str, member: str, what: str) -> bool:
        return any((service, s, m, what) in ACCEPTED for s in (shape, "*") for m in (member, "*"))

    return {each for each in found if not accepted(*each)}


CASES = [(service.name, name, *service.actions[name]) for service in (SQS, SNS) for name in service.actions]


@pytest.mark.parametrize(
    ("service", "name", "input_", "handler"), CASES, ids=[f"{each[0]}.{each[1]}" for each in CASES]
)
def test_an_action(service: str, name: str, input_: type[Shape], handler: Any) -> None:
    operation = model(service)["operations"][name]
    found = set(differences(service, inspect.type_info(input_), operation["input"]["shape"], strict=True))
    assert refused(found) == set()
    theirs, ours = operation.get("output"), get_type_hints(handler)["return"]
    if theirs is None:
        assert ours is type(None)
        return
    found = set(differences(service, inspect.type_info(ours), theirs["shape"], strict=False))
    assert refused(found) == set()


def test_the_services() -> None:
    assert model("sqs")["metadata"]["targetPrefix"] == SQS.target_prefix
    assert set(SQS.actions) == set(model("sqs")["operations"])
    assert set(SNS.actions) <= set(model("sns")["operations"])


def test_the_referee_sees_differences() -> None:
    class Wrong(Shape, frozen=True, kw_only=True, rename="pascal"):
        topic_arn: int
        nonsense: str | None = None

    found = refused(set(differences("sns", inspect.type_info(Wrong), "ConfirmSubscriptionInput", strict=True)))
    assert {(member, what) for _, _, member, what in found} == {
        ("", "type"),
        ("Token", "absent"),
        ("AuthenticateOnUnsubscribe", "absent"),
        ("Nonsense", "unknown"),
    }


@pytest.mark.parametrize(("name", "table", "actions"), [
    ("sqs.md", sqs_table, SQS.actions), ("sns.md", sns_table, SNS.actions),
])  # fmt: skip
def test_a_page_is_up_to_date(name: str, table: ModuleType, actions: dict[str, Any]) -> None:
    """If this fails: python -m runtime.api.sqs.table docs/sqs.md, and the same for sns."""
    assert (DOCS / name).read_text() == table.render()
    assert set(table.NOTES) <= set(actions)
