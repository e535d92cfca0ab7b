"""The credentials that a function finds in its environment."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from runtime.model.function import FunctionSpec

if TYPE_CHECKING:
    from streamcore.identity.guard import Guard

#: As long as AWS's longest: an environment cannot be changed once a process runs.
VALID_S: Final = 12 * 3600
#: A worker takes no more events after that: an hour is left for the last one, which runs 900 s at most.
WORKER_MAX_AGE_S: Final = 11 * 3600


def credentials(spec: FunctionSpec, default_account: str) -> dict[str, str]:
    """Variables for a new worker. The access key of a function in another account is that account's number, since that
    is how a caller's account is told."""
    key = f"ASIA{secrets.token_hex(8).upper()}" if spec.account == default_account else spec.account
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
        "AWS_SESSION_TOKEN": secrets.token_urlsafe(96),
    }


def role_credentials(guard: Guard, spec: FunctionSpec, now_ms: int) -> dict[str, str]:
    """Temporary credentials of the function's execution role: what it may is looked up whenever they are used."""
    from streamcore.identity.sessions import Session

    role = guard.identities.role(spec.role)
    made = guard.sessions.issue(
        Session(
            account=spec.account,
            access_key="",
            expires_ms=now_ms + VALID_S * 1000,
            role=spec.role,
            name=spec.name,
            role_id="" if role is None else role.id,
            tags={} if role is None else dict(role.tags),
            issued_ms=now_ms,
        )
    )
    return {
        "AWS_ACCESS_KEY_ID": made.access_key,
        "AWS_SECRET_ACCESS_KEY": made.secret,
        "AWS_SESSION_TOKEN": made.session_token,
    }
