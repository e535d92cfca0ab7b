"""After an invoke with messages of a queue: which of them are handled, and which come again.

What is handled is deleted; the rest is left alone, and becomes visible again when the queue's visibility timeout has
passed. Source: Lambda developer guide, "Implementing partial batch responses", "Success and failure conditions".
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from runtime.model.invocation import Outcome


def failed(outcome: Outcome, ids: Sequence[str], *, reports: bool) -> frozenset[str]:
    """The ids of those that come again. `reports`: whether the answer is looked at (ReportBatchItemFailures)."""
    if not outcome.ok:
        return frozenset(ids)
    return reported(outcome.payload, ids) if reports else frozenset()


def reported(payload: bytes, ids: Sequence[str]) -> frozenset[str]:
    """What a `batchItemFailures` response names.

    None for null, `{}`, `""`, `[]`, and an empty, null or missing list. All for anything else that does not name
    messages of the batch: no JSON, an id that is empty, null or unknown, a wrong key, a wrong type.
    """
    everything = frozenset(ids)
    try:
        response = msgspec.json.decode(payload) if payload else None
    except (msgspec.DecodeError, RecursionError):
        return everything
    if response is None or response in ({}, "", []):
        return frozenset()
    failures = response.get("batchItemFailures") if isinstance(response, dict) else "of a wrong type"
    if failures is None:
        return frozenset()
    if not isinstance(failures, list):
        return everything
    named = [failure.get("itemIdentifier") if isinstance(failure, dict) else None for failure in failures]
    known = frozenset(each for each in named if isinstance(each, str) and each in everything)
    return known if all(isinstance(each, str) and each in known for each in named) else everything
