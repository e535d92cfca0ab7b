"""The credentials that a function finds in its environment."""

from __future__ import annotations

import secrets

from runtime.model.function import FunctionSpec


def credentials(spec: FunctionSpec, default_account: str) -> dict[str, str]:
    """Variables for a new worker. The access key of a function in another account is that account's number, since that
    is how a caller's account is told."""
    key = f"ASIA{secrets.token_hex(8).upper()}" if spec.account == default_account else spec.account
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
        "AWS_SESSION_TOKEN": secrets.token_urlsafe(96),
    }
