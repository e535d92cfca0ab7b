"""The policies of topics, as the guard asks for them."""

from __future__ import annotations

from runtime.errors import TopicError
from runtime.topics.service import Topics
from streamcore.identity.guard import UNKNOWN, Held


def held_of(topics: Topics, arn: str) -> Held:
    """The policy of a topic. The one that a topic has by itself lets in nobody whom his own policies do not."""
    try:
        return Held(topics.topic(arn).attributes.get("Policy"))
    except TopicError:
        return UNKNOWN
