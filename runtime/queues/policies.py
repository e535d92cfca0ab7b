"""The policies of queues, as the guard asks for them."""

from __future__ import annotations

from runtime.errors import QueueError
from runtime.queues.service import Queues
from streamcore.identity.guard import UNKNOWN, Held


def held_of(queues: Queues, arn: str) -> Held:
    """The policy of a queue."""
    try:
        return Held(queues.at(arn).record.attributes.get("Policy"))
    except QueueError:
        return UNKNOWN
