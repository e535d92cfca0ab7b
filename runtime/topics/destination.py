"""A topic as a destination of records, events and dead letters: one message."""

from __future__ import annotations

from runtime.destinations.router import Deliver
from runtime.errors import DestinationError, TopicError
from runtime.model.topic_message import Message
from runtime.queues.destination import letter_attributes
from runtime.topics.service import Topics
from streamcore.errors import StreamcoreError


def to_topic(topics: Topics) -> Deliver:
    """Publishes to the topic that the ARN names. What the topic refuses does not pass; a full disk does."""

    async def deliver(arn: str, body: bytes, attributes: dict[str, str]) -> None:
        try:
            message = Message(
                text=body.decode(errors="replace"),
                attributes=letter_attributes(attributes),
                group=attributes.get("MessageGroupId", ""),
            )
            [result] = await topics.publish(topics.topic(arn), message)
        except TopicError as error:
            raise DestinationError(arn, str(error), is_passing=False) from error
        except StreamcoreError as error:
            raise DestinationError(arn, str(error), is_passing=True) from error
        if isinstance(result, TopicError):
            raise DestinationError(arn, str(result), is_passing=False)

    return deliver
