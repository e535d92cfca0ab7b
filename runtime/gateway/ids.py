"""Ids as API Gateway makes them: ten lower-case letters and digits; six for what is inside an API."""

from __future__ import annotations

import secrets
import string
import uuid
from collections.abc import Container
from typing import Final

_LETTERS: Final = string.ascii_lowercase + string.digits
_KEY_LETTERS: Final = string.ascii_letters + string.digits
KEY_CHARS: Final = 40


def new_id(taken: Container[object] = (), length: int = 10) -> str:
    """One that is not taken; it begins with a letter, so that it is a host name."""
    while True:
        made = secrets.choice(string.ascii_lowercase) + "".join(secrets.choice(_LETTERS) for _ in range(length - 1))
        if made not in taken:
            return made


def new_key_value() -> str:
    """The secret of an API key."""
    return "".join(secrets.choice(_KEY_LETTERS) for _ in range(KEY_CHARS))


def new_request_id() -> str:
    """Of an invocation."""
    return str(uuid.uuid4())
