"""Whether a request is allowed, by all policies that bear on it.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

An explicit deny anywhere wins. Within an account, either the identity's policies (within its boundary and its session's
policy) or the resource's policy must allow; across accounts both must. A resource policy that names a user or a session
itself needs nothing else; one that names a role, or everyone, is held within boundary and session policy; one that
names an account leaves the matter to that account's own policies.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from streamcore.model.iam.context import Context
from streamcore.model.iam.document import Policy, Statement
from streamcore.model.iam.principals import Kind, Naming, Principal


class Layer(StrEnum):
    """The kinds of policies, as AWS's sentences call them."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    ROOT = "account root"


class Policies(msgspec.Struct, frozen=True, kw_only=True):
    """What bears on a principal. Without a boundary (None) there is no such bound; the same with a session's
    policies."""

    identity: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """May `principal` do `action` with `resource`? `owner` is the resource's account, empty for none in particular;
    `policy` is the resource's own; `needs_policy`: without an allow in it nothing goes (roles' trust policies)."""

    principal: Principal
    action: str
    resource: str
    context: Context
    owner: str = ""
    policy: Policy | None = None
    needs_policy: bool = False


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """`layer`, `policy` and `statement` name what decided: the statement that allows or denies; of an implicit deny
    only the layer in which an allow is missing. `depends_on_context`: another request of the same principal for the
    same may be decided differently."""

    is_allowed: bool
    is_explicit: bool
    layer: Layer
    policy: str = ""
    statement: str = ""
    depends_on_context: bool = False

    @property
    def because(self) -> str:
        """The statement for logs: `identity-based policy arn:aws:iam::aws:policy/X #1`."""
        if not self.is_explicit:
            return f"no {self.layer}" if not self.is_allowed else str(self.layer)
        return f"{self.layer} {self.policy} {self.statement}".rstrip()

    def reason(self, action: str) -> str:
        """The end of AWS's sentence about a refusal."""
        article = "an" if self.layer[0] in "aeiou" else "a"
        if self.is_explicit:
            return f"with an explicit deny in {article} {self.layer}"
        return f"because no {self.layer} allows the {action} action"


NOTHING: Final = Policies()
_CLOSEST_FIRST: Final = (Naming.ITSELF, Naming.ROLE, Naming.EVERYONE, Naming.ACCOUNT)


def evaluate(question: Question, policies: Policies = NOTHING) -> Decision:
    """Decides one request about one resource."""
    decision = _denied(question, policies) or _decided(question, policies)
    return msgspec.structs.replace(decision, depends_on_context=question.context.was_asked)


def _denied(question: Question, policies: Policies) -> Decision | None:
    layers = (
        (Layer.RESOURCE, (question.policy,) if question.policy else ()),
        (Layer.IDENTITY, policies.identity),
        (Layer.BOUNDARY, (policies.boundary,) if policies.boundary else ()),
        (Layer.SESSION, policies.session or ()),
    )
    for layer, found in layers:
        for policy in found:
            for statement in policy.statements:
                if not statement.allows and _applies(statement, question) is not Naming.NOT:
                    return _by(layer, policy, statement, is_allowed=False)
    return None


def _decided(question: Question, policies: Policies) -> Decision:
    """What is left when nothing denies explicitly."""
    naming, by_resource = _by_resource(question)
    principal = question.principal
    if principal.kind in (Kind.SERVICE, Kind.ANONYMOUS):
        return by_resource or _missing(Layer.RESOURCE)
    is_at_home = not question.owner or question.owner == principal.account
    if is_at_home and by_resource is not None:
        if naming is Naming.ITSELF:
            return by_resource
        if naming in (Naming.ROLE, Naming.EVERYONE):
            return _bounded(question, policies) or by_resource
    if by_resource is None and (question.needs_policy or not is_at_home):
        return _missing(Layer.RESOURCE)
    allowed = _by_identity(question, policies)
    if not allowed.is_allowed:
        return allowed
    return _bounded(question, policies) or allowed


def _by_resource(question: Question) -> tuple[Naming, Decision | None]:
    """The closest naming by a statement of the resource's policy that allows."""
    best: tuple[Naming, Decision | None] = (Naming.NOT, None)
    if question.policy is None:
        return best
    order = _CLOSEST_FIRST
    for statement in question.policy.statements:
        if not statement.allows:
            continue
        naming = _applies(statement, question)
        if naming is not Naming.NOT and (best[1] is None or order.index(naming) < order.index(best[0])):
            best = naming, _by(Layer.RESOURCE, question.policy, statement, is_allowed=True)
    return best


def _by_identity(question: Question, policies: Policies) -> Decision:
    if question.principal.kind is Kind.ROOT:
        return Decision(is_allowed=True, is_explicit=False, layer=Layer.ROOT)
    return _allowed_in(Layer.IDENTITY, policies.identity, question) or _missing(Layer.IDENTITY)


def _bounded(question: Question, policies: Policies) -> Decision | None:
    """The refusal by a boundary or a session's policy that does not allow; None when both do, or there are none."""
    boundary = policies.boundary
    if boundary is not None and _allowed_in(Layer.BOUNDARY, (boundary,), question) is None:
        return _missing(Layer.BOUNDARY)
    session = policies.session
    if session is not None and _allowed_in(Layer.SESSION, session, question) is None:
        return _missing(Layer.SESSION)
    return None


def _allowed_in(layer: Layer, found: tuple[Policy, ...], question: Question) -> Decision | None:
    for policy in found:
        for statement in policy.statements:
            if statement.allows and _applies(statement, question) is not Naming.NOT:
                return _by(layer, policy, statement, is_allowed=True)
    return None


def _applies(statement: Statement, question: Question) -> Naming:
    """Whether a statement is about this request, and how it names who asks."""
    naming = Naming.ITSELF
    if statement.principals is not None:
        naming = statement.principals.names(question.principal)
        if statement.is_not_principal:
            # Everyone but those who are named; an account that is named takes its users along.
            naming = Naming.EVERYONE if naming is Naming.NOT else Naming.NOT
    if naming is Naming.NOT:
        return naming
    return naming if statement.concerns(question.action, question.resource, question.context) else Naming.NOT


def _by(layer: Layer, policy: Policy, statement: Statement, *, is_allowed: bool) -> Decision:
    return Decision(is_allowed=is_allowed, is_explicit=True, layer=layer, policy=policy.name, statement=statement.name)


def _missing(layer: Layer) -> Decision:
    return Decision(is_allowed=False, is_explicit=False, layer=layer)
