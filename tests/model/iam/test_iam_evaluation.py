"""Evaluation, by AWS's documented logic and examples.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamcore.model.iam.context import Context
from streamcore.model.iam.document import Policy, PolicyKind, read_policy
from streamcore.model.iam.evaluate import Decision, Layer, Policies, Question, evaluate
from streamcore.model.iam.principals import ANONYMOUS, Kind, Principal

HOME, AWAY = "111122223333", "444455556666"
ANN = Principal(kind=Kind.USER, arn=f"arn:aws:iam::{HOME}:user/ann", account=HOME, id="AIDAANN", name="ann",
                tags={"team": "blue"})  # fmt: skip
ROOT = Principal(kind=Kind.ROOT, arn=f"arn:aws:iam::{HOME}:root", account=HOME, id=HOME)
ROLE = f"arn:aws:iam::{HOME}:role/worker"
SESSION = Principal(kind=Kind.SESSION, arn=f"arn:aws:sts::{HOME}:assumed-role/worker/one", account=HOME,
                    id="AROAX:one", name="one", role=ROLE)  # fmt: skip
S3 = Principal(kind=Kind.SERVICE, arn="s3.amazonaws.com")
STREAM = f"arn:aws:kinesis:us-east-1:{HOME}:stream/orders"


def allow(action: Any = "kinesis:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "kinesis:*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def policy(*statements: dict[str, Any], kind: PolicyKind = PolicyKind.IDENTITY, name: str = "p") -> Policy:
    return read_policy(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), kind, name)


def held(*statements: dict[str, Any]) -> Policy:
    return policy(*statements, kind=PolicyKind.RESOURCE, name="held")


def decide(
    principal: Principal = ANN,
    action: str = "kinesis:PutRecord",
    resource: str = STREAM,
    *,
    identity: tuple[dict[str, Any], ...] = (),
    boundary: tuple[dict[str, Any], ...] | None = None,
    session: tuple[dict[str, Any], ...] | None = None,
    resource_policy: Policy | None = None,
    owner: str = "",
    keys: dict[str, Any] | None = None,
    needs_policy: bool = False,
) -> Decision:
    policies = Policies(
        identity=(policy(*identity),) if identity else (),
        boundary=None if boundary is None else policy(*boundary),
        session=None if session is None else (policy(*session),),
    )
    context = Context({**principal.keys(), **(keys or {})})
    question = Question(principal=principal, action=action, resource=resource, context=context, owner=owner,
                        policy=resource_policy, needs_policy=needs_policy)  # fmt: skip
    return evaluate(question, policies)


TO_ANN = {"Principal": {"AWS": ANN.arn}}
TO_HOME = {"Principal": {"AWS": HOME}}
TO_ALL = {"Principal": "*"}
NOTHING = deny("none:none")

#: (what, who, policies, expected: allowed, the layer that decided)
CASES: list[tuple[str, Principal, dict[str, Any], bool, Layer]] = [
    ("nothing allows", ANN, {}, False, Layer.IDENTITY),
    ("identity allows", ANN, {"identity": (allow(),)}, True, Layer.IDENTITY),
    ("another action", ANN, {"identity": (allow("kinesis:Get*"),)}, False, Layer.IDENTITY),
    ("actions in any case", ANN, {"identity": (allow("KINESIS:putrecord"),)}, True, Layer.IDENTITY),
    ("question mark", ANN, {"identity": (allow("kinesis:PutRecor?"),)}, True, Layer.IDENTITY),
    ("another resource", ANN, {"identity": (allow(resource=STREAM + "x"),)}, False, Layer.IDENTITY),
    ("a wildcard in the resource", ANN, {"identity": (allow(resource="arn:aws:kinesis:*:*:stream/or*"),)}, True,
     Layer.IDENTITY),
    ("no wildcard over a colon", ANN, {"identity": (allow(resource="arn:aws:kinesis:*:stream/orders:x"),)}, False,
     Layer.IDENTITY),
    ("explicit deny wins", ANN, {"identity": (allow(), deny("kinesis:PutRecord"))}, False, Layer.IDENTITY),
    ("NotAction allows the rest", ANN, {"identity": ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},)},
     True, Layer.IDENTITY),
    ("NotAction leaves out", ANN, {"identity": ({"Effect": "Allow", "NotAction": "kinesis:*", "Resource": "*"},)},
     False, Layer.IDENTITY),
    ("NotResource denies the rest", ANN,
     {"identity": (allow(), {"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::*"})}, False,
     Layer.IDENTITY),
    ("resource policy names the user", ANN, {"resource_policy": held(allow(**TO_ANN))}, True, Layer.RESOURCE),
    ("resource policy denies", ANN, {"identity": (allow(),), "resource_policy": held(deny(**TO_ALL))}, False,
     Layer.RESOURCE),
    ("resource policy names the account only", ANN, {"resource_policy": held(allow(**TO_HOME))}, False,
     Layer.IDENTITY),
    ("account and identity", ANN, {"resource_policy": held(allow(**TO_HOME)), "identity": (allow(),)}, True,
     Layer.IDENTITY),
    ("resource policy for all", ANN, {"resource_policy": held(allow(**TO_ALL))}, True, Layer.RESOURCE),
    ("NotPrincipal denies all others", ANN,
     {"identity": (allow(),), "resource_policy": held(deny(NotPrincipal={"AWS": ROLE}))}, False, Layer.RESOURCE),
    ("NotPrincipal spares", ANN,
     {"identity": (allow(),), "resource_policy": held(deny(NotPrincipal={"AWS": [ANN.arn, HOME]}))}, True,
     Layer.IDENTITY),
    ("another account: identity alone", ANN, {"owner": AWAY, "identity": (allow(),)}, False, Layer.RESOURCE),
    ("another account: resource alone", ANN, {"owner": AWAY, "resource_policy": held(allow(**TO_ANN))}, False,
     Layer.IDENTITY),
    ("another account: both", ANN,
     {"owner": AWAY, "identity": (allow(),), "resource_policy": held(allow(**TO_HOME))}, True, Layer.IDENTITY),
    ("boundary does not allow", ANN, {"identity": (allow(),), "boundary": (allow("s3:*"),)}, False, Layer.BOUNDARY),
    ("boundary alone allows nothing", ANN, {"boundary": (allow(),)}, False, Layer.IDENTITY),
    ("boundary and identity", ANN, {"identity": (allow(),), "boundary": (allow(),)}, True, Layer.IDENTITY),
    ("boundary denies", ANN, {"identity": (allow(),), "boundary": (allow(), deny("kinesis:Put*"))}, False,
     Layer.BOUNDARY),
    ("a user who is named is beyond his boundary", ANN,
     {"boundary": (allow("s3:*"),), "resource_policy": held(allow(**TO_ANN))}, True, Layer.RESOURCE),
    ("session policy does not allow", SESSION, {"identity": (allow(),), "session": (allow("s3:*"),)}, False,
     Layer.SESSION),
    ("session policy and identity", SESSION, {"identity": (allow(),), "session": (allow(),)}, True, Layer.IDENTITY),
    ("a role that is named is within its session", SESSION,
     {"session": (allow("s3:*"),), "resource_policy": held(allow(Principal={"AWS": ROLE}))}, False, Layer.SESSION),
    ("a session that is named is not", SESSION,
     {"session": (allow("s3:*"),), "resource_policy": held(allow(Principal={"AWS": SESSION.arn}))}, True,
     Layer.RESOURCE),
    ("root may", ROOT, {}, True, Layer.ROOT),
    ("root may be denied by a resource", ROOT, {"resource_policy": held(deny(**TO_HOME))}, False, Layer.RESOURCE),
    ("root of another account", ROOT, {"owner": AWAY}, False, Layer.RESOURCE),
    ("a service by its name", S3, {"resource_policy": held(allow(Principal={"Service": "s3.amazonaws.com"}))}, True,
     Layer.RESOURCE),
    ("another service", S3, {"resource_policy": held(allow(Principal={"Service": "sns.amazonaws.com"}))}, False,
     Layer.RESOURCE),
    ("a service has no account", S3, {"resource_policy": held(allow(**TO_HOME))}, False, Layer.RESOURCE),
    ("nobody", ANONYMOUS, {"resource_policy": held(allow(**TO_HOME))}, False, Layer.RESOURCE),
    ("nobody is everybody", ANONYMOUS, {"resource_policy": held(allow(**TO_ALL))}, True, Layer.RESOURCE),
    ("trust is needed", ANN, {"identity": (allow(),), "needs_policy": True}, False, Layer.RESOURCE),
    ("trust in the account leaves it to the identity", ANN,
     {"identity": (allow(),), "needs_policy": True, "resource_policy": held(allow(**TO_HOME))}, True, Layer.IDENTITY),
    ("a variable", ANN, {"identity": (allow(resource="arn:aws:kinesis:*:*:stream/${aws:PrincipalTag/team, 'x'}*"),)},
     False, Layer.IDENTITY),
    ("a variable that fits", ANN,
     {"identity": (allow(resource="arn:aws:kinesis:*:*:stream/${aws:Mode, 'orders'}"),)}, True, Layer.IDENTITY),
    ("a variable without a value fits nothing", ANN,
     {"identity": (allow(resource="arn:aws:kinesis:*:*:stream/${aws:Mode}*"),)}, False, Layer.IDENTITY),
]  # fmt: skip


@pytest.mark.parametrize(("what", "who", "given", "is_allowed", "layer"), CASES, ids=[case[0] for case in CASES])
def test_decisions(what: str, who: Principal, given: dict[str, Any], is_allowed: bool, layer: Layer) -> None:
    decision = decide(who, **given)
    assert (decision.is_allowed, decision.layer) == (is_allowed, layer)


def test_the_decision_names_its_statement() -> None:
    statements = (allow("s3:*", Sid="objects"), allow(Sid="streams"))
    assert decide(identity=statements).statement == "streams"
    assert decide(identity=(allow(), deny())).statement == "#2"
    assert decide(identity=statements).because == "identity-based policy p streams"


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (decide(), "because no identity-based policy allows the kinesis:PutRecord action"),
        (decide(identity=(allow(),), boundary=(NOTHING,)), "because no permissions boundary allows the kinesis:Put"),
        (decide(identity=(deny(),)), "with an explicit deny in an identity-based policy"),
        (decide(resource_policy=held(deny(**TO_ALL))), "with an explicit deny in a resource-based policy"),
    ],
)
def test_refusals_are_told_as_aws_does(decision: Decision, sentence: str) -> None:
    assert decision.reason("kinesis:PutRecord").startswith(sentence)


def test_whether_a_decision_depends_on_the_request() -> None:
    conditional = allow(Condition={"StringEquals": {"aws:username": "ann"}})
    assert decide(identity=(conditional,)).depends_on_context
    assert not decide(identity=(allow(),)).depends_on_context
    other = allow("s3:*", Condition={"StringEquals": {"aws:username": "ann"}})
    assert not decide(identity=(other, allow())).depends_on_context


#: (operator, key, the policy's values, the request's value or None, whether it holds)
CONDITIONS: list[tuple[str, str, Any, Any, bool]] = [
    ("StringEquals", "aws:username", "ann", "ann", True),
    ("StringEquals", "aws:username", ["bob", "ann"], "ann", True),
    ("StringEquals", "aws:USERNAME", "ann", "ann", True),
    ("StringEquals", "aws:username", "Ann", "ann", False),
    ("StringEqualsIgnoreCase", "aws:username", "Ann", "ann", True),
    ("StringNotEquals", "aws:username", ["bob", "ann"], "ann", False),
    ("StringNotEquals", "aws:username", ["bob", "cid"], "ann", True),
    ("StringNotEquals", "aws:username", "bob", None, True),
    ("StringEquals", "s3:prefix", "a", None, False),
    ("StringEqualsIfExists", "s3:prefix", "a", None, True),
    ("StringEqualsIfExists", "s3:prefix", "a", "b", False),
    ("StringLike", "s3:prefix", "home/${aws:username}/*", "home/ann/x", True),
    ("StringLike", "s3:prefix", "home/${aws:username}/*", "home/bob/x", False),
    ("StringLike", "s3:prefix", "${*}", "*", True),
    ("StringLike", "s3:prefix", "${*}", "x", False),
    ("StringNotLike", "s3:prefix", "home/*", "work/x", True),
    ("ArnLike", "aws:SourceArn", "arn:aws:s3:::b*", "arn:aws:s3:::bucket", True),
    ("ArnEquals", "aws:SourceArn", "arn:aws:s3:::b", "arn:aws:s3:::bucket", False),
    ("ArnNotLike", "aws:SourceArn", "arn:aws:s3:::c*", "arn:aws:s3:::bucket", True),
    ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:1:t", "arn:aws:sns:us-east-1:2:t", False),
    ("NumericLessThanEquals", "s3:max-keys", "10", "10", True),
    ("NumericLessThan", "s3:max-keys", 10, "10", False),
    ("NumericGreaterThan", "s3:max-keys", 9, "10", True),
    ("NumericEquals", "s3:max-keys", 10, "ten", False),
    ("NumericNotEquals", "s3:max-keys", 10, "11", True),
    ("DateGreaterThan", "aws:CurrentTime", "2020-01-01T00:00:00Z", "2024-01-31T12:00:00Z", True),
    ("DateLessThan", "aws:CurrentTime", "2020-01-01T00:00:00Z", "2024-01-31T12:00:00Z", False),
    ("DateLessThan", "aws:EpochTime", "1700000000", "1600000000", True),
    ("DateGreaterThanEquals", "aws:CurrentTime", "nonsense", "2024-01-31T12:00:00Z", False),
    ("Bool", "aws:SecureTransport", "true", "true", True),
    ("Bool", "aws:SecureTransport", False, "true", False),
    ("IpAddress", "aws:SourceIp", "203.0.113.0/24", "203.0.113.9", True),
    ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "2001:db8::/32"], "2001:db8::1", True),
    ("IpAddress", "aws:SourceIp", "203.0.113.0/24", "::ffff:203.0.113.9", True),
    ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", "198.51.100.1", True),
    ("IpAddress", "aws:SourceIp", "203.0.113.0/24", "unknown", False),
    ("BinaryEquals", "x:y", "QmluYXJ5", "QmluYXJ5", True),
    ("BinaryEquals", "x:y", "QmluYXJ5", "eHh4eA==", False),
    ("Null", "s3:prefix", "true", None, True),
    ("Null", "s3:prefix", "false", None, False),
    ("Null", "s3:prefix", False, "a", True),
    ("ForAnyValue:StringEquals", "aws:TagKeys", ["a", "b"], ["b", "c"], True),
    ("ForAnyValue:StringEquals", "aws:TagKeys", ["a"], None, False),
    ("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"], ["b", "c"], False),
    ("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"], ["b"], True),
    ("ForAllValues:StringEquals", "aws:TagKeys", ["a"], None, True),
    ("ForAllValues:StringNotEquals", "aws:TagKeys", ["a"], ["b", "a"], False),
    ("ForAnyValue:StringNotEquals", "aws:TagKeys", ["a"], ["b", "a"], True),
]


@pytest.mark.parametrize(("operator", "key", "values", "found", "holds"), CONDITIONS)
def test_conditions(operator: str, key: str, values: Any, found: Any, holds: bool) -> None:
    statement = allow(Condition={operator: {key: values}})
    keys = {} if found is None else {key.replace("USERNAME", "username"): found}
    assert decide(identity=(statement,), keys=keys).is_allowed is holds


def test_all_operators_and_keys_must_hold() -> None:
    condition = {"StringEquals": {"aws:username": "ann", "a:b": "1"}, "Bool": {"aws:SecureTransport": "true"}}
    keys = {"a:b": "1", "aws:SecureTransport": "true"}
    assert decide(identity=(allow(Condition=condition),), keys=keys).is_allowed
    assert not decide(identity=(allow(Condition=condition),), keys=keys | {"a:b": "2"}).is_allowed
    assert not decide(identity=(allow(Condition=condition),), keys={"a:b": "1"}).is_allowed


STATEMENTS = st.lists(
    st.builds(
        lambda effect, action, resource: {"Effect": effect, "Action": action, "Resource": resource},
        st.sampled_from(["Allow", "Deny"]),
        st.sampled_from(["*", "kinesis:*", "kinesis:Put*", "kinesis:PutRecord", "s3:*"]),
        st.sampled_from(["*", STREAM, "arn:aws:kinesis:*:*:stream/*", "arn:aws:s3:::b"]),
    ),
    min_size=1,
    max_size=6,
)


@given(STATEMENTS, STATEMENTS)
def test_more_allows_never_refuse_and_more_denies_never_allow(found: list[Any], more: list[Any]) -> None:
    before = decide(identity=tuple(found)).is_allowed
    allows = [each for each in more if each["Effect"] == "Allow"]
    denies = [each for each in more if each["Effect"] == "Deny"]
    assert decide(identity=(*found, *allows)).is_allowed >= before
    assert decide(identity=(*found, *denies)).is_allowed <= before
    assert decide(identity=tuple(found), boundary=tuple(more)).is_allowed <= before


@given(STATEMENTS, st.randoms())
def test_the_order_of_statements_does_not_matter(found: list[Any], random: Any) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert decide(identity=tuple(found)).is_allowed is decide(identity=tuple(shuffled)).is_allowed
