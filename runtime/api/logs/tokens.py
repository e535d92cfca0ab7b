"""nextToken of the listings: base64 of msgpack, with the name of what is listed. It holds no secret and grants nothing.

GetLogEvents has tokens of its own form, which clients compare: `f/<56 digits>/s`, see get_log_events.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any, TypeVar

import msgspec

from runtime.logs.errors import InvalidLogsParameter

T = TypeVar("T")


def write_token(kind: str, at: Any) -> str:
    return urlsafe_b64encode(msgspec.msgpack.encode((kind, at))).decode()


def read_token(kind: str, token: str, form: type[T]) -> T:
    """Raises InvalidLogsParameter for what was not issued by this listing."""
    try:
        found, at = msgspec.msgpack.decode(urlsafe_b64decode(token), type=tuple[str, form])  # type: ignore[valid-type]
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise InvalidLogsParameter("The specified nextToken is invalid.") from None
    if found != kind:
        raise InvalidLogsParameter("The specified nextToken is invalid.")
    return at
