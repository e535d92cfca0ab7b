"""Queues on disk: their records, their messages, what was sent within five minutes. Rows for the broker's documents.

A message is one document while it is small, read whole at the start; what a larger one carries is a second document,
read when it is received. Keys grow with the numbers, so that sends append.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from runtime.model.queue import Message, Original
from runtime.model.queue_message import Content
from runtime.model.queue_settings import QueueRecord
from runtime.queues.queue import Queue
from streamcore.broker import Broker

Row = tuple[str, str, bytes | None]
#: A content of more bytes is kept beside its message, and not in memory.
INLINE_MAX_BYTES: Final = 2048
QUEUE: Final = "queue"
MESSAGE: Final = "queue-message"
CONTENT: Final = "queue-content"
ORIGINAL: Final = "queue-original"

_encode = msgspec.msgpack.Encoder().encode
_QUEUES: Final = msgspec.msgpack.Decoder(QueueRecord)
_MESSAGES: Final = msgspec.msgpack.Decoder(Message)
_CONTENTS: Final = msgspec.msgpack.Decoder(Content)


class KeptOriginal(msgspec.Struct, frozen=True):
    """An `Original`; the key is (group or nothing, deduplication id)."""

    group: str
    deduplication: str
    message_id: str
    number: int
    until_ms: int


_ORIGINALS: Final = msgspec.msgpack.Decoder(KeptOriginal)


def queue_row(record: QueueRecord, *, is_gone: bool = False) -> Row:
    return QUEUE, record.id, None if is_gone else _encode(record)


def message_rows(queue: Queue, message: Message) -> list[Row]:
    """A new message; a large content is taken out of it."""
    key, content = queue.document(message.number), message.content
    if content is None or message.size <= INLINE_MAX_BYTES:
        return [(MESSAGE, key, _encode(message))]
    message.content = None
    return [(MESSAGE, key, _encode(message)), (CONTENT, key, _encode(content))]


def standing_row(queue: Queue, message: Message) -> Row:
    """A message that was there before, as it stands now."""
    return MESSAGE, queue.document(message.number), _encode(message)


def gone_rows(queue: Queue, message: Message) -> list[Row]:
    key = queue.document(message.number)
    return [(MESSAGE, key, None)] if message.content is not None else [(MESSAGE, key, None), (CONTENT, key, None)]


def original_row(queue: Queue, original: Original, *, is_gone: bool = False) -> Row:
    group, deduplication = original.key
    name = hashlib.sha256(f"{group}\0{deduplication}".encode()).hexdigest()[:40]
    kept = KeptOriginal(group, deduplication, original.message_id, original.number, original.until_ms)
    return ORIGINAL, f"{queue.record.id}/{name}", None if is_gone else _encode(kept)


async def content_of(broker: Broker, queue: Queue, message: Message) -> Content | None:
    """None when it was deleted meanwhile."""
    if message.content is not None:
        return message.content
    found = await broker.document(CONTENT, queue.document(message.number))
    return None if found is None else _CONTENTS.decode(found)


async def read(broker: Broker, queues: dict[str, Queue], now_ms: int) -> list[Row]:
    """Fills the queues, by id, that `records` found. The rows of what belongs to none of them, or is over."""
    left_over: list[Row] = []
    for key, text in sorted((await broker.documents(MESSAGE)).items()):
        queue = queues.get(key.partition("/")[0])
        if queue is None:
            left_over += [(MESSAGE, key, None), (CONTENT, key, None)]
            continue
        message = _MESSAGES.decode(text)
        queue.seen(message.number)
        queue.state.add(message)
    for key, text in (await broker.documents(ORIGINAL)).items():
        kept, queue = _ORIGINALS.decode(text), queues.get(key.partition("/")[0])
        if queue is None or kept.until_ms <= now_ms:
            left_over.append((ORIGINAL, key, None))
        else:
            queue.seen(kept.number)
            queue.originals.add(Original((kept.group, kept.deduplication), kept.message_id, kept.number, kept.until_ms))
    return left_over


async def records(broker: Broker) -> list[QueueRecord]:
    return [_QUEUES.decode(text) for text in (await broker.documents(QUEUE)).values()]
