"""What SimulateCustomPolicy and SimulatePrincipalPolicy share: the evaluation of the doors, with made-up requests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.iam.entities import page_of
from streamcore.api.aws.iam.errors import invalid
from streamcore.api.aws.iam.shapes import Arn, Document, IamShape, Page, Paged
from streamcore.api.aws.shapes import text
from streamcore.identity.app import IdentityApp
from streamcore.identity.callers import root_of, user_principal
from streamcore.identity.values import Role, User
from streamcore.model.iam.context import Context, Value
from streamcore.model.iam.document import Policy, PolicyError, PolicyKind, read_policy
from streamcore.model.iam.evaluate import Decision, Policies, Question, evaluate
from streamcore.model.iam.principals import Kind, Principal

#: Decisions of one request.
DECISIONS_MAX: Final = 10_000


class ContextType(StrEnum):
    STRING = "string"
    STRING_LIST = "stringList"
    NUMERIC = "numeric"
    NUMERIC_LIST = "numericList"
    BOOLEAN = "boolean"
    BOOLEAN_LIST = "booleanList"
    IP = "ip"
    IP_LIST = "ipList"
    BINARY = "binary"
    BINARY_LIST = "binaryList"
    DATE = "date"
    DATE_LIST = "dateList"


class ContextEntry(IamShape, frozen=True, kw_only=True):
    context_key_name: Annotated[str, text(5, 256)] | None = None
    context_key_values: list[str] | None = None
    context_key_type: ContextType | None = None


class Simulated(Paged, frozen=True, kw_only=True):
    """Members of both actions."""

    action_names: list[Annotated[str, text(3, 128)]]
    resource_arns: list[Annotated[str, text(1, 2048)]] | None = None
    resource_policy: Document | None = None
    resource_owner: Annotated[str, text(1, 2048)] | None = None
    permissions_boundary_policy_input_list: list[Document] | None = None
    caller_arn: Annotated[str, text(1, 2048)] | None = None
    context_entries: list[ContextEntry] | None = None
    resource_handling_option: Annotated[str, text(1, 64)] | None = None
    #: Refused: there are no organizations, and nothing is left out.
    ordered_organization_policy_input_list: list[dict[str, str]] | None = None
    policy_exclusion_list: list[dict[str, str]] | None = None


class MatchedStatement(IamShape, frozen=True, kw_only=True):
    source_policy_id: str


class EvaluationResult(IamShape, frozen=True, kw_only=True, omit_defaults=False):
    eval_action_name: str
    eval_resource_name: str
    eval_decision: str
    matched_statements: list[MatchedStatement]
    missing_context_values: list[str]


class SimulateOutput(Page, frozen=True, kw_only=True, omit_defaults=False):
    evaluation_results: list[EvaluationResult]


def read_all(texts: Iterable[str], kind: PolicyKind, name: str) -> tuple[Policy, ...]:
    """Raises AwsError."""
    try:
        return tuple(read_policy(each, kind, f"{name}.{number}") for number, each in enumerate(texts, 1))
    except PolicyError as error:
        raise AwsError("InvalidInput", 400, str(error)) from None


def principal_of(app: IdentityApp, arn: str) -> tuple[Principal, User | Role | None]:
    """Whom an ARN names: a user, a role, or an account's root. Raises AwsError."""
    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "iam":
        account, resource = parts[4], parts[5]
        name = resource.rpartition("/")[2]
        if resource == "root":
            return root_of(account), None
        user = app.identities.users.get(account, name) if resource.startswith("user/") else None
        if user is not None and user.arn == arn:
            return user_principal(user), user
        role = app.identities.role(arn)
        if role is not None:
            principal = Principal(
                kind=Kind.SESSION, arn=arn, account=account, id=f"{role.id}:simulated", role=arn, tags=dict(role.tags)
            )
            return principal, role
    raise AwsError(
        "NoSuchEntity", 404, f"Invalid Entity Arn: {arn[:200]} does not clearly define entity type and name."
    )


def simulate(input_: Simulated, principal: Principal, policies: Policies) -> SimulateOutput:
    """A decision for each action and resource. Raises AwsError."""
    resources: Sequence[str] = input_.resource_arns or ("*",)
    if len(input_.action_names) * len(resources) > DECISIONS_MAX:
        raise invalid(f"At most {DECISIONS_MAX} decisions are made at a time")
    if input_.resource_handling_option is not None:
        raise invalid("ResourceHandlingOption is about EC2, which is not offered")
    if input_.ordered_organization_policy_input_list or input_.policy_exclusion_list:
        raise invalid("Policies of organizations, and exclusions, are not offered")
    if input_.permissions_boundary_policy_input_list:
        found = read_all(
            input_.permissions_boundary_policy_input_list[:1], PolicyKind.IDENTITY, "PermissionsBoundaryPolicyInputList"
        )
        policies = msgspec.structs.replace(policies, boundary=found[0])
    held = read_all([input_.resource_policy], PolicyKind.RESOURCE, "ResourcePolicy") if input_.resource_policy else ()
    owner = (input_.resource_owner or "").split(":")[4:5]
    known = {**principal.keys(), **_entries(input_.context_entries or ())}
    results = []
    for action in input_.action_names:
        for resource in resources:
            question = Question(
                principal=principal,
                action=action,
                resource=resource,
                context=Context(known),
                owner=owner[0] if owner else "",
                policy=held[0] if held else None,
            )
            results.append(_result(action, resource, evaluate(question, policies)))
    page, marker = page_of(results, input_)
    return SimulateOutput(evaluation_results=page, is_truncated=marker is not None, marker=marker)


def _entries(entries: Iterable[ContextEntry]) -> Mapping[str, Value]:
    return {
        entry.context_key_name: tuple(entry.context_key_values or ())
        for entry in entries
        if entry.context_key_name is not None
    }


def _result(action: str, resource: str, decision: Decision) -> EvaluationResult:
    word = "allowed" if decision.is_allowed else "explicitDeny" if decision.is_explicit else "implicitDeny"
    matched = [MatchedStatement(source_policy_id=decision.policy)] if decision.is_explicit and decision.policy else []
    return EvaluationResult(
        eval_action_name=action,
        eval_resource_name=resource,
        eval_decision=word,
        matched_statements=matched,
        missing_context_values=[],
    )


__all__ = ["Arn", "SimulateOutput", "Simulated", "principal_of", "read_all", "simulate"]
