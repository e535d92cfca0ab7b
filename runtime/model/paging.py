"""Pages of a list: a marker is the key of the last item before it, so it stays good when items come and go."""

from __future__ import annotations

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import TypeVar

from runtime.errors import InvalidValueError

T = TypeVar("T")


def page(items: Mapping[str, T], marker: str | None, most: int | None, default: int = 50) -> tuple[list[T], str | None]:
    """The items behind the marker, in the order of their keys, and the marker of the next page if there is one.

    Raises InvalidValueError for a marker that is none of ours.
    """
    after = None if not marker else _read(marker)
    count = most or default
    keys = sorted(key for key in items if after is None or key > after)
    last = _write(keys[count - 1]) if len(keys) > count else None
    return [items[key] for key in keys[:count]], last


def _write(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode()


def _read(marker: str) -> str:
    try:
        return b64decode(marker.encode(), altchars=b"-_", validate=True).decode()
    except ValueError:
        raise InvalidValueError("Invalid marker") from None
