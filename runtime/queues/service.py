"""The queues of all accounts: made, changed, found, deleted; messages that come, are received and go.

    queues = Queues(broker)
    await queues.start()
    queue = await queues.create(record)
    [sent] = await queues.send(queue, [Outgoing(content=Content("hello"), sender=account)])
    [(message, content)] = await queues.receive(queue, 1, wait_ms=20_000)
    await queues.delete_messages(queue, [message.number])

What `send` and `delete_messages` return is durable, in one commit with whatever else waits. Receiving writes nothing:
who has what is written down at an orderly end, and after kill -9 what was in flight is there again.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final

import msgspec

from runtime.errors import QueueError
from runtime.events.alarms import Alarms
from runtime.model.queue import Message, Original, Standing
from runtime.model.queue_message import Content, check_content, md5_of, md5_of_attributes
from runtime.model.queue_settings import QUEUES_MAX, QueueRecord, read_allowed, refused_target
from runtime.queues import shelf
from runtime.queues.moves import Moves
from runtime.queues.queue import Queue, QueueKey
from runtime.queues.sending import Outgoing, Sent, deduplicated, message_of
from streamcore.broker import Broker
from streamcore.errors import BrokerClosed, StreamcoreError
from streamcore.model.stream import Scope

log = logging.getLogger(__name__)

#: Of one queue; AWS's bound since 2024, of FIFO queues too.
FLYING_MAX: Final = 120_000
#: Of all queues together: each takes about a kilobyte of memory.
MESSAGES_MAX: Final = 2_000_000
PURGE_INTERVAL_MS: Final = 60_000
#: Messages that are deleted in one commit.
SWEEP: Final = 2000

Received = tuple[Message, Content]


class Queues:
    """All queues. Errors of the broker (StorageFull …) come through as they are."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._clock = broker.clock
        self._queues: dict[QueueKey, Queue] = {}
        self._visibility: Alarms[QueueKey] = Alarms(broker.clock, self._visible)
        self._retention: Alarms[QueueKey] = Alarms(broker.clock, self._expire)
        self._armed: set[QueueKey] = set()
        self._is_draining = False
        self._waiting = 0
        #: Messages of all queues together.
        self.held = 0
        #: Held while queues are made, changed and deleted.
        self.changing = asyncio.Lock()
        self.sent = self.received = self.deleted = self.redriven = self.expired = 0
        self.moves = Moves(broker, self)
        #: Told the ARN of a queue that was made or deleted.
        self.on_change: list[Callable[[str], None]] = []

    def __repr__(self) -> str:
        return f"<Queues {len(self._queues)}>"

    async def start(self) -> None:
        """Finds what is kept."""
        self._queues = {queue.key: queue for queue in map(self._opened, await shelf.records(self._broker))}
        by_id = {queue.record.id: queue for queue in self._queues.values()}
        await self._sweep(await shelf.read(self._broker, by_id, self._clock.now_ms()))
        for queue in self._queues.values():
            self.held += len(queue.state.messages)
            self._arm_retention(queue)

    @property
    def is_draining(self) -> bool:
        """Whether receives give nothing any more."""
        return self._is_draining

    def drain(self) -> None:
        """Whoever waits for messages gets none, now."""
        self._is_draining = True
        for queue in self._queues.values():
            queue.wake_all()

    async def close(self) -> None:
        """Writes down which messages are in flight, and how often they were received."""
        self.drain()
        await self.moves.close()
        self._visibility.close()
        self._retention.close()
        rows = [
            shelf.standing_row(queue, message)
            for queue in self._queues.values()
            for number in queue.changed
            if (message := queue.state.messages.get(number)) is not None
        ]
        try:
            await self._sweep(rows)
        except StreamcoreError as error:
            log.warning("which messages are in flight was not kept: %s", error)

    # ------------------------------------------------------------ queues

    def all(self, scope: Scope | None = None) -> list[Queue]:
        """Those of an account in a region, in the order of their names; of everybody without one."""
        found = [
            queue for key, queue in self._queues.items() if scope is None or key[:2] == (scope.account, scope.region)
        ]
        return sorted(found, key=lambda queue: queue.key)

    def find(self, account: str, region: str, name: str) -> Queue:
        """Raises QueueError: QueueDoesNotExist."""
        found = self._queues.get((account, region, name))
        if found is None:
            raise QueueError("QueueDoesNotExist", "The specified queue does not exist.")
        return found

    def at(self, arn: str) -> Queue:
        """The queue of an ARN. Raises QueueError: QueueDoesNotExist."""
        parts = arn.split(":")
        if len(parts) != 6 or parts[2] != "sqs":
            raise QueueError("QueueDoesNotExist", "The specified queue does not exist.")
        return self.find(parts[4], parts[3], parts[5])

    async def create(self, record: QueueRecord) -> Queue:
        """The same once more is no error. Raises QueueError: QueueNameExists."""
        async with self.changing:
            present = self._queues.get((record.account, record.region, record.name))
            if present is not None:
                _check_same(present.record, record)
                return present
            if len(self._queues) >= QUEUES_MAX:
                raise QueueError("OverLimit", f"There are at most {QUEUES_MAX} queues here.")
            self._check_redrive(record)
            await self._finished(self._keep_new(record))
            return self._queues[(record.account, record.region, record.name)]

    async def change(self, queue: Queue, record: QueueRecord) -> None:
        """Keeps a record with other attributes or tags. To be called with `changing` held."""
        self._check_redrive(record)
        await self._broker.save_documents([shelf.queue_row(record)])
        queue.record = record
        self._armed.discard(queue.key)
        self._arm_retention(queue)

    async def delete(self, queue: Queue) -> None:
        """Its messages go with it."""
        async with self.changing:
            await self._finished(self._drop(queue))

    async def purge(self, queue: Queue) -> None:
        """Returns when all that was in it is gone. Raises QueueError: PurgeQueueInProgress."""
        now_ms = self._clock.now_ms()
        if queue.purged_ms + PURGE_INTERVAL_MS > now_ms:
            raise QueueError(
                "PurgeQueueInProgress",
                f"Only one PurgeQueue operation on {queue.record.name} is allowed every 60 seconds.",
            )
        queue.purged_ms = now_ms
        gone = [message for number in list(queue.state.messages) if (message := queue.state.remove(number))]
        self._released(queue, gone)
        await self._finished(self._sweep([row for message in gone for row in shelf.gone_rows(queue, message)]))

    def sources_of(self, queue: Queue) -> list[Queue]:
        """The queues whose dead letters come here."""
        found = []
        for each in self.all():
            redrive = each.record.redrive
            if redrive is not None and redrive.target == queue.record.arn:
                found.append(each)
        return found

    # ------------------------------------------------------------ messages

    async def send(self, queue: Queue, outgoing: Sequence[Outgoing]) -> list[Sent | QueueError]:
        """Each is durable or refused; those that are not told apart by their deduplication id are sent once."""
        await self._make_room()
        rows: list[shelf.Row] = []
        new: list[tuple[Message, Original | None]] = []
        results: list[Sent | QueueError] = []
        waits = []
        for each in outgoing:
            try:
                answer, message, original = self._accepted(queue, each)
            except QueueError as error:
                results.append(error)
                continue
            results.append(answer)
            if message is None:
                waits.append(None if answer.key is None else queue.pending.get(answer.key))
                continue
            new.append((message, original))
            rows += shelf.message_rows(queue, message)
            if original is not None:
                rows.append(shelf.original_row(queue, original))
        if new:
            over = queue.originals.over(self._clock.now_ms())
            rows += [shelf.original_row(queue, original, is_gone=True) for original in over]
            await self._kept(queue, new, rows)
        for pending in waits:
            if pending is not None:
                await asyncio.shield(pending)
        return results

    def _accepted(self, queue: Queue, outgoing: Outgoing) -> tuple[Sent, Message | None, Original | None]:
        """No message when one of its deduplication id was sent already. Raises QueueError."""
        record, now_ms = queue.record, self._clock.now_ms()
        check_content(outgoing.content, record.number("MaximumMessageSize"))
        outgoing = deduplicated(record, outgoing)
        key = None
        if record.is_fifo:
            per_group = record.attributes.get("DeduplicationScope") == "messageGroup"
            key = (outgoing.group if per_group else "", outgoing.deduplication)
            found = queue.originals.find(key, now_ms)
            if found is not None:
                return Sent(outgoing.content, found.message_id, found.number, outgoing.trace, key), None, None
        number = queue.next_number()
        message = message_of(record, outgoing, number, str(uuid.uuid4()), now_ms)
        original = None if key is None else queue.original(key, message.id, number)
        return (
            Sent(outgoing.content, message.id, number if record.is_fifo else 0, outgoing.trace, key),
            message,
            original,
        )

    async def _kept(self, queue: Queue, new: list[tuple[Message, Original | None]], rows: list[shelf.Row]) -> None:
        """Commits new messages, then shows them: also when whoever sent them went away meanwhile."""
        done = asyncio.ensure_future(self._broker.save_documents(rows))
        keys = [original.key for _, original in new if original is not None]
        queue.pending.update(dict.fromkeys(keys, done))
        self._waiting += len(new)

        def settled(done: asyncio.Future[None]) -> None:
            self._waiting -= len(new)
            for key in keys:
                queue.pending.pop(key, None)
            if done.cancelled() or done.exception() is not None:
                for _, original in new:
                    if original is not None:
                        queue.originals.forget(original)
            else:
                self.sent += len(new)
                self._add(queue, [message for message, _ in new])

        done.add_done_callback(settled)
        await asyncio.shield(done)

    def _add(self, queue: Queue, messages: Iterable[Message]) -> None:
        for message in messages:
            queue.state.add(message)
            self.held += 1
        queue.wake()
        self._arm(queue)
        self._arm_retention(queue)

    async def receive(
        self,
        queue: Queue,
        count: int,
        *,
        visibility_ms: int | None = None,
        wait_ms: int | None = None,
        attempt: str = "",
    ) -> list[Received]:
        """Up to `count` messages; waits for the first one. Raises QueueError: OverLimit."""
        record = queue.record
        if wait_ms is None:
            wait_ms = record.number("ReceiveMessageWaitTimeSeconds") * 1000
        now_ms = self._clock.now_ms()
        again = None
        if attempt:
            again = queue.state.retake(queue.attempt(attempt), now_ms, _timeout_ms(queue, visibility_ms))
        messages = again or await self._take(queue, count, visibility_ms, now_ms + wait_ms)
        if attempt and messages:
            queue.remember(attempt, tuple(message.number for message in messages))
        queue.changed.update(message.number for message in messages)
        self.received += len(messages)
        # As they are now: while a content is read, others may change them.
        seen = [msgspec.structs.replace(message) for message in messages]
        try:
            read = [(message, await shelf.content_of(self._broker, queue, message)) for message in seen]
        except BaseException:  # also whoever received them has gone: nobody saw them
            self.put_back(queue, seen)
            raise
        return [(message, content) for message, content in read if content is not None]

    async def _take(self, queue: Queue, count: int, visibility_ms: int | None, until_ms: int) -> list[Message]:
        while True:
            if queue.is_deleted:
                raise QueueError("QueueDoesNotExist", "The specified queue does not exist.")
            now_ms = self._clock.now_ms()
            self._drop_expired(queue, now_ms)
            room = FLYING_MAX - queue.state.flying
            if room <= 0 and not queue.record.is_fifo:
                raise QueueError("OverLimit", f"Too many messages are in flight: {FLYING_MAX}.")
            target = self._dead_letters_of(queue)
            redrive = queue.record.redrive
            most = None if target is None or redrive is None else redrive.max_receives
            timeout_ms = _timeout_ms(queue, visibility_ms)  # as it is now: somebody may have waited for days
            messages, dead = queue.state.take(now_ms, min(count, room), timeout_ms, most)
            if dead and target is not None:
                try:
                    await self._redrive(queue, target, dead)
                except BaseException:
                    self.put_back(queue, messages)
                    raise
            queue.wake()
            self._arm(queue)
            if messages or now_ms >= until_ms or self._is_draining:
                return messages
            if not dead:
                waiting = queue.wait(until_ms - now_ms)
                self._arm(queue, is_awaited=True)
                await waiting

    async def delete_messages(self, queue: Queue, numbers: Sequence[int]) -> None:
        """Those that are not there any more are as good as deleted."""
        gone = [message for number in numbers if (message := queue.state.remove(number)) is not None]
        if not gone:
            return
        self._released(queue, gone)
        await self._removed(queue, gone, [row for message in gone for row in shelf.gone_rows(queue, message)])
        self.deleted += len(gone)

    async def _removed(self, queue: Queue, gone: list[Message], rows: list[shelf.Row]) -> None:
        """Commits that messages are gone; when that fails they are back."""
        done = asyncio.ensure_future(self._broker.save_documents(rows))

        def settled(done: asyncio.Future[None]) -> None:
            if (done.cancelled() or done.exception() is not None) and not queue.is_deleted:
                self._restore(queue, gone)

        done.add_done_callback(settled)
        await asyncio.shield(done)

    def change_visibility(self, queue: Queue, number: int, timeout_ms: int) -> None:
        """Raises QueueError: MessageNotInflight, or as AWS when there is no such message."""
        if number not in queue.state.messages:
            raise QueueError(
                "InvalidParameterValueException",
                "Value for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available for "
                "visibility timeout change.",
            )
        if not queue.state.change(number, self._clock.now_ms(), timeout_ms):
            raise QueueError("MessageNotInflight", "The specified message isn't in flight.")
        queue.changed.add(number)
        queue.wake()
        self._arm(queue)

    def put_back(self, queue: Queue, messages: Iterable[Message]) -> None:
        """Messages that were received, and that nobody saw, are there again as if they had not been."""
        now_ms = self._clock.now_ms()
        for message in messages:
            if queue.state.put_back(message.number, message.received, now_ms):
                queue.changed.add(message.number)
        queue.wake()
        self._arm(queue)

    def counts(self, queue: Queue) -> tuple[int, int, int]:
        """Messages that are visible, in flight, delayed."""
        now_ms = self._clock.now_ms()
        self._drop_expired(queue, now_ms)
        queue.state.advance(now_ms)
        return queue.state.visible, queue.state.flying, queue.state.delayed

    async def move(self, source: Queue, target: Queue | None, most: int) -> int:
        """Moves up to so many messages that are visible, each in its order, to a queue, or back to where they became
        dead letters; how many. Raises QueueError when one of them came from no queue that there is."""
        messages, _ = source.state.take(self._clock.now_ms(), most, 0)
        by_target: dict[QueueKey, list[Message]] = {}
        lost = []
        for message in messages:
            source.state.remove(message.number)
            message.received, message.standing = message.received - 1, Standing.READY
            to = target or self._source_of(message)
            if to is None:
                lost.append(message)
            else:
                by_target.setdefault(to.key, []).append(message)
        for message in lost:
            source.state.restore(message)
        for key, some in by_target.items():
            await self._redrive(source, self._queues[key], some, is_back=True)
        if lost:
            raise QueueError("UnsupportedOperation", "CouldNotDetermineMessageSource")
        return len(messages)

    def _source_of(self, message: Message) -> Queue | None:
        try:
            return self.at(message.source)
        except QueueError:
            return None

    # ------------------------------------------------------------ dead letters

    def _dead_letters_of(self, queue: Queue) -> Queue | None:
        redrive = queue.record.redrive
        if redrive is None:
            return None
        _, _, _, region, account, name = redrive.target.split(":")
        return self._queues.get((account, region, name))

    async def _redrive(self, queue: Queue, target: Queue, dead: list[Message], *, is_back: bool = False) -> None:
        """Moves messages in one commit. In a standard queue they keep the time at which they were sent."""
        moved, rows = [], []
        for message in dead:
            content = await shelf.content_of(self._broker, queue, message)
            if content is None:
                continue
            now_ms = self._clock.now_ms()
            made = msgspec.structs.replace(
                message, number=target.next_number(), content=content, standing=Standing.READY, visible_ms=now_ms,
                sent_ms=now_ms if target.record.is_fifo or is_back else message.sent_ms,
                source="" if is_back else queue.record.arn,
                received=0 if is_back else message.received,
                first_received_ms=0 if is_back else message.first_received_ms,
            )  # fmt: skip
            moved.append(made)
            rows += [*shelf.gone_rows(queue, message), *shelf.message_rows(target, made)]
        done = asyncio.ensure_future(self._broker.save_documents(rows))

        def settled(done: asyncio.Future[None]) -> None:
            self._released(queue, dead)
            if done.cancelled() or done.exception() is not None:
                self._restore(queue, dead)
            else:
                self.redriven += len(moved)
                self._add(target, moved)

        done.add_done_callback(settled)
        await asyncio.shield(done)

    def _check_redrive(self, record: QueueRecord) -> None:
        """Raises QueueError for a dead letter queue that is not there or cannot be one."""
        redrive, text = record.redrive, record.attributes.get("RedrivePolicy", "")
        if redrive is None:
            return
        try:
            target = self.at(redrive.target).record
        except QueueError:
            raise refused_target(text, "Dead letter target does not exist.") from None
        if (target.account, target.region) != (record.account, record.region):
            raise refused_target(text, "Dead-letter queue must be of the same account and region as the source.")
        if target.is_fifo != record.is_fifo:
            raise refused_target(text, "Dead-letter queue must be same type of queue as the source.")
        allowed = target.attributes.get("RedriveAllowPolicy")
        if allowed and not read_allowed(allowed).allows(record.arn):
            raise refused_target(text, "Dead letter target does not allow this queue as a source.")

    # ------------------------------------------------------------ time

    def _arm(self, queue: Queue, *, is_awaited: bool = False) -> None:
        """Somebody who waits is woken when a message comes back; with nobody there nothing is to be done."""
        awaited = (is_awaited or queue.has_waiters) and not queue.is_deleted
        self._visibility.set(queue.key, queue.state.next_ms() if awaited else None)

    def _visible(self, key: QueueKey, at_ms: int) -> None:
        queue = self._queues.get(key)
        if queue is not None:
            queue.state.advance(self._clock.now_ms())
            queue.wake()
            self._arm(queue)

    def _arm_retention(self, queue: Queue) -> None:
        oldest_ms = None if queue.key in self._armed or queue.is_deleted else queue.state.oldest_ms()
        if oldest_ms is not None:
            self._armed.add(queue.key)
            self._retention.set(queue.key, oldest_ms + queue.record.number("MessageRetentionPeriod") * 1000)

    def _expire(self, key: QueueKey, at_ms: int) -> None:
        self._armed.discard(key)
        queue = self._queues.get(key)
        if queue is not None:
            self._drop_expired(queue, self._clock.now_ms())
            self._arm_retention(queue)

    def _drop_expired(self, queue: Queue, now_ms: int) -> None:
        gone = queue.state.expired(now_ms, queue.record.number("MessageRetentionPeriod") * 1000)
        if gone:
            self.expired += len(gone)
            self._released(queue, gone)
            rows = [row for message in gone for row in shelf.gone_rows(queue, message)]
            self._broker.spawn(self._sweep(rows))

    def _released(self, queue: Queue, gone: Sequence[Message]) -> None:
        """Messages are out of the queue: others of their groups may be had."""
        self.held -= len(gone)
        queue.changed.difference_update(message.number for message in gone)
        queue.wake()

    def _restore(self, queue: Queue, messages: Sequence[Message]) -> None:
        """What could not be written is as it was."""
        for message in messages:
            queue.state.restore(message)
        self.held += len(messages)
        queue.wake()

    # ------------------------------------------------------------

    def _opened(self, record: QueueRecord) -> Queue:
        return Queue(record, self._clock)

    async def _keep_new(self, record: QueueRecord) -> None:
        await self._broker.save_documents([shelf.queue_row(record)])
        queue = self._opened(record)
        self._queues[queue.key] = queue
        self._tell(record.arn)

    async def _drop(self, queue: Queue) -> None:
        await self._broker.save_documents([shelf.queue_row(queue.record, is_gone=True)])
        queue.is_deleted = True
        self._queues.pop(queue.key, None)
        self._armed.discard(queue.key)
        self._visibility.set(queue.key, None)
        self._retention.set(queue.key, None)
        queue.wake_all()
        self._tell(queue.record.arn)
        messages = list(queue.state.messages.values())
        self.held -= len(messages)
        self._broker.spawn(self._sweep([row for message in messages for row in shelf.gone_rows(queue, message)]))

    def _tell(self, arn: str) -> None:
        for hear in self.on_change:
            hear(arn)

    async def _sweep(self, rows: list[shelf.Row]) -> None:
        for begin in range(0, len(rows), SWEEP):
            await self._broker.save_documents(rows[begin : begin + SWEEP])

    async def _make_room(self) -> None:
        """Waits while more is to be written than is good. Raises QueueError: OverLimit when memory is used up."""
        if self._broker.is_closed:
            raise BrokerClosed
        if self.held + self._waiting >= MESSAGES_MAX:
            raise QueueError("OverLimit", f"The queues hold {MESSAGES_MAX} messages and take no more.")
        if self._broker.committer.must_wait:
            await self._broker.committer.room()

    async def _finished(self, work: Coroutine[Any, Any, None]) -> None:
        """Work that is not left half done when its caller goes away."""
        await asyncio.shield(asyncio.ensure_future(work))


def _timeout_ms(queue: Queue, visibility_ms: int | None) -> int:
    return queue.record.number("VisibilityTimeout") * 1000 if visibility_ms is None else visibility_ms


def _check_same(present: QueueRecord, asked: QueueRecord) -> None:
    told = present.told()
    for name, value in asked.attributes.items():
        if told.get(name, "") != value:
            raise QueueError(
                "QueueNameExists",
                f"A queue already exists with the same name and a different value for attribute {name}",
            )


__all__ = ["FLYING_MAX", "Outgoing", "Queue", "Queues", "Received", "Sent", "md5_of", "md5_of_attributes"]
