"""botocore's model of S3 against what is here: addresses of actions, names of members, names in answers."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

import runtime.api.s3 as package
import runtime.model.s3 as rules
from runtime.api.s3.actions import S3
from streamcore.api.aws.rest_xml import Level, XmlAction

#: Registered actions that the model does not have.
OURS = {"PostObject"}
#: Operations of the model that are not offered; they answer NotImplemented or MethodNotAllowed.
NOT_OFFERED = re.compile(
    r"Analytics|Intelligent|Inventory|Metadata|Metrics|Replication|Website|Accelerate|RequestPayment|ObjectLock"
    r"|LegalHold|Retention|Torrent|RestoreObject|SelectObject|WriteGetObjectResponse|Session|DirectoryBuckets|Rename"
    r"|PolicyStatus|Abac|Annotation|Encryption$|BucketNotification$|BucketLifecycle$|UpdateObject"
)
#: (operation, or * for all; where; name) → why nothing is done with it.
ACCEPTED = {
    ("*", "header", "x-amz-request-payer"): "nobody pays here",
    ("*", "header", "x-amz-optional-object-attributes"): "RestoreStatus, which no object has",
    ("*", "header", "x-amz-server-side-encryption-bucket-key-enabled"): "there are no KMS keys",
    ("*", "header", "x-amz-confirm-remove-self-bucket-access"): "policies refuse nobody",
    ("*", "header", "x-amz-transition-default-minimum-object-size"): "nothing is moved between storage classes",
    ("*", "header", "x-amz-bucket-namespace"): "there is one namespace",
}


@cache
def model() -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model("s3", "service-2")
    return found


def offered() -> list[str]:
    return sorted(set(S3.actions) - OURS)


def address(action: XmlAction) -> tuple[str, str, frozenset[str]]:
    queries = frozenset(d for d in action.demands if not d.endswith(":"))
    return action.method, action.level, queries


@pytest.mark.parametrize("name", offered())
def test_an_action_is_where_the_model_says(name: str) -> None:
    http = model()["operations"][name]["http"]
    path, _, query = http["requestUri"].partition("?")
    level = Level.OBJECT if "{Key+}" in path else Level.BUCKET if "{Bucket}" in path else Level.SERVICE
    asked = {part for part in query.split("&") if part and not part.startswith("x-id=")}
    method, ours, queries = address(S3.actions[name])
    assert (method, ours) == (http["method"], level)
    members = (
        model()["shapes"][model()["operations"][name].get("input", {}).get("shape", "")] if asked != queries else {}
    )
    required = {m["locationName"] for n, m in members.get("members", {}).items() if n in members.get("required", ())}
    assert asked <= queries <= asked | required


def test_every_operation_is_offered_or_known_not_to_be() -> None:
    missing = set(model()["operations"]) - set(S3.actions)
    assert {name for name in missing if not NOT_OFFERED.search(name)} == set()


@cache
def words() -> set[str]:
    """All texts in the code of S3, in lower case, and the words in them."""
    found: set[str] = set()
    for folder in (package.__path__[0], rules.__path__[0]):
        for file in Path(folder).glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value.lower())
                    found.update(node.value.lower().split())
    return found


def is_known(name: str) -> bool:
    low = name.lower()
    for prefix in ("x-amz-checksum-", "response-", "x-amz-copy-source-", "x-amz-meta-"):
        if low.startswith(prefix):
            return prefix in words() or low in words()
    return low in words()


@pytest.mark.parametrize("name", offered())
def test_no_member_is_overlooked(name: str) -> None:
    shape = model()["operations"][name].get("input", {}).get("shape")
    members = model()["shapes"][shape]["members"] if shape else {}
    unknown = {
        member["locationName"]
        for member in members.values()
        if member.get("location") in ("header", "headers", "querystring")
        and not is_known(member["locationName"])
        and ("*", member["location"], member["locationName"].lower()) not in ACCEPTED
    }
    assert unknown == set()
