"""What waits in a queue and who may have it when: visibility, order within groups, redrive, deduplication.

A message is READY, DELAYED (sent with a delay) or FLYING (somebody has received it); the last two until `visible_ms`.
In a FIFO queue a group is given out from its oldest message on, and only while none of the group is in flight. Time is
an argument, in epoch milliseconds. Source: SQS developer guide, "visibility timeout", "FIFO delivery logic",
"dead-letter queues".
"""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from collections.abc import Iterable
from enum import IntEnum
from typing import Final, NamedTuple

import msgspec

from runtime.model.queue_message import Content

DEDUPLICATION_MS: Final = 5 * 60 * 1000
#: Messages that one `take` gives up to the dead letter queue at most.
DEAD_MAX: Final = 1000
#: Entries of a heap that are out of date, beside as many as there are messages, before it is made anew.
_SLACK: Final = 256


class Standing(IntEnum):
    READY = 0
    DELAYED = 1
    FLYING = 2


class Message(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A message and where it stands. `number` orders a queue; `content` is None when it is kept beside, being large."""

    number: int
    id: str
    size: int
    md5: str
    sender: str
    sent_ms: int
    visible_ms: int
    content: Content | None = None
    attributes_md5: str = ""
    trace: str = ""
    group: str = ""
    deduplication: str = ""
    source: str = ""
    standing: Standing = Standing.READY
    received: int = 0
    first_received_ms: int = 0


class Taken(NamedTuple):
    """`dead` were received too often and are out of the queue."""

    messages: list[Message]
    dead: list[Message]


class _Group:
    """A group's messages, oldest first. (An OrderedDict finds its first key at once, also after many deletions.)"""

    __slots__ = ("flying", "order")

    def __init__(self) -> None:
        self.order: OrderedDict[int, None] = OrderedDict()
        self.flying = 0


class QueueState:
    """The messages of one queue."""

    def __init__(self, *, is_fifo: bool) -> None:
        self.is_fifo = is_fifo
        self.messages: dict[int, Message] = {}
        self.delayed = self.flying = 0
        self._groups: dict[str, _Group] = {}
        #: Numbers that may be ready (in a FIFO queue: heads of groups); what is out of date is left out when met.
        self._ready: list[int] = []
        self._later: list[tuple[int, int]] = []
        self._old: list[tuple[int, int]] = []

    def __repr__(self) -> str:
        return f"<QueueState {len(self.messages)} messages, {self.flying} in flight, {self.delayed} delayed>"

    # ------------------------------------------------------------ coming and going

    def add(self, message: Message) -> None:
        """A new message, or one from disk, in the order of the numbers of its group."""
        self.messages[message.number] = message
        heapq.heappush(self._old, (message.sent_ms, message.number))
        if self.is_fifo:
            self._group(message).order[message.number] = None
        self._count(message, 1)
        if message.standing is Standing.READY:
            self._offer(message)
        else:
            heapq.heappush(self._later, (message.visible_ms, message.number))
        self._compact()

    def remove(self, number: int) -> Message | None:
        """None when it is not there any more."""
        message = self.messages.pop(number, None)
        if message is None:
            return None
        self._count(message, -1)
        if self.is_fifo:
            group = self._groups[message.group]
            del group.order[number]
            if group.order:
                self._offer_head(group)
            else:
                del self._groups[message.group]
        self._compact()
        return message

    def restore(self, message: Message) -> None:
        """Puts back a message that was removed, at its place."""
        self.add(message)
        if self.is_fifo:
            order = self._group(message).order
            for number in sorted(order):
                order.move_to_end(number)
            self._offer_head(self._group(message))

    def expired(self, now_ms: int, retention_ms: int) -> list[Message]:
        """Takes out what was sent longer ago than the retention."""
        gone = []
        while self._old and self._old[0][0] + retention_ms <= now_ms:
            message = self.remove(heapq.heappop(self._old)[1])
            if message is not None:
                gone.append(message)
        return gone

    # ------------------------------------------------------------ receiving

    def take(self, now_ms: int, count: int, timeout_ms: int, max_receives: int | None = None) -> Taken:
        """Up to `count` messages, which nobody else gets for `timeout_ms`."""
        self.advance(now_ms)
        taken = Taken([], [])
        while self._ready and len(taken.messages) < count and len(taken.dead) < DEAD_MAX:
            message = self.messages.get(heapq.heappop(self._ready))
            if message is None or message.standing is not Standing.READY:
                continue
            if self.is_fifo:
                self._take_group(message, taken, count, max_receives)
            else:
                (taken.messages if _may(message, max_receives) else taken.dead).append(message)
            for each in taken.messages:
                if each.standing is Standing.READY:
                    self._fly(each, now_ms, timeout_ms)
        for each in taken.dead:
            self.remove(each.number)
        return taken

    def _take_group(self, head: Message, taken: Taken, count: int, max_receives: int | None) -> None:
        group = self._groups[head.group]
        if group.flying or next(iter(group.order)) != head.number:
            return
        for number in group.order:
            message = self.messages[number]
            if message.standing is not Standing.READY or len(taken.messages) >= count or len(taken.dead) >= DEAD_MAX:
                break
            (taken.messages if _may(message, max_receives) else taken.dead).append(message)

    def _fly(self, message: Message, now_ms: int, timeout_ms: int) -> None:
        message.received += 1
        message.first_received_ms = message.first_received_ms or now_ms
        self._move(message, Standing.FLYING, now_ms + timeout_ms)

    def retake(self, numbers: Iterable[int], now_ms: int, timeout_ms: int) -> list[Message] | None:
        """The same messages once more, for a receive whose answer was lost; None unless all are still in flight."""
        self.advance(now_ms)
        found = [self.messages.get(number) for number in numbers]
        same = [each for each in found if each is not None and each.standing is Standing.FLYING]
        if not same or len(same) != len(found):
            return None
        for each in same:
            self._move(each, Standing.FLYING, now_ms + timeout_ms)
        return same

    def change(self, number: int, now_ms: int, timeout_ms: int) -> bool:
        """Has a message in flight come back in `timeout_ms`; False when it is not in flight."""
        self.advance(now_ms)
        message = self.messages.get(number)
        if message is None or message.standing is not Standing.FLYING:
            return False
        self._move(message, Standing.FLYING if timeout_ms else Standing.READY, now_ms + timeout_ms)
        return True

    def put_back(self, number: int, receive: int, now_ms: int) -> bool:
        """Undoes a receive whose message nobody saw: it is ready, and that receive does not count. False when the
        message is not in flight by that receive any more."""
        self.advance(now_ms)
        message = self.messages.get(number)
        if message is None or message.standing is not Standing.FLYING or message.received != receive:
            return False
        message.received -= 1
        if not message.received:
            message.first_received_ms = 0
        self._move(message, Standing.READY, now_ms)
        return True

    def advance(self, now_ms: int) -> None:
        """What was delayed or in flight until now is ready."""
        while self._later and self._later[0][0] <= now_ms:
            visible_ms, number = heapq.heappop(self._later)
            message = self.messages.get(number)
            if message is not None and message.standing is not Standing.READY and message.visible_ms == visible_ms:
                self._move(message, Standing.READY, visible_ms)

    # ------------------------------------------------------------ looking

    @property
    def visible(self) -> int:
        return len(self.messages) - self.delayed - self.flying

    def has_ready(self) -> bool:
        """Whether a `take` would find something, as of the last `advance`."""
        while self._ready and not self._is_takeable(self._ready[0]):
            heapq.heappop(self._ready)
        return bool(self._ready)

    def _is_takeable(self, number: int) -> bool:
        message = self.messages.get(number)
        if message is None or message.standing is not Standing.READY:
            return False
        if not self.is_fifo:
            return True
        group = self._groups[message.group]
        return not group.flying and next(iter(group.order)) == number

    def next_ms(self) -> int | None:
        """When the next message stops being delayed or in flight."""
        while self._later:
            visible_ms, number = self._later[0]
            message = self.messages.get(number)
            if message is not None and message.standing is not Standing.READY and message.visible_ms == visible_ms:
                return visible_ms
            heapq.heappop(self._later)
        return None

    def oldest_ms(self) -> int | None:
        """When the oldest message was sent."""
        while self._old and self._old[0][1] not in self.messages:
            heapq.heappop(self._old)
        return self._old[0][0] if self._old else None

    # ------------------------------------------------------------

    def _group(self, message: Message) -> _Group:
        return self._groups.setdefault(message.group, _Group())

    def _count(self, message: Message, change: int) -> None:
        if message.standing is Standing.FLYING:
            self.flying += change
            if self.is_fifo:
                self._groups[message.group].flying += change
        elif message.standing is Standing.DELAYED:
            self.delayed += change

    def _move(self, message: Message, standing: Standing, visible_ms: int) -> None:
        self._count(message, -1)
        message.standing, message.visible_ms = standing, visible_ms
        self._count(message, 1)
        if standing is Standing.READY:
            self._offer(message)
        else:
            heapq.heappush(self._later, (visible_ms, message.number))
            self._compact()

    def _offer(self, message: Message) -> None:
        if self.is_fifo:
            self._offer_head(self._groups[message.group])
        else:
            heapq.heappush(self._ready, message.number)

    def _offer_head(self, group: _Group) -> None:
        head = next(iter(group.order))
        if not group.flying and self.messages[head].standing is Standing.READY:
            heapq.heappush(self._ready, head)

    def _compact(self) -> None:
        most = 2 * len(self.messages) + _SLACK
        if len(self._later) > most:
            waiting = [each for each in self.messages.values() if each.standing is not Standing.READY]
            self._later = [(each.visible_ms, each.number) for each in waiting]
            heapq.heapify(self._later)
        if len(self._old) > most:
            self._old = [(each.sent_ms, each.number) for each in self.messages.values()]
            heapq.heapify(self._old)
        if len(self._ready) > most:
            self._ready = [number for number in set(self._ready) if self._is_takeable(number)]
            heapq.heapify(self._ready)


def _may(message: Message, max_receives: int | None) -> bool:
    """Whether it may be received once more."""
    return max_receives is None or message.received < max_receives


#: (group, or nothing when the whole queue is told apart by them; deduplication id)
DeduplicationKey = tuple[str, str]


class Original(msgspec.Struct, frozen=True):
    """The first message of a deduplication id, and when others of that id are new again."""

    key: DeduplicationKey
    message_id: str
    number: int
    until_ms: int


class Deduplication:
    """Which deduplication ids were used within the last five minutes."""

    def __init__(self) -> None:
        self._originals: dict[DeduplicationKey, Original] = {}
        self._order: deque[Original] = deque()

    def __len__(self) -> int:
        return len(self._originals)

    def find(self, key: DeduplicationKey, now_ms: int) -> Original | None:
        found = self._originals.get(key)
        return None if found is None or found.until_ms <= now_ms else found

    def add(self, original: Original) -> None:
        self._originals[original.key] = original
        self._order.append(original)

    def forget(self, original: Original) -> None:
        """It did not come to be."""
        if self._originals.get(original.key) is original:
            del self._originals[original.key]

    def over(self, now_ms: int) -> list[Original]:
        """Takes out those whose time is over."""
        gone = []
        while self._order and self._order[0].until_ms <= now_ms:
            original = self._order.popleft()
            if self._originals.get(original.key) is original:
                del self._originals[original.key]
                gone.append(original)
        return gone
