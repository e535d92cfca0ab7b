"""Policy documents: what is one, and patterns in them."""

from __future__ import annotations

import fnmatch
import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamcore.model.iam.document import PolicyError, PolicyKind, read_policy
from streamcore.model.iam.glob import Arn, ArnGlob, Glob, Literal
from streamcore.model.iam.managed import managed_policies

GOOD: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}


def document(*statements: Any, version: str = "2012-10-17", **more: Any) -> str:
    return json.dumps({"Version": version, "Statement": list(statements), **more})


def without(name: str, **more: Any) -> dict[str, Any]:
    return {key: value for key, value in GOOD.items() if key != name} | more


TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}

#: (kind, document, IAM's sentence)
BAD: list[tuple[PolicyKind, str, str]] = [
    (PolicyKind.IDENTITY, "", "Syntax errors in policy."),
    (PolicyKind.IDENTITY, "[" * 100_000, "Syntax errors in policy."),
    (PolicyKind.IDENTITY, '{"Statement":[],"Statement":[]}', "Syntax errors in policy."),
    (PolicyKind.IDENTITY, document(), "Syntax errors in policy."),
    (PolicyKind.IDENTITY, document(GOOD, Other=1), "Syntax errors in policy."),
    (PolicyKind.IDENTITY, document(GOOD, version="2011-01-01"), "Syntax errors in policy."),
    (PolicyKind.IDENTITY, document(GOOD, version="2008-10-17"), "Policy document must be version 2012-10-17 or"),
    (PolicyKind.IDENTITY, document(without("Effect")), "Syntax errors in policy."),
    (PolicyKind.IDENTITY, document(without("Effect", Effect="allow")), "Syntax errors in policy."),
    (PolicyKind.IDENTITY, document({**GOOD, "Extra": 1}), "Syntax errors in policy."),
    (PolicyKind.IDENTITY, document(without("Action")), "Policy statement must contain actions."),
    (PolicyKind.IDENTITY, document({**GOOD, "NotAction": "s3:*"}), "Syntax errors in policy."),
    (PolicyKind.IDENTITY, document({**GOOD, "Action": "GetObject"}), "Actions/Conditions must be prefaced by a ven"),
    (PolicyKind.IDENTITY, document({**GOOD, "Action": "s3:a:b"}), "Actions/Condition can contain only one colon."),
    (PolicyKind.IDENTITY, document(without("Resource")), "Policy statement must contain resources."),
    (PolicyKind.IDENTITY, document({**GOOD, "Resource": "b"}), 'Resource b must be in ARN format or "*".'),
    (PolicyKind.IDENTITY, document({**GOOD, "Principal": "*"}), "Policy document should not specify a principal."),
    (PolicyKind.IDENTITY, document({**GOOD, "Sid": "a"}, {**GOOD, "Sid": "a"}), "Statement IDs (SID) in a single pol"),
    (PolicyKind.IDENTITY, document({**GOOD, "Sid": "a b"}), "Statement IDs (SID) must be alpha-numeric."),
    (PolicyKind.IDENTITY, document({**GOOD, "Condition": {"Like": {"a": "b"}}}), "Invalid Condition type : Like."),
    (PolicyKind.IDENTITY, document({**GOOD, "Condition": {"Bool": {"a": []}}}), "Syntax errors in policy."),
    (PolicyKind.IDENTITY, document({**GOOD, "Condition": {"Bool": {"a": {}}}}), "Syntax errors in policy."),
    (PolicyKind.RESOURCE, document(GOOD), "Missing required field Principal"),
    (PolicyKind.RESOURCE, document({**GOOD, "Principal": {"AWS": "ann"}}), 'Invalid principal in policy: "AWS":"ann"'),
    (PolicyKind.RESOURCE, document({**GOOD, "Principal": {"Who": "*"}}), 'Invalid principal in policy: "Who":"*"'),
    (PolicyKind.RESOURCE, document({**GOOD, "Principal": {"AWS": "arn:aws:iam::123456789012:user/*"}}),
     'Invalid principal in policy: "AWS":"arn'),
    (PolicyKind.RESOURCE, document({**GOOD, "Principal": {}}), "Invalid principal in policy."),
    (PolicyKind.TRUST, document({**TRUST, "Resource": "*"}), "Has prohibited field Resource"),
    (PolicyKind.TRUST, document({**TRUST, "Principal": {"Service": "lambda"}}), "Invalid principal in policy:"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "sentence"), BAD)
def test_what_is_no_policy_says_why(kind: PolicyKind, text: str, sentence: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(text, kind)
    assert str(caught.value).startswith(sentence)


def test_what_is_one() -> None:
    assert len(read_policy(document(GOOD, GOOD), PolicyKind.IDENTITY).statements) == 2
    assert read_policy(json.dumps({"Version": "2012-10-17", "Statement": GOOD}), PolicyKind.IDENTITY).statements
    assert read_policy(document(TRUST), PolicyKind.TRUST).statements[0].name == "#1"
    named = {**GOOD, "Sid": "read it", "Principal": {"AWS": ["123456789012", "AIDAQWERTYUIOPASDFGH"]}}
    (statement,) = read_policy(document(named, version="2008-10-17"), PolicyKind.RESOURCE).statements
    assert statement.name == "read it"
    assert statement.principals is not None
    assert statement.principals.aws == {"arn:aws:iam::123456789012:root", "AIDAQWERTYUIOPASDFGH"}


def test_every_policy_of_aws_is_one() -> None:
    for policy in managed_policies().values():
        assert read_policy(policy.document, PolicyKind.IDENTITY, policy.arn).statements
        assert len(policy.document) < 6144
        assert re.fullmatch(r"ANPA[A-Z0-9]{16,}", policy.id)


@given(st.text("ab*?.[", max_size=12), st.text("ab.[\n", max_size=12))
def test_patterns_match_as_a_shells_do(pattern: str, text: str) -> None:
    quoted = "".join("[[]" if letter == "[" else letter for letter in pattern)
    assert Glob([pattern]).matches(text) is fnmatch.fnmatchcase(text, quoted)


@given(st.text("ab*?", max_size=8))
def test_a_literal_is_itself(text: str) -> None:
    assert Glob(["x", Literal(text), "y"]).matches(f"x{text}y")
    assert Glob(["x", Literal(text), "*"]).matches(f"x{text}ab")
    assert not Glob([Literal("*")]).matches("a")


def test_many_wildcards_take_no_time() -> None:
    began = time.perf_counter()
    assert not Glob(["*a" * 60 + "b"]).matches("a" * 5000)
    assert time.perf_counter() - began < 1


def test_wildcards_stay_within_their_part() -> None:
    glob = ArnGlob(["arn:aws:sns:*:123456789012:*"])
    assert glob.matches("arn:aws:sns:us-east-1:123456789012:topic:sub")
    assert not glob.matches("arn:aws:sns:us-east-1:111111111111:123456789012:x")
    assert not glob.matches("arn:aws:sns")
    assert ArnGlob(["*"]).matches("arn:aws:sns:us-east-1:1:t")
    assert not ArnGlob(["arn:aws:s3:::", Literal("*")]).matches("arn:aws:s3:::b")


def test_arns() -> None:
    assert Arn.parse("arn:aws:lambda:us-east-1:1:function:f:2") == ("aws", "lambda", "us-east-1", "1", "function:f:2")
    assert Arn.parse("nothing") is None
