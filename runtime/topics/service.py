"""The topics of all accounts, their subscriptions, and messages on their way to these.

    topics = Topics(broker, destinations, queues, post)
    await topics.start()
    issue = await topics.publish(topic, Message(text="hello"))

What `publish` returns is on disk with all its deliveries: kill -9 loses none. They are tried again by the outbox until
their target has them, then go to the subscription's dead letter queue.
"""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

import msgspec

from runtime.destinations.router import Destinations
from runtime.errors import TopicError
from runtime.events.outbox import Delivery, Outbox
from runtime.model.queue import DEDUPLICATION_MS, Deduplication, Original
from runtime.model.topic import SUBSCRIPTIONS_MAX, TOPICS_MAX, Subscription, Topic, invalid
from runtime.model.topic_filter import FilterPolicy
from runtime.model.topic_message import Issue, Message, checked
from runtime.queues.service import Queues
from runtime.topics.delivery import Post, Sender, confirmation, delivery_of
from streamcore.broker import Broker
from streamcore.model.stream import Scope

TOPIC: Final = "topic"
SUBSCRIPTION: Final = "topic-subscription"
DELIVERY: Final = "topic-delivery"
#: Where an unsigned request confirms or ends a subscription: its URL is all that is needed, as on AWS.
DOOR: Final = "/_aws/sns"
#: Kept at a time; with as many on their way nothing more is published.
DELIVERIES_MAX: Final = 100_000
_encode = msgspec.json.encode
_TOPICS: Final = msgspec.json.Decoder(Topic)
_SUBSCRIPTIONS: Final = msgspec.json.Decoder(Subscription)


