"""Policy documents: read, checked, and turned into statements that can be evaluated.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html  Sentences are IAM's own, as far as
they are known.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

import msgspec

from streamcore.model.iam.conditions import Condition, operator_of
from streamcore.model.iam.context import Context
from streamcore.model.iam.glob import ArnGlob, Glob, action_glob
from streamcore.model.iam.principals import Principals, canonical, principal_problem
from streamcore.model.iam.variables import Template, filled, is_constant, template_of

VERSIONS: Final = ("2008-10-17", "2012-10-17")
_ACTION: Final = re.compile(r"\A(?:\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)\Z")
_SID: Final = re.compile(r"\A[A-Za-z0-9]*\Z")
_FIELDS: Final = frozenset(
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"]
)  # fmt: skip


class PolicyError(ValueError):
    """The document is no policy; the text says why, in AWS's words."""


class PolicyKind(StrEnum):
    """Which elements a document must have. `identity`: no principal; `trust`: a principal and no resource; `resource`:
    a principal and a resource."""

    IDENTITY = "identity"
    TRUST = "trust"
    RESOURCE = "resource"


class ResourcePattern:
    """A value of `Resource`: constant ones are read once, those with variables for each request."""

    __slots__ = ("_constant", "_template")

    def __init__(self, text: str, *, has_variables: bool = True) -> None:
        self._template: Template = template_of(text) if has_variables else (text,)
        self._constant: ArnGlob | None = None
        if is_constant(self._template):
            self._constant = ArnGlob(filled(self._template, Context()) or ())

    def matches(self, arn: str, context: Context) -> bool:
        if self._constant is not None:
            return self._constant.matches(arn)
        tokens = filled(self._template, context)
        return tokens is not None and ArnGlob(tokens).matches(arn)


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """One statement. `name` is its Sid, or `#n` counted from 1. `principals` are None in an identity's policy."""

    name: str
    allows: bool
    actions: tuple[Glob, ...]
    is_not_action: bool = False
    resources: tuple[ResourcePattern, ...] = ()
    is_not_resource: bool = False
    principals: Principals | None = None
    is_not_principal: bool = False
    conditions: tuple[Condition, ...] = ()

    def concerns(self, action: str, resource: str, context: Context) -> bool:
        """Whether action, resource and conditions are this statement's; who asks is looked at elsewhere."""
        if any(glob.matches(action) for glob in self.actions) is self.is_not_action:
            return False
        if self.resources and self._has_resource(resource, context) is self.is_not_resource:
            return False
        return all(condition.holds(context) for condition in self.conditions)

    def _has_resource(self, resource: str, context: Context) -> bool:
        return any(pattern.matches(resource, context) for pattern in self.resources)


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A document that was read. `name` is what decisions tell: an ARN, or a policy's name with its owner."""

    name: str
    statements: tuple[Statement, ...]


@lru_cache(maxsize=512)
def read_policy(text: str, kind: PolicyKind, name: str = "") -> Policy:
    """Reads a document. Raises PolicyError."""
    document = _parsed(text)
    unknown = set(document) - {"Version", "Id", "Statement"}
    if unknown or "Statement" not in document:
        raise PolicyError("Syntax errors in policy.")
    version = document.get("Version", VERSIONS[0])
    if version not in VERSIONS:
        raise PolicyError("Syntax errors in policy.")
    if kind is PolicyKind.IDENTITY and version != VERSIONS[1]:
        raise PolicyError("Policy document must be version 2012-10-17 or greater.")
    found = document["Statement"]
    raw = [found] if isinstance(found, dict) else found
    if not isinstance(raw, list) or not raw:
        raise PolicyError("Syntax errors in policy.")
    has_variables = version == VERSIONS[1]
    statements = tuple(_statement(each, number, kind, has_variables) for number, each in enumerate(raw, 1))
    sids = [each["Sid"] for each in raw if each.get("Sid")]
    if len(set(sids)) < len(sids):
        raise PolicyError("Statement IDs (SID) in a single policy must be unique.")
    return Policy(name=name, statements=statements)


def is_resource_policy(text: str) -> bool:
    """Whether it can be the policy of a resource."""
    try:
        read_policy(text, PolicyKind.RESOURCE)
    except PolicyError:
        return False
    return True


def _parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise PolicyError("Syntax errors in policy.") from None
    if not isinstance(document, dict):
        raise PolicyError("Syntax errors in policy.")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is there twice")
    return made


