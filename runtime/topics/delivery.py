"""How a message goes to a subscription: as what, and by whom."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from runtime.destinations.router import TOPIC, Destinations
from runtime.errors import DestinationError, QueueError
from runtime.events.outbox import Delivery
from runtime.model.queue_message import Attribute, Content
from runtime.model.topic import AGE_S, RETRIES, Subscription, Topic, retries_of
from runtime.model.topic_message import Issue, notification, told_time
from runtime.queues.sending import Outgoing
from runtime.queues.service import Queues
from runtime.sources import sns
from streamcore.errors import StreamcoreError

#: (url, body, headers) → the status of the answer. Raises OSError, TimeoutError when there is none.
Post = Callable[[str, bytes, dict[str, str]], Awaitable[int]]

_ATTRIBUTES: Final = msgspec.json.Decoder(dict[str, Attribute])
_AGENT: Final = "Amazon Simple Notification Service Agent"
_HEADER: Final = "header:"
_CONFIRM_RETRIES, _CONFIRM_AGE_S = 50, 3 * 86_400


def delivery_of(topic: Topic, subscription: Subscription, issue: Issue, unsubscribe_url: str) -> Delivery:
    """What the outbox keeps."""
    message, protocol = issue.message, subscription.protocol
    attributes = {"Protocol": protocol, TOPIC: topic.arn}
    text = message.text_for(protocol)
    if protocol == "lambda":
        body = sns.event(issue, subscription.arn, unsubscribe_url)
    elif subscription.is_raw:
        body = text.encode()
    else:
        body = notification(issue, protocol, unsubscribe_url)
    if protocol == "sqs" and subscription.is_raw and message.attributes:
        attributes["Attributes"] = msgspec.json.encode(message.attributes).decode()
    if protocol == "kinesis":
        attributes["PartitionKey"] = message.group or issue.id
    if message.group:
        attributes |= {"MessageGroupId": message.group, "MessageDeduplicationId": message.deduplication}
    if protocol in ("http", "https"):
        attributes |= _headers("Notification", issue.id, topic.arn, subscription)
    is_http = protocol in ("http", "https")
    retries = retries_of(topic, subscription)
    waits = {"first_wait_ms": retries.first_s * 1000, "last_wait_ms": retries.last_s * 1000} if is_http else {}
    return Delivery(
        id=str(uuid.uuid4()),
        target=subscription.endpoint,
        body=body,
        attributes=attributes,
        made_ms=issue.at_ms,
        due_ms=issue.at_ms,
        retries=retries.count if is_http else RETRIES,
        age_s=AGE_S,
        dead_letter=subscription.dead_letter,
        **waits,
    )


def confirmation(subscription: Subscription, confirm_url: str, now_ms: int) -> Delivery:
    """What an HTTP endpoint has to answer to, by asking for the URL, before it gets notifications."""
    id_ = str(uuid.uuid4())
    body = {
        "Type": "SubscriptionConfirmation",
        "MessageId": id_,
        "Token": subscription.token,
        "TopicArn": subscription.topic,
        "Message": f"You have chosen to subscribe to the topic {subscription.topic}.\n"
        "To confirm the subscription, visit the SubscribeURL included in this message.",
        "SubscribeURL": confirm_url,
        "Timestamp": told_time(now_ms),
    }
    headers = _headers("SubscriptionConfirmation", id_, subscription.topic, None)
    return Delivery(
        id=id_,
        target=subscription.endpoint,
        body=msgspec.json.encode(body),
        attributes={"Protocol": subscription.protocol, **headers},
        made_ms=now_ms,
        due_ms=now_ms,
        retries=_CONFIRM_RETRIES,
        age_s=_CONFIRM_AGE_S,
    )


def _headers(kind: str, message_id: str, topic: str, subscription: Subscription | None) -> dict[str, str]:
    headers = {
        "x-amz-sns-message-type": kind,
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": topic,
        "content-type": "text/plain; charset=UTF-8",
        "user-agent": _AGENT,
    }
    if subscription is not None:
        headers["x-amz-sns-subscription-arn"] = subscription.arn
        if subscription.is_raw:
            headers["x-amz-sns-rawdelivery"] = "true"
    return {f"{_HEADER}{name}": value for name, value in headers.items()}


class Sender:
    """Hands a delivery to its target."""

    def __init__(self, destinations: Destinations, queues: Queues, post: Post) -> None:
        self._destinations = destinations
        self._queues = queues
        self._post = post

    async def send(self, target: str, body: bytes, attributes: dict[str, str]) -> None:
        """Raises DestinationError."""
        protocol = "sqs" if "TARGET_ARN" in attributes else attributes["Protocol"]  # a dead letter goes to a queue
        if protocol == "sqs":
            self._destinations.check(target, body, attributes)
            await self._to_queue(target, body, attributes)
        elif protocol in ("http", "https"):
            await self._to_endpoint(target, body, attributes)
        else:
            await self._destinations.send(target, body, attributes)

    async def _to_queue(self, arn: str, body: bytes, attributes: dict[str, str]) -> None:
        try:
            queue = self._queues.at(arn)
            own = attributes.get("Attributes")
            outgoing = Outgoing(
                content=Content(body.decode(), _ATTRIBUTES.decode(own) if own else {}),
                sender=queue.record.account,
                group=attributes.get("MessageGroupId", ""),
                deduplication=attributes.get("MessageDeduplicationId", "") if queue.record.is_fifo else "",
            )
            [result] = await self._queues.send(queue, [outgoing])
        except QueueError as error:
            raise DestinationError(arn, str(error), is_passing=error.code == "OverLimit") from error
        except StreamcoreError as error:
            raise DestinationError(arn, str(error), is_passing=True) from error
        if isinstance(result, QueueError):
            raise DestinationError(arn, str(result), is_passing=False)

    async def _to_endpoint(self, url: str, body: bytes, attributes: dict[str, str]) -> None:
        """Refusals (4xx) do not pass, but for 429 (too many); everything else does."""
        prefix = len(_HEADER)
        headers = {name[prefix:]: value for name, value in attributes.items() if name.startswith(_HEADER)}
        try:
            status = await self._post(url, body, headers)
        except (OSError, TimeoutError) as error:
            raise DestinationError(url, str(error) or type(error).__name__, is_passing=True) from error
        if not 200 <= status < 300:
            raise DestinationError(url, f"answered {status}", is_passing=status >= 500 or status == 429)
