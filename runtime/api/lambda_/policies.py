"""What the actions about a function's resource policy share."""

from __future__ import annotations

from runtime.app import Functions
from runtime.errors import InvalidValueError
from runtime.model.configuration import check_revision
from runtime.model.names import LATEST, FunctionRef
from runtime.model.policy import Policy


def policy_place(functions: Functions, ref: FunctionRef) -> str:
    """Under which name a function keeps the policy of a qualifier. Raises InvalidValueError, NotFoundError."""
    functions.catalog.configuration(ref)
    if ref.qualifier == LATEST:
        raise InvalidValueError("We currently do not support adding policies for $LATEST.")
    return ref.qualifier or ""


def policy_revision(policy: Policy | None, given: str | None) -> None:
    """Raises PreconditionError when a revision was given and is not the policy's."""
    check_revision("" if policy is None else policy.revision_id, given, "GetPolicy")
