"""Resource policies of functions and layer versions: statements that AddPermission adds and RemovePermission takes.

Whom they let in is decided where authentication is on; else they are kept and told.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import msgspec

from runtime.errors import ConflictError, NotFoundError, PolicyTooLongError

POLICY_MAX_BYTES: Final = 20_480

_ACCOUNT: Final = re.compile(r"(?a)\A\d{12}\Z")
_SERVICE: Final = re.compile(r"\A[a-z0-9.-]+\.(amazonaws\.com|amazonaws\.com\.cn|internal)\Z")


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Statements by their `Sid`, in order, and the revision of the whole."""

    revision_id: str
    statements: dict[str, dict[str, Any]]

    def text(self) -> str:
        """The policy document, as GetPolicy gives it."""
        return document(self.statements)


def document(statements: dict[str, dict[str, Any]]) -> str:
    """The JSON of a policy with these statements."""
    whole = {"Version": "2012-10-17", "Id": "default", "Statement": list(statements.values())}
    return json.dumps(whole, separators=(",", ":"))


def principal_of(principal: str) -> Any:
    """How a principal stands in a statement: everyone, a service, an account, or any other ARN."""
    if principal == "*":
        return "*"
    if _ACCOUNT.match(principal):
        return {"AWS": f"arn:aws:iam::{principal}:root"}
    return {"Service" if _SERVICE.match(principal) else "AWS": principal}


def statement(sid: str, principal: str, action: str, resource: str, conditions: dict[str, Any]) -> dict[str, Any]:
    """A statement that allows. `conditions` are by operator; empty ones are left out."""
    told: dict[str, Any] = {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal_of(principal),
        "Action": action,
        "Resource": resource,
    }
    kept = {operator: values for operator, values in conditions.items() if values}
    return told | {"Condition": kept} if kept else told


def with_statement(policy: Policy | None, added: dict[str, Any], revision_id: str) -> Policy:
    """Raises ConflictError (the Sid is taken), PolicyTooLongError."""
    statements = {} if policy is None else policy.statements
    sid = added["Sid"]
    if sid in statements:
        raise ConflictError(
            f"The statement id ({sid}) provided already exists. "
            "Please provide a new statement id, or remove the existing statement."
        )
    after = Policy(revision_id=revision_id, statements=statements | {sid: added})
    size_bytes = len(after.text().encode())
    if size_bytes > POLICY_MAX_BYTES:
        raise PolicyTooLongError(f"The final policy size ({size_bytes}) is bigger than the limit ({POLICY_MAX_BYTES}).")
    return after


def without_statement(policy: Policy | None, sid: str, revision_id: str) -> Policy | None:
    """The policy without a statement, None when that was the last. Raises NotFoundError."""
    if policy is None:
        raise NotFoundError("No policy is associated with the given resource.")
    if sid not in policy.statements:
        raise NotFoundError(f"Statement {sid} is not found in resource policy.")
    left = {name: each for name, each in policy.statements.items() if name != sid}
    return Policy(revision_id=revision_id, statements=left) if left else None