def _statement(raw: Any, number: int, kind: PolicyKind, has_variables: bool) -> Statement:
    if not isinstance(raw, dict) or set(raw) - _FIELDS or raw.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError("Syntax errors in policy.")
    sid = raw.get("Sid", "")
    if not isinstance(sid, str) or (kind is PolicyKind.IDENTITY and not _SID.match(sid)):
        raise PolicyError("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
                          "expression [0-9A-Za-z]*")  # fmt: skip
    not_action, actions = _one_of(raw, "Action", "Policy statement must contain actions.")
    not_resource, resources = _resources_of(raw, kind)
    not_principal, principals = _principals_of(raw, kind)
    return Statement(
        name=sid or f"#{number}",
        allows=raw["Effect"] == "Allow",
        actions=tuple(_action(each) for each in actions),
        is_not_action=not_action,
        resources=tuple(ResourcePattern(each, has_variables=has_variables) for each in resources),
        is_not_resource=not_resource,
        principals=principals,
        is_not_principal=not_principal,
        conditions=_conditions(raw.get("Condition", {}), has_variables),
    )


def _one_of(raw: dict[str, Any], name: str, missing: str) -> tuple[bool, list[str]]:
    """(whether it is the Not… form, the values)."""
    if name in raw and f"Not{name}" in raw:
        raise PolicyError("Syntax errors in policy.")
    is_not = f"Not{name}" in raw
    found = raw.get(f"Not{name}" if is_not else name)
    values = [found] if isinstance(found, str) else found
    if not values:
        raise PolicyError(missing)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise PolicyError("Syntax errors in policy.")
    return is_not, values


def _action(text: str) -> Glob:
    if not _ACTION.match(text):
        if ":" not in text:
            raise PolicyError("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
        raise PolicyError(f"Actions/Condition can contain only one colon. Invalid action: {text[:100]}")
    return action_glob(text)


def _resources_of(raw: dict[str, Any], kind: PolicyKind) -> tuple[bool, list[str]]:
    if kind is PolicyKind.TRUST:
        if "Resource" in raw or "NotResource" in raw:
            raise PolicyError("Has prohibited field Resource")
        return False, []
    is_not, values = _one_of(raw, "Resource", "Policy statement must contain resources.")
    for value in values:
        if value != "*" and not (value.startswith("arn:") and value.count(":") >= 5):
            raise PolicyError(f'Resource {value[:200]} must be in ARN format or "*".')
    return is_not, values


def _principals_of(raw: dict[str, Any], kind: PolicyKind) -> tuple[bool, Principals | None]:
    has = "Principal" in raw or "NotPrincipal" in raw
    if kind is PolicyKind.IDENTITY:
        if has:
            raise PolicyError("Policy document should not specify a principal.")
        return False, None
    if not has or ("Principal" in raw and "NotPrincipal" in raw):
        raise PolicyError("Missing required field Principal")
    is_not = "NotPrincipal" in raw
    if is_not and kind is PolicyKind.TRUST:
        raise PolicyError("AssumeRolepolicy contained disallowed field NotPrincipal")
    return is_not, _principals(raw["NotPrincipal" if is_not else "Principal"])


def _principals(found: Any) -> Principals:
    if found == "*":
        return Principals(everyone=True)
    if not isinstance(found, dict) or not found:
        raise PolicyError("Invalid principal in policy.")
    by_kind: dict[str, set[str]] = {}
    for kind, given in found.items():
        values = [given] if isinstance(given, str) else given
        if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
            raise PolicyError("Invalid principal in policy.")
        for value in values:
            if (problem := principal_problem(kind, value)) is not None:
                raise PolicyError(problem)
            by_kind.setdefault(kind, set()).add(canonical(value))
    aws = by_kind.get("AWS", set())
    return Principals("*" in aws, frozenset(aws - {"*"}), frozenset(by_kind.get("Service", ())))


def _conditions(raw: Any, has_variables: bool) -> tuple[Condition, ...]:
    if not isinstance(raw, dict):
        raise PolicyError("Syntax errors in policy.")
    made: list[Condition] = []
    for name, keys in raw.items():
        operator = operator_of(name)
        if operator is None:
            raise PolicyError(f"Invalid Condition type : {name[:100]}.")
        if not isinstance(keys, dict) or not keys:
            raise PolicyError("Syntax errors in policy.")
        for key, given in keys.items():
            values = given if isinstance(given, list) else [given]
            if not values or not all(isinstance(value, str | bool | int | float) for value in values):
                raise PolicyError("Syntax errors in policy.")
            templates = tuple(template_of(text) if has_variables else (text,) for text in map(_text, values))
            made.append(Condition(operator, key.lower(), templates))
    return tuple(made)


def _text(value: str | bool | float) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