class Topics:
    """`post` sends to HTTP endpoints; `origin` tells the URL under which this broker is reached."""

    def __init__(
        self,
        broker: Broker,
        destinations: Destinations,
        queues: Queues,
        post: Post,
        origin: Callable[[], str] = lambda: "",
    ) -> None:
        self._broker = broker
        self._clock = broker.clock
        self._origin = origin
        self.outbox = Outbox(broker, Sender(destinations, queues, post).send, kind=DELIVERY)
        self._topics: dict[str, Topic] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._by_topic: dict[str, dict[str, FilterPolicy | None]] = {}
        self._originals: dict[str, Deduplication] = {}
        self._last_number = 0
        self.published = 0
        #: Held while topics and subscriptions are made, changed and deleted.
        self.changing = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<Topics {len(self._topics)}, {len(self._subscriptions)} subscriptions, {self.outbox}>"

    async def start(self) -> None:
        """Reads what is kept, and goes on with deliveries."""
        for text in (await self._broker.documents(TOPIC)).values():
            topic = _TOPICS.decode(text)
            self._topics[topic.arn] = topic
            self._by_topic[topic.arn] = {}
        for text in (await self._broker.documents(SUBSCRIPTION)).values():
            self._hold(_SUBSCRIPTIONS.decode(text))
        await self.outbox.start()

    async def close(self) -> None:
        """Lets deliveries in progress end; what is left is there at the next start."""
        await self.outbox.close()

    # ------------------------------------------------------------ topics

    def all(self, scope: Scope) -> list[Topic]:
        return [topic for topic in self._topics.values() if Scope(topic.account, topic.region) == scope]

    def topic(self, arn: str) -> Topic:
        """Raises TopicError: InvalidParameter for what is no ARN, NotFound."""
        if not arn.startswith("arn:aws:sns:") or arn.count(":") != 5:
            raise invalid(
                "TopicArn Reason: An ARN must have at least 6 elements, not 1" if ":" not in arn else "TopicArn"
            )
        found = self._topics.get(arn)
        if found is None:
            raise TopicError("NotFound", "Topic does not exist")
        return found

    async def create(self, topic: Topic) -> Topic:
        """The same once more is no error. Raises TopicError. To be called with `changing` held."""
        present = self._topics.get(topic.arn)
        if present is not None:
            if any(present.attributes.get(name) != value for name, value in topic.attributes.items()):
                raise invalid("Attributes Reason: Topic already exists with different attributes")
            if topic.tags and topic.tags != present.tags:
                raise invalid("Tags Reason: Topic already exists with different tags")
            return present
        if len(self._topics) >= TOPICS_MAX:
            raise TopicError("TopicLimitExceeded", f"There are at most {TOPICS_MAX} topics here.")
        await self.change(topic)
        self._by_topic[topic.arn] = {}
        return topic

    async def change(self, topic: Topic) -> None:
        """Keeps it. To be called with `changing` held."""
        await self._broker.save_document(TOPIC, _key(topic.arn), _encode(topic))
        self._topics[topic.arn] = topic

    async def delete(self, arn: str) -> None:
        """With its subscriptions; one that is not there is as good as deleted. To be called with `changing` held."""
        if arn not in self._topics:
            return
        gone = list(self._by_topic[arn])
        rows: list[tuple[str, str, bytes | None]] = [(SUBSCRIPTION, _key(each), None) for each in gone]
        await self._broker.save_documents([(TOPIC, _key(arn), None), *rows])
        del self._topics[arn], self._by_topic[arn]
        self._originals.pop(arn, None)
        for each in gone:
            del self._subscriptions[each]

    # ------------------------------------------------------------ subscriptions

    def subscriptions(self, topic: Topic | None = None, scope: Scope | None = None) -> list[Subscription]:
        """Of a topic, or of all topics of an account in a region."""
        if topic is not None:
            return [self._subscriptions[arn] for arn in self._by_topic[topic.arn]]
        return [each for arn, each in self._subscriptions.items() if Scope(*arn.split(":")[4:2:-1]) == scope]

    def subscription(self, arn: str) -> Subscription:
        """Raises TopicError."""
        if not arn.startswith("arn:aws:sns:") or arn.count(":") != 6:
            raise invalid("SubscriptionArn Reason: An ARN must have at least 6 elements")
        found = self._subscriptions.get(arn)
        if found is None:
            raise TopicError("NotFound", "Subscription does not exist")
        return found

    async def subscribe(self, topic: Topic, wanted: Subscription) -> Subscription:
        """The same once more is no error. One over HTTP has yet to be confirmed: it gets a message with a token. To be
        called with `changing` held. Raises TopicError."""
        for each in self.subscriptions(topic):
            if (each.protocol, each.endpoint) == (wanted.protocol, wanted.endpoint):
                if each.attributes != wanted.attributes:
                    raise invalid("Attributes Reason: Subscription already exists with different attributes")
                if each.is_pending:
                    await self.outbox.put([confirmation(each, self.confirm_url(each), self._clock.now_ms())])
                return each
        if len(self._subscriptions) >= SUBSCRIPTIONS_MAX:
            raise TopicError("SubscriptionLimitExceeded", f"There are at most {SUBSCRIPTIONS_MAX} subscriptions here.")
        is_pending = wanted.protocol in ("http", "https")
        made = msgspec.structs.replace(
            wanted, arn=f"{topic.arn}:{uuid.uuid4()}", token=secrets.token_hex(32) if is_pending else ""
        )
        letters = [confirmation(made, self.confirm_url(made), self._clock.now_ms())] if is_pending else []
        await self.outbox.put(letters, (SUBSCRIPTION, _key(made.arn), _encode(made)))
        self._hold(made)
        return made

    async def change_subscription(self, subscription: Subscription) -> None:
        """Keeps it. To be called with `changing` held."""
        await self._broker.save_document(SUBSCRIPTION, _key(subscription.arn), _encode(subscription))
        self._hold(subscription)

    async def confirm(self, topic: Topic, token: str) -> Subscription:
        """Raises TopicError. To be called with `changing` held."""
        for each in self.subscriptions(topic):
            if each.token and secrets.compare_digest(each.token.encode(), token.encode()):
                made = msgspec.structs.replace(each, token="")
                await self.change_subscription(made)
                return made
        raise invalid("Token")

    async def unsubscribe(self, subscription: Subscription) -> None:
        """To be called with `changing` held."""
        topic = self._topics[subscription.topic]
        changed = msgspec.structs.replace(topic, deleted=topic.deleted + 1)
        await self._broker.save_documents(
            [(SUBSCRIPTION, _key(subscription.arn), None), (TOPIC, _key(topic.arn), _encode(changed))]
        )
        self._topics[topic.arn] = changed
        del self._subscriptions[subscription.arn], self._by_topic[topic.arn][subscription.arn]

    def confirm_url(self, subscription: Subscription) -> str:
        query = {"Action": "ConfirmSubscription", "TopicArn": subscription.topic, "Token": subscription.token}
        return f"{self._origin()}{DOOR}?{urlencode(query)}"

    def unsubscribe_url(self, subscription: Subscription) -> str:
        query = {"Action": "Unsubscribe", "SubscriptionArn": subscription.arn}
        return f"{self._origin()}{DOOR}?{urlencode(query)}"

    # ------------------------------------------------------------ messages

    async def publish(self, topic: Topic, *messages: Message) -> list[Issue | TopicError]:
        """Returns when the messages that are good are durable on their way to all who want them. Raises TopicError:
        Throttled, when too many deliveries wait."""
        if self.outbox.waiting >= DELIVERIES_MAX:
            raise TopicError("Throttled", "Rate exceeded")
        results: list[Issue | TopicError] = []
        new: list[Issue] = []
        for message in messages:
            try:
                issue, is_new = self._issued(topic, checked(topic, message))
            except TopicError as error:
                results.append(error)
                continue
            results.append(issue)
            if is_new:
                new.append(issue)
        deliveries = [each for issue in new for each in self._deliveries(topic, issue)]
        if deliveries:
            await self._kept(topic, new, deliveries)
        self.published += len(new)
        return results

    async def _kept(self, topic: Topic, new: list[Issue], deliveries: list[Delivery]) -> None:
        """What could not be kept may be published again under its id."""
        try:
            await asyncio.shield(asyncio.ensure_future(self.outbox.put(deliveries)))
        except Exception:
            for issue in new:
                originals = self._originals.get(topic.arn)
                found = originals.find(_dedup(topic, issue.message), self._clock.now_ms()) if originals else None
                if originals is not None and found is not None:
                    originals.forget(found)
            raise

    def _issued(self, topic: Topic, message: Message) -> tuple[Issue, bool]:
        now_ms = self._clock.now_ms()
        if not topic.is_fifo:
            return Issue(message=message, id=str(uuid.uuid4()), topic=topic.arn, at_ms=now_ms), True
        originals = self._originals.setdefault(topic.arn, Deduplication())
        originals.over(now_ms)
        key = _dedup(topic, message)
        found = originals.find(key, now_ms)
        if found is not None:
            told = Issue(message=message, id=found.message_id, topic=topic.arn, at_ms=now_ms, number=found.number)
            return told, False
        self._last_number = max(self._last_number + 1, now_ms * 1000)
        issue = Issue(message=message, id=str(uuid.uuid4()), topic=topic.arn, at_ms=now_ms, number=self._last_number)
        originals.add(Original(key, issue.id, issue.number, now_ms + DEDUPLICATION_MS))
        return issue, True

    def _deliveries(self, topic: Topic, issue: Issue) -> list[Delivery]:
        found = []
        for arn, policy in self._by_topic[topic.arn].items():
            subscription, message = self._subscriptions[arn], issue.message
            text = message.text_for(subscription.protocol)
            if not subscription.is_pending and (policy is None or policy.wants(text, message.attributes)):
                found.append(delivery_of(topic, subscription, issue, self.unsubscribe_url(subscription)))
        return found

    # ------------------------------------------------------------

    def _hold(self, subscription: Subscription) -> None:
        self._subscriptions[subscription.arn] = subscription
        self._by_topic[subscription.topic][subscription.arn] = subscription.filter


def _key(arn: str) -> str:
    return arn.partition("arn:aws:sns:")[2]


def _dedup(topic: Topic, message: Message) -> tuple[str, str]:
    per_group = topic.attributes.get("FifoThroughputScope") == "MessageGroup"
    return (message.group if per_group else "", message.deduplication)
