"""A mapping from a queue, in scenarios: what the function gets, what is deleted, what comes again and when."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest
from queue_world import World

from runtime.errors import PoolClosedError, ThrottledError
from runtime.model.event_source_mapping import CALL_FAILED, OK
from runtime.model.mapping import MappingConfig, StartingPosition
from runtime.model.queue_message import Attribute
from runtime.queues.queue import Queue
from runtime.queues.service import Received
from streamcore.errors import StorageFull

NOTHING = (0, 0, 0)


def throttled(times: int) -> list[Exception]:
    return [ThrottledError("ReservedFunctionConcurrentInvocationLimitExceeded") for _ in range(times)]


# ---------------------------------------------------------------- batches


async def test_a_send_is_handled_at_once_and_deleted(world: World) -> None:
    await world.queue()
    mapping = await world.map()
    await world.send("a")
    await world.settle()
    assert (world.function.batches, world.counts()) == ([["a"]], NOTHING)
    assert (mapping.last_processing_result, mapping.stats[""].records, mapping.stats[""].batches) == (OK, 1, 1)


#: (options, how many messages wait, sizes of the batches, when the last one is out in seconds)
BATCHES = {
    "one receive": ({}, 25, [10, 10, 5], 0),
    "a smaller batch": ({"batch_size": 3}, 7, [3, 3, 1], 0),
    "window, full": ({"batch_size": 25, "maximum_batching_window_ms": 5000}, 25, [25], 0),
    "window, over": ({"batch_size": 100, "maximum_batching_window_ms": 5000}, 25, [25], 5),
    "window and a small batch": ({"batch_size": 10, "maximum_batching_window_ms": 5000}, 15, [10, 5], 5),
}


@pytest.mark.parametrize("case", BATCHES)
async def test_batches(world: World, case: str) -> None:
    options, count, sizes, seconds = BATCHES[case]
    await world.queue()
    for start in range(0, count, 5):
        await world.send(*(str(i) for i in range(start, start + 5) if i < count))
    await world.map(**options)
    if seconds:
        await world.advance(seconds - 0.001)
        assert sum(map(len, world.function.batches)) < count
        await world.advance(0.001)
    assert [len(batch) for batch in world.function.batches] == sizes
    assert world.function.handled == [str(i) for i in range(count)]
    assert world.counts() == NOTHING


async def test_a_window_waits_for_what_comes_later(world: World) -> None:
    await world.queue(VisibilityTimeout=60)
    await world.map(batch_size=100, maximum_batching_window_ms=10_000)
    await world.send("a")
    await world.advance(6)
    await world.send("b")
    await world.advance(3.9)
    assert world.function.batches == []
    await world.advance(0.1)
    assert world.function.batches == [["a", "b"]]


async def test_an_event_has_at_most_six_megabytes(world: World) -> None:
    await world.queue()
    for i in range(9):
        await world.send(f"{i}" + "x" * 1_000_000)
    await world.map(batch_size=100, maximum_batching_window_ms=1000)
    await world.advance(1)
    assert [len(batch) for batch in world.function.batches] == [6, 3]
    assert world.counts() == NOTHING


# ---------------------------------------------------------------- failures


async def test_a_failed_batch_comes_again_when_its_visibility_is_over(world: World) -> None:
    await world.queue(VisibilityTimeout=30)
    world.function.answer = lambda bodies: ValueError() if len(world.function.events) == 1 else None
    mapping = await world.map()
    await world.send("a", "b")
    await world.advance(29.999)
    assert (world.function.batches, world.counts()) == ([["a", "b"]], (0, 2, 0))
    assert (mapping.last_processing_result, mapping.stats[""].errors) == (CALL_FAILED, 1)
    await world.advance(0.001)
    assert (world.function.batches, world.counts()) == ([["a", "b"]] * 2, NOTHING)
    counts = [record["attributes"]["ApproximateReceiveCount"] for record in world.function.events[1]["Records"]]
    assert counts == ["2", "2"]


async def test_what_fails_too_often_is_a_dead_letter(world: World) -> None:
    dead = await world.queue("dead")
    await world.queue(
        VisibilityTimeout=10, RedrivePolicy=json.dumps({"deadLetterTargetArn": dead.record.arn, "maxReceiveCount": 2})
    )
    world.function.answer = lambda bodies: ValueError()
    await world.map()
    await world.send("a")
    for _ in range(4):
        await world.advance(10)
    assert world.function.batches == [["a"], ["a"]]
    assert (world.counts(), world.counts("dead")) == (NOTHING, (1, 0, 0))


async def test_a_visibility_that_is_changed_counts_at_once(world: World) -> None:
    """Also for a receive that waits already."""
    queue = await world.queue(VisibilityTimeout=30)
    world.function.answer = lambda bodies: ValueError() if len(world.function.events) == 1 else None
    await world.map()
    await world.queues.change(queue, msgspec.structs.replace(queue.record, attributes={"VisibilityTimeout": "5"}))
    await world.send("a")
    await world.advance(5)
    assert world.function.batches == [["a"], ["a"]]


ALL, NONE = {"a", "b", "c"}, set[str]()
#: What the function answers with ReportBatchItemFailures → which messages come again.
RESPONSES: dict[str, tuple[bytes, set[str]]] = {
    "null": (b"null", NONE),
    "nothing": (b"", NONE),
    "empty object": (b"{}", NONE),
    "empty text": (b'""', NONE),
    "empty list": (b'{"batchItemFailures":[]}', NONE),
    "null list": (b'{"batchItemFailures":null}', NONE),
    "another key": (b'{"failures":[1]}', NONE),
    "one": (b'{"batchItemFailures":[{"itemIdentifier":"ID-b"}]}', {"b"}),
    "two, one of them twice": (
        b'{"batchItemFailures":[{"itemIdentifier":"ID-c"},{"itemIdentifier":"ID-a"},{"itemIdentifier":"ID-a"}]}',
        {"a", "c"},
    ),
    "unknown id": (b'{"batchItemFailures":[{"itemIdentifier":"ID-a"},{"itemIdentifier":"else"}]}', ALL),
    "empty id": (b'{"batchItemFailures":[{"itemIdentifier":""}]}', ALL),
    "null id": (b'{"batchItemFailures":[{"itemIdentifier":null}]}', ALL),
    "a number": (b'{"batchItemFailures":[{"itemIdentifier":1}]}', ALL),
    "wrong key": (b'{"batchItemFailures":[{"id":"ID-a"}]}', ALL),
    "no objects": (b'{"batchItemFailures":["ID-a"]}', ALL),
    "no list": (b'{"batchItemFailures":"ID-a"}', ALL),
    "no object": (b"[1]", ALL),
    "text": (b'"done"', ALL),
    "no JSON": (b"\xff{", ALL),
}


@pytest.mark.parametrize("case", RESPONSES)
async def test_partial_responses(world: World, case: str) -> None:
    answer, again = RESPONSES[case]
    await world.queue(VisibilityTimeout=10)

    def answered(bodies: list[str]) -> bytes | None:
        if len(world.function.events) > 1:
            return None
        text = answer
        for record in world.function.events[0]["Records"]:
            text = text.replace(f"ID-{record['body']}".encode(), record["messageId"].encode())
        return text

    world.function.answer = answered
    await world.send("a", "b", "c")
    await world.map(report_batch_item_failures=True)
    assert world.counts() == (0, len(again), 0)
    await world.advance(10)
    assert {body for batch in world.function.batches[1:] for body in batch} == again
    assert world.counts() == NOTHING


async def test_without_the_option_the_answer_says_nothing(world: World) -> None:
    await world.queue()
    world.function.answer = lambda bodies: b'{"batchItemFailures":[{"itemIdentifier":"x"}]}'
    await world.send("a")
    await world.map()
    assert world.counts() == NOTHING


async def test_a_deletion_that_fails_has_the_message_handled_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.queue(VisibilityTimeout=10)
    await world.send("a")
    save, failed = world.broker.save_documents, list[int]()

    async def once(rows: Any) -> None:
        if not failed:
            failed.append(1)
            raise StorageFull
        await save(rows)

    monkeypatch.setattr(world.broker, "save_documents", once)
    await world.map()
    assert world.counts() == (0, 1, 0)
    await world.advance(10)
    assert (world.function.batches, world.counts()) == ([["a"], ["a"]], NOTHING)


# ---------------------------------------------------------------- concurrency


#: (workers, MaximumConcurrency, batches at a time)
CONCURRENCY = {
    "workers": (3, 0, 3),
    "the mapping's bound": (8, 2, 2),
    "never more than workers": (2, 1000, 2),
}


@pytest.mark.parametrize("case", CONCURRENCY)
async def test_batches_at_a_time(world: World, case: str) -> None:
    workers, bound, most = CONCURRENCY[case]
    await world.queue()
    await world.send(*"abcdefghij")
    world.function.gate = asyncio.Event()
    await world.map(workers=workers, batch_size=1, maximum_concurrency=bound)
    assert world.function.running == most
    # What has no place is not in flight: it is there for others.
    assert world.counts() == (10 - most, most, 0)
    world.function.gate.set()
    await world.settle()
    assert (sorted(world.function.handled), world.function.most) == (list("abcdefghij"), most)


async def test_a_throttled_batch_is_tried_again_and_counts_one_receive(world: World) -> None:
    await world.queue(VisibilityTimeout=30)
    world.function.raises = throttled(3)
    await world.send("a", "b")
    await world.map(workers=2, batch_size=1)
    assert world.counts()[1] >= 1
    for _ in range(8):
        await world.advance(0.5)
    assert (sorted(world.function.handled), world.counts()) == (["a", "b"], NOTHING)
    assert {r["attributes"]["ApproximateReceiveCount"] for e in world.function.events for r in e["Records"]} == {"1"}


async def test_while_it_is_throttled_fewer_are_received(world: World) -> None:
    await world.queue(VisibilityTimeout=30)
    world.function.raises = throttled(1000)
    await world.send(*"abcdef")
    await world.map(workers=4, batch_size=1)
    await world.advance(5)
    assert world.counts() == (2, 4, 0)
    for _ in range(4):
        await world.advance(8)
    assert world.counts() == (5, 1, 0)


async def test_a_place_that_is_free_again_is_used_at_once(world: World) -> None:
    """A reservation of one: what is throttled does not wait for its pause when the batch before is over."""
    await world.queue(VisibilityTimeout=30)
    function, call = world.function, world.function.__call__
    await world.send(*(str(i) for i in range(20)))

    async def reserved(event: bytes) -> Any:
        if function.running:
            raise throttled(1)[0]
        await asyncio.sleep(0)
        return await call(event)

    world.function = reserved  # type: ignore[assignment]  an `Invoke`
    await world.map(workers=4, batch_size=1)
    for _ in range(10):
        await world.settle()
    assert (sorted(map(int, function.handled)), function.most) == (list(range(20)), 1)


async def test_a_batch_that_is_throttled_for_too_long_comes_again(world: World) -> None:
    await world.queue(VisibilityTimeout=2)
    world.function.raises = throttled(1000)
    await world.send("a")
    await world.map()
    for _ in range(20):
        await world.advance(0.2)
    world.function.raises = []
    await world.advance(2)
    assert world.function.batches == [["a"]]
    assert int(world.function.events[0]["Records"][0]["attributes"]["ApproximateReceiveCount"]) > 1


# ---------------------------------------------------------------- FIFO


async def test_a_group_is_handled_in_order_one_batch_at_a_time(world: World) -> None:
    await world.queue("q.fifo")
    world.function.gate = asyncio.Event()
    for group in "ab":
        await world.send(*(f"{group}{i}" for i in range(4)), to="q.fifo", group=group)
    await world.map("q.fifo", workers=8, batch_size=2)
    assert world.function.batches == [["a0", "a1"], ["b0", "b1"]]
    world.function.gate.set()
    await world.settle()
    for group in "ab":
        assert [body for body in world.function.handled if body[0] == group] == [f"{group}{i}" for i in range(4)]
    assert world.counts("q.fifo") == NOTHING


async def test_a_failed_group_holds_up_itself_and_no_other(world: World) -> None:
    await world.queue("q.fifo", VisibilityTimeout=30)
    world.function.answer = lambda bodies: ValueError() if bodies == ["a0"] and len(world.function.events) < 5 else None
    for group in "ab":
        await world.send(*(f"{group}{i}" for i in range(3)), to="q.fifo", group=group)
    await world.map("q.fifo", workers=4, batch_size=1)
    assert world.function.handled == ["a0", "b0", "b1", "b2"]
    await world.advance(30)
    assert world.function.handled == ["a0", "b0", "b1", "b2", "a0", "a1", "a2"]


async def test_what_is_deleted_late_is_not_deleted_from_under_another(world: World) -> None:
    """A function that takes longer than the visibility: in a FIFO queue its deletion is of no use any more."""
    queue = await world.queue("q.fifo", VisibilityTimeout=5)
    world.function.gate = asyncio.Event()
    await world.send("a", to="q.fifo", group="g")
    await world.map("q.fifo", workers=1)
    await world.advance(5)
    [(message, _)] = await world.queues.receive(queue, 1)
    world.function.gate.set()
    await world.settle()
    assert world.counts("q.fifo") == (0, 1, 0)
    await world.queues.delete_messages(queue, [message.number])


# ---------------------------------------------------------------- filters


#: pattern → bodies that it takes, of those below. AWS: JSON and text do not match each other.
BODIES = ('{"kind":"new","n":5}', '{"kind":"old"}', "new", "[1]", "5", '"new"')
FILTERS = {
    '{"body":{"kind":["new"]}}': {0},
    '{"body":{"n":[{"numeric":[">",3]}]}}': {0},
    '{"body":{"kind":[{"exists":false}]}}': set[int](),
    '{"body":["new"]}': {2, 5},
    '{"body":[{"prefix":"ne"}]}': {2, 5},
    '{"attributes":{"SenderId":["123456789012"]}}': {0, 1, 2, 3, 4, 5},
    '{"attributes":{"SenderId":["1"]}}': set[int](),
    '{"messageAttributes":{"colour":{"stringValue":["red"]}}}': {0, 1, 2, 3, 4, 5},
    '{"eventSource":["aws:sqs"],"body":{"kind":[{"anything-but":"new"}]}}': {1},
}


@pytest.mark.parametrize("pattern", FILTERS)
async def test_filters_delete_what_they_do_not_take(world: World, pattern: str) -> None:
    await world.queue()
    await world.send(*BODIES, attributes={"colour": Attribute("String", text="red")})
    await world.map(filters=(pattern,))
    assert world.function.handled == [body for i, body in enumerate(BODIES) if i in FILTERS[pattern]]
    assert world.counts() == NOTHING


async def test_one_of_several_filters_is_enough(world: World) -> None:
    await world.queue()
    await world.send(*BODIES)
    await world.map(filters=('{"body":{"kind":["new"]}}', '{"body":{"kind":["old"]}}'))
    assert world.function.handled == list(BODIES[:2])


# ---------------------------------------------------------------- the end


async def test_what_is_gathered_is_put_back_when_it_stops(world: World) -> None:
    await world.queue()
    await world.send("a", "b")
    await world.map(batch_size=100, maximum_batching_window_ms=60_000)
    await world.settle()
    assert world.counts() == (0, 2, 0)
    await world.stop()
    assert world.counts() == (2, 0, 0)
    received = await world.queues.receive(world.found(), 10)
    assert [message.received for message, _ in received] == [1, 1]


async def test_what_is_throttled_is_put_back_when_it_stops(world: World) -> None:
    await world.queue()
    world.function.raises = throttled(100)
    await world.send("a")
    await world.map()
    assert world.counts() == (0, 1, 0)
    await world.stop()
    assert (world.counts(), world.function.batches) == ((1, 0, 0), [])


async def test_what_is_throttled_while_it_stops_is_put_back(world: World) -> None:
    await world.queue()
    refuse = asyncio.Event()

    async def late(event: bytes) -> Any:
        await refuse.wait()
        raise throttled(1)[0]

    world.function = late  # type: ignore[assignment]  an `Invoke`
    await world.send("a")
    mapping = await world.map()
    stopping = asyncio.create_task(mapping.stop())
    await world.settle()
    refuse.set()
    await asyncio.wait_for(stopping, 2)
    assert world.counts() == (1, 0, 0)


async def test_a_batch_with_the_function_ends_before_it_stops(world: World) -> None:
    await world.queue()
    world.function.gate = asyncio.Event()
    await world.send("a")
    mapping = await world.map()
    stopping = asyncio.create_task(mapping.stop())
    await world.settle()
    assert not stopping.done()
    world.function.gate.set()
    await stopping
    assert world.counts() == NOTHING


@pytest.mark.parametrize("in_order", [True, False])
async def test_a_restart_loses_nothing(world: World, in_order: bool) -> None:
    await world.queue()
    await world.send("a", "b", "c")
    world.function.answer = lambda bodies: ValueError() if len(world.function.events) == 1 else None
    await world.map(batch_size=1, workers=1)
    await world.settle()
    assert set(world.function.handled) == {"a", "b", "c"}
    await world.restart(in_order=in_order)
    await world.map()
    await world.advance(30)
    assert (world.function.handled.count("a"), world.counts()) == (2, NOTHING)


async def test_a_closed_pool_ends_it(world: World) -> None:
    await world.queue()
    world.function.raises = [PoolClosedError() for _ in range(100)]
    await world.send("a")
    await world.map()
    assert (len(world.function.raises), world.counts()) == (99, (1, 0, 0))


async def test_a_deleted_queue_ends_it(world: World) -> None:
    queue = await world.queue()
    mapping = await world.map()
    await world.queues.delete(queue)
    await world.settle()
    assert mapping._gatherer is not None
    assert mapping._gatherer.done()
    assert not mapping.is_current


async def test_draining_queues_end_it(world: World) -> None:
    await world.queue()
    mapping = await world.map()
    world.queues.drain()
    await world.settle()
    assert mapping._gatherer is not None
    assert mapping._gatherer.done()


async def test_a_mapping_that_waits_does_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    receives, receive = list[int](), world.queues.receive

    async def counted(queue: Queue, count: int, **about: Any) -> list[Received]:
        receives.append(count)
        return await receive(queue, count, **about)

    monkeypatch.setattr(world.queues, "receive", counted)
    await world.queue()
    await world.map()
    for _ in range(24):
        await world.advance(3600)
    assert receives == [10]
    await world.send("a")
    await world.settle()
    assert (world.function.batches, receives) == ([["a"]], [10, 10])


# ---------------------------------------------------------------- settings

REFUSED = {
    "fifo-window": ("q.fifo", {"maximum_batching_window_ms": 1000}, "Batching window is not supported for FIFO queues"),
    "fifo-batch": ("q.fifo", {"batch_size": 11}, "Batch size must not exceed 10 for FIFO queues"),
    "no-window": (
        "q",
        {"batch_size": 11},
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    ),
    "one-at-a-time": ("q", {"maximum_concurrency": 1}, "maximum_concurrency must be from 2 to 1000; got 1"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_settings_that_cannot_be(case: str) -> None:
    name, options, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        MappingConfig(
            uuid="m", stream=f"arn:aws:sqs:eu-west-1:123456789012:{name}", function_name="f",
            starting_position=StartingPosition.TRIM_HORIZON, **({"batch_size": 10} | options),
        )  # fmt: skip
