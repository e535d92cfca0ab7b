"""Tumbling windows: which records belong together, what their event carries besides, when one ends.

Rules: Lambda developer guide, "Tumbling windows". A window is a stretch of arrival times; its state goes from one
invoke to the next, and a last invoke without records ends it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from runtime.model.asynchronous import timestamp

STATE_MAX_BYTES: Final = 1_048_576
"""A state beyond this ends its window early."""
EMPTY_STATE: Final = b"{}"
GRACE_MS: Final = 100
"""Ours: a record that was stamped just before the end of its window may be committed just after it."""


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """An open window of a shard. `up_to` is the index behind the last record that is in its state."""

    start_ms: int
    end_ms: int
    state: bytes = EMPTY_STATE
    up_to: int = 0
    is_overfull: bool = False


class Bounds(msgspec.Struct, frozen=True):
    start: str
    end: str


class WindowFields(msgspec.Struct, frozen=True, rename="camel"):
    """What stands behind the records in the event of a window."""

    window: Bounds
    state: msgspec.Raw
    shard_id: str
    event_source_arn: str = msgspec.field(name="eventSourceARN")
    is_final_invoke_for_window: bool
    is_window_terminated_early: bool


def window_of(arrived_ms: int, length_s: int) -> Window:
    """The window that a record belongs to, as it opens."""
    length_ms = length_s * 1000
    start_ms = arrived_ms - arrived_ms % length_ms
    return Window(start_ms=start_ms, end_ms=start_ms + length_ms)


def contains(window: Window, arrived_ms: int) -> bool:
    return window.start_ms <= arrived_ms < window.end_ms


def closes_at_ms(window: Window) -> int:
    """When its last invoke is due if nothing more comes."""
    return window.start_ms if window.is_overfull else window.end_ms + GRACE_MS


def fields(window: Window, shard_id: str, stream_arn: str, *, is_final: bool) -> bytes:
    """`,"window":{…},…`: what goes between the records of an event and its closing brace."""
    made = WindowFields(
        Bounds(_second(window.start_ms), _second(window.end_ms)),
        msgspec.Raw(window.state),
        shard_id,
        event_source_arn=stream_arn,
        is_final_invoke_for_window=is_final,
        is_window_terminated_early=is_final and window.is_overfull,
    )
    return b"," + msgspec.json.encode(made)[1:-1]


def next_state(payload: bytes) -> bytes | None:
    """The state in a function's answer as JSON; None when there is none, which counts as a failure."""
    try:
        answer = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError):
        return None
    state = bytes(answer.get("state", b""))
    return state if state.lstrip()[:1] == b"{" else None


def advanced(window: Window, state: bytes, up_to: int) -> Window:
    """After an invoke with records."""
    return msgspec.structs.replace(window, state=state, up_to=up_to, is_overfull=len(state) > STATE_MAX_BYTES)


def _second(at_ms: int) -> str:
    return timestamp(at_ms).replace(".000Z", "Z")
