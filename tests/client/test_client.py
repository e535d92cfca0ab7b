"""The client library against a broker, and against a broker that fails as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest

from streamcore.api.http import Request, Response
from streamcore.api.native import NativeApi
from streamcore.api.server import HttpServer
from streamcore.broker import Broker, start_broker
from streamcore.client import SHARD_END, ApiError, Client, Consumer, Delivery, Producer, Throttled, Unreachable
from streamcore.clock import SystemClock
from streamcore.config import settings
from streamcore.model.stream import ShardInfo
from streamcore.store.memory import MemoryStore

SHARD = "shardId-000000000000"


class FlakyApi:
    """The native API with faults: before the broker sees a request, or after it has answered."""

    def __init__(self, broker: Broker) -> None:
        self.inner = NativeApi(broker)
        #: Number of a put (from 0) → what happens to it.
        self.faults: dict[int, str] = {}
        self.puts: list[dict[str, Any]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.now = self.most = 0

    async def handle(self, request: Request) -> Response:
        if not request.path.endswith("/records") or request.method != "POST":
            return await self.inner.handle(request)
        number = len(self.puts)
        self.puts.append(msgspec.msgpack.decode(request.body))
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.gate.wait()
            fault = self.faults.get(number, "")
            if fault.startswith("before"):
                return Response(int(fault[7:]), {}, b"")
            answer = await self.inner.handle(request)
            if fault.startswith("after"):
                return Response(int(fault[6:]), {}, b"")
            return Response(200, {}, b"\xc1junk") if fault == "junk" else answer
        finally:
            self.now -= 1

    def start_draining(self) -> None:
        self.inner.start_draining()


class House:
    """A broker in memory behind HTTP, that can be stopped and started on the same port."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.options: dict[str, Any] = {"limits": "off", "transition_ms": 0}
        self.port = 0
        self.broker: Broker
        self.api: FlakyApi
        self.server: HttpServer

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self, **options: Any) -> None:
        self.options |= options
        self.broker = await start_broker(settings(**self.options), data=None, clock=SystemClock(), store=self.store)
        self.api = FlakyApi(self.broker)
        self.server = HttpServer(settings(port=self.port, drain_s=1), {"/v1/": self.api}, self.api)
        self.port = int((await self.server.start()).rpartition(":")[2])

    async def stop(self) -> None:
        self.api.gate.set()
        await self.server.stop()
        await self.broker.close()
        self.store = self.store.reopened()

    async def stored(self) -> list[bytes]:
        out = []
        for shard in self.broker.describe_stream("s").shards:
            out += [record.data for record in (await self.broker.read("s", shard.shard_id, 0)).records()]
        return out


@pytest.fixture
async def house() -> AsyncIterator[House]:
    house = House()
    await house.start()
    await house.broker.create_stream("s", shards=1)
    yield house
    await house.stop()


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries come at once."""
    monkeypatch.setattr("random.uniform", lambda low, high: 0.0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  what is waited for is on the other side of a socket
            await asyncio.sleep(0.001)


# ---------------------------------------------------------------- client


async def test_errors_of_the_broker_and_of_the_way(house: House) -> None:
    async with Client(house.url) as client:
        with pytest.raises(ApiError) as caught:
            await client.describe_stream("nope/..")
        assert (caught.value.status, caught.value.error_code) == (404, "stream_not_found")
        assert str(caught.value).startswith("stream_not_found: Stream nope/.. under account")
        house.api.faults[0] = "before 502"
        with pytest.raises(ApiError) as caught:
            await client.put("s", ["k"], [b""])
        assert (caught.value.status, caught.value.error_code) == (502, "http")
    async with Client("http://127.0.0.1:9") as client:
        with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9"):
            await client.list_streams()


# ---------------------------------------------------------------- producer


async def test_records_go_in_batches(house: House) -> None:
    async with Producer(house.url, "s", linger_ms=60_000, batch_records=10) as producer:
        deliveries = [await producer.put("k", b"%d" % i) for i in range(25)]
        await until(lambda: all(delivery.is_done for delivery in deliveries[:20]))
        assert not deliveries[20].is_done
    receipts = [delivery.result() for delivery in deliveries]
    assert [len(put["keys"]) for put in house.api.puts] == [10, 10, 5]
    assert await house.stored() == [b"%d" % i for i in range(25)]
    result = await house.broker.read("s", SHARD, 0)
    assert [(r.shard_id, r.sequence_number) for r in result.records()] == receipts


async def test_a_batch_goes_at_its_bytes_and_at_its_time(house: House) -> None:
    async with Producer(house.url, "s", linger_ms=60_000, batch_bytes=1000) as producer:
        await (await producer.put("k", bytes(1000)))
    async with Producer(house.url, "s", linger_ms=1) as producer:
        receipt = await (await producer.put("k", b"alone"))
        assert receipt.shard_id == SHARD


async def test_flush_and_close_deliver_everything(house: House) -> None:
    producer = Producer(house.url, "s", linger_ms=60_000)
    first = await producer.put("k", b"1")
    await producer.flush()
    assert first.is_done
    second = await producer.put("k", b"2")
    await producer.close()
    assert second.result()
    with pytest.raises(RuntimeError, match="closed"):
        await producer.put("k", b"3")
    await producer.close()
    assert await house.stored() == [b"1", b"2"]


@pytest.mark.parametrize("max_in_flight", [1, 3])
async def test_no_more_requests_at_once_than_allowed(house: House, max_in_flight: int) -> None:
    async with Producer(house.url, "s", batch_records=1, max_in_flight=max_in_flight) as producer:
        for i in range(60):
            await producer.put("k", b"%02d" % i)
    assert house.api.most <= max_in_flight
    stored = await house.stored()
    assert sorted(stored) == [b"%02d" % i for i in range(60)]
    if max_in_flight == 1:
        assert stored == sorted(stored)


async def test_a_batch_finished_as_its_sender_ends_is_sent(house: House) -> None:
    # The sender saw an empty queue and has not been taken off the list yet.
    producer = Producer(house.url, "s", batch_records=1, max_in_flight=1, linger_ms=60_000)
    deliver, deliveries = producer._deliver, []

    async def deliver_then_more(batch: Any) -> None:
        await deliver(batch)
        if len(deliveries) < 20:
            asyncio.get_running_loop().call_soon(put_more)

    def put_more() -> None:
        batch = producer._start_batch()
        batch.keys, batch.data = ["k"], [b"more"]
        deliveries.append(Delivery(batch, 0))
        producer._finish_batch()

    producer._deliver = deliver_then_more  # type: ignore[method-assign]
    await producer.put("k", b"first")
    await until(lambda: len(deliveries) == 20 and deliveries[-1].is_done)
    await producer.close()
    assert await house.stored() == [b"first"] + [b"more"] * 20


async def test_memory_is_bounded(house: House) -> None:
    house.api.gate.clear()
    producer = Producer(house.url, "s", buffer_bytes=10_000, batch_bytes=1000)
    done = 0

    async def put_many() -> None:
        nonlocal done
        for _ in range(50):
            await producer.put("k", bytes(999))
            done += 1

    putting = asyncio.create_task(put_many())
    await until(lambda: house.api.now == 4)
    await until(lambda: done == 10)
    assert producer._buffered == 10_000
    house.api.gate.set()
    await putting
    await producer.close()
    assert (done, len(await house.stored()), producer._buffered) == (50, 50, 0)


async def test_close_refuses_who_waits_for_room(house: House) -> None:
    house.api.gate.clear()
    producer = Producer(house.url, "s", buffer_bytes=10, linger_ms=0)
    await producer.put("k", bytes(20))
    waiting = asyncio.create_task(producer.put("k", bytes(20)))
    await until(lambda: house.api.now == 1)
    closing = asyncio.create_task(producer.close())
    with pytest.raises(RuntimeError, match="closed"):
        await waiting
    house.api.gate.set()
    await closing


@pytest.mark.parametrize("fault", ["before 503", "after 503", "before 500", "after 500", "before 429", "after 507"])
async def test_a_batch_that_failed_is_tried_again_and_counts_once(house: House, fault: str) -> None:
    house.api.faults = dict.fromkeys(range(0, 9, 2), fault)
    async with Producer(house.url, "s", batch_records=2, max_in_flight=1) as producer:
        deliveries = [await producer.put("k", b"%d" % i) for i in range(8)]
    assert [delivery.result().shard_id for delivery in deliveries] == [SHARD] * 8
    assert await house.stored() == [b"%d" % i for i in range(8)]
    assert len(house.api.puts) == 8
    assert len({put["batch"] for put in house.api.puts}) == 4
    assert len({put["producer"] for put in house.api.puts}) == 1


async def test_a_batch_that_fails_for_good_tells_its_records(house: House) -> None:
    house.api.faults = dict.fromkeys(range(100), "before 503")
    async with Producer(house.url, "s", attempts=3, batch_records=2) as producer:
        deliveries = [await producer.put("k", b"x") for _ in range(2)]
    for delivery in deliveries:
        with pytest.raises(ApiError, match="http"):
            await delivery
    assert len(house.api.puts) == 3


@pytest.mark.parametrize(("key", "code"), [("", "invalid_argument"), ("k" * 300, "invalid_argument")])
async def test_what_the_broker_will_never_take_is_not_tried_again(house: House, key: str, code: str) -> None:
    async with Producer(house.url, "s") as producer:
        delivery = await producer.put(key, b"x")
    with pytest.raises(ApiError) as caught:
        delivery.result()
    assert (caught.value.error_code, len(house.api.puts)) == (code, 1)


async def test_an_answer_that_is_not_understood(house: House) -> None:
    house.api.faults[0] = "junk"
    async with Producer(house.url, "s", linger_ms=0) as producer:
        delivery = await producer.put("k", b"x")
        with pytest.raises(Unreachable, match="not understood"):
            await delivery
        assert (await (await producer.put("k", b"y"))).shard_id == SHARD  # the producer lives on


async def test_a_broker_that_is_away_for_a_while(house: House) -> None:
    async with Producer(house.url, "s", linger_ms=0, attempts=10_000) as producer:
        await (await producer.put("k", b"before"))
        await house.stop()
        delivery = await producer.put("k", b"meanwhile")
        await asyncio.sleep(0)
        assert not delivery.is_done
        await house.start()
        await delivery
    assert await house.stored() == [b"before", b"meanwhile"]


async def test_what_the_limits_refuse_is_tried_again_alone(house: House) -> None:
    await house.stop()
    await house.start(limits="enforce")
    async with Producer(house.url, "s", batch_records=1500, linger_ms=60_000, attempts=100_000) as producer:
        deliveries = [await producer.put("k", b"%d" % i) for i in range(1500)]
        await until(lambda: len(house.api.puts) >= 2)
        assert len(house.api.puts[1]["keys"]) == 500
        assert house.api.puts[1]["batch"] > house.api.puts[0]["batch"]
        house.broker.catalog.find("s", house.broker.settings.scope).shard(SHARD).write_budget.records.tokens = 1000
        receipts = await asyncio.gather(*deliveries)
    assert len({receipt.sequence_number for receipt in receipts}) == 1500
    result = await house.broker.read("s", SHARD, 0)
    stored = {record.sequence_number: record.data for record in result.records()}
    assert [stored[receipt.sequence_number] for receipt in receipts] == [b"%d" % i for i in range(1500)]


async def test_what_the_limits_refuse_too_often(house: House) -> None:
    await house.stop()
    await house.start(limits="enforce")
    house.broker.catalog.find("s", house.broker.settings.scope).shard(SHARD).write_budget.records.rate = 10**9
    shard = house.broker.catalog.find("s", house.broker.settings.scope).shard(SHARD)
    shard.write_budget.bytes.rate, shard.write_budget.bytes.tokens = 1, 1
    async with Producer(house.url, "s", batch_records=3, attempts=2) as producer:
        deliveries = [await producer.put("k", bytes(100_000)) for _ in range(3)]
    assert deliveries[0].result().shard_id == SHARD
    for delivery in deliveries[1:]:
        with pytest.raises(Throttled, match="refused the record 2 times"):
            delivery.result()


async def test_others_do_not_outrun_one_that_is_retried(house: House) -> None:
    # The broker keeps the answers of 64 batches: beyond that, the retried one could not be told from a new one.
    house.api.faults = {0: "before 503"}
    producer = Producer(house.url, "s", batch_records=1, max_in_flight=4)
    held = asyncio.Event()
    put, first_tries = producer._put, 0

    async def hold_the_retry(batch: Any, left: list[int], number: int) -> Any:
        nonlocal first_tries
        if number == 0:
            first_tries += 1
            if first_tries == 2:
                await held.wait()
        return await put(batch, left, number)

    producer._put = hold_the_retry  # type: ignore[method-assign]
    deliveries = [await producer.put("k", b"%d" % i) for i in range(200)]
    await until(lambda: sum(delivery.is_done for delivery in deliveries) == 63)
    assert max(put["batch"] for put in house.api.puts) == 63
    held.set()
    await producer.close()
    assert [delivery.result().shard_id for delivery in deliveries] == [SHARD] * 200
    assert len(await house.stored()) == 200


# ---------------------------------------------------------------- consumer


async def take(consumer: Consumer, count: int, *, commit: bool = False) -> list[bytes]:
    """The data of so many records."""
    datas: list[bytes] = []
    async with asyncio.timeout(20):
        async for batch in consumer:
            datas += [record.data for record in batch.records]
            if commit:
                await batch.commit()
            if len(datas) >= count:
                return datas
    raise AssertionError("the consumer ended")


async def test_all_shards_are_read_each_in_order(house: House) -> None:
    await house.broker.create_stream("t", shards=4)
    keys = [f"k{i % 20}" for i in range(400)]
    await house.broker.put_records("t", keys, [b"%03d" % i for i in range(400)])
    by_shard: dict[str, list[bytes]] = {}
    async with Consumer(house.url, "t", "c", max_records=7) as consumer:
        async for batch in consumer:
            assert len(batch.records) <= 7
            by_shard.setdefault(batch.shard_id, []).extend(record.data for record in batch.records)
            if sum(map(len, by_shard.values())) == 400:
                break
    assert len(by_shard) == 4
    assert all(datas == sorted(datas) for datas in by_shard.values())
    assert sorted(data for datas in by_shard.values() for data in datas) == [b"%03d" % i for i in range(400)]


async def test_it_goes_on_where_it_committed(house: House) -> None:
    for i in range(10):
        await house.broker.put_record("s", "k", b"%d" % i)
    async with Consumer(house.url, "s", "c", max_records=1) as consumer:
        assert await take(consumer, 4, commit=True) == [b"0", b"1", b"2", b"3"]
        assert await take(consumer, 2) == [b"4", b"5"]  # read, and not committed
    await house.stop()
    await house.start()
    async with Consumer(house.url, "s", "c") as consumer:
        assert await take(consumer, 6) == [b"%d" % i for i in range(4, 10)]
    async with Consumer(house.url, "s", "another") as consumer:
        assert await take(consumer, 10) == [b"%d" % i for i in range(10)]


async def test_a_commit_wakes_it(house: House) -> None:
    async with Consumer(house.url, "s", "c") as consumer:
        taking = asyncio.create_task(take(consumer, 1))
        shard = house.broker.catalog.find("s", house.broker.settings.scope).shard(SHARD)
        await until(lambda: bool(shard._waiters))
        await house.broker.put_record("s", "k", b"news")
        assert await taking == [b"news"]


async def test_latest_is_what_comes_after_it_was_opened(house: House) -> None:
    await house.broker.put_record("s", "k", b"old")
    async with Consumer(house.url, "s", "c", start="latest") as consumer:
        await house.broker.put_record("s", "k", b"new")  # before its first read has arrived
        await house.stop()
        await house.start()
        await house.broker.put_record("s", "k", b"newer")
        assert await take(consumer, 2) == [b"new", b"newer"]


async def test_it_survives_a_restart_of_the_broker(house: House) -> None:
    async with Consumer(house.url, "s", "c") as consumer:
        for i in range(3):
            taking = asyncio.create_task(take(consumer, 1))
            await house.stop()
            await house.start()
            await house.broker.put_record("s", "k", b"%d" % i)
            assert await taking == [b"%d" % i]


async def test_a_stream_that_goes_away_ends_it(house: House) -> None:
    async with Consumer(house.url, "s", "c") as consumer:
        taking = asyncio.create_task(take(consumer, 1))
        await asyncio.sleep(0)
        await house.broker.delete_stream("s")
        with pytest.raises(ApiError, match="stream_not_found"):
            await taking


async def test_a_stream_that_is_not_there(house: House) -> None:
    with pytest.raises(ApiError, match="stream_not_found"):
        async with Consumer(house.url, "nope", "c"):
            pass
    with pytest.raises(ValueError, match="trim_horizon or latest"):
        Consumer(house.url, "s", "c", start="middle")


async def test_parents_before_children(house: House) -> None:
    await house.broker.put_record("s", "k", b"parent")
    await reshard(house)
    await house.broker.put_records("s", ["a", "b", "c", "d"], [b"child"] * 4)
    async with Consumer(house.url, "s", "c") as consumer:
        assert await take(consumer, 5, commit=True) == [b"parent"] + [b"child"] * 4
    positions = await house.broker.checkpoints("s", "c")
    assert positions.pop(SHARD) == SHARD_END
    async with Consumer(house.url, "s", "c") as consumer:  # the parent is not read again
        await house.broker.put_record("s", "a", b"more")
        assert await take(consumer, 1) == [b"more"]


async def reshard(house: House) -> None:
    """Splits the only shard, as the catalogue will show it."""
    stream = house.broker.catalog.find("s", house.broker.settings.scope)
    (parent,) = stream.info.shards
    now_ms, middle = house.broker.clock.now_ms(), 2**127
    first, last = parent.first_hash_key, parent.last_hash_key
    shards = (
        msgspec.structs.replace(parent, closed_ms=now_ms),
        ShardInfo(1, now_ms // 1000 + 1, first, str(middle - 1), parent=0),
        ShardInfo(2, now_ms // 1000 + 1, str(middle), last, parent=0),
    )
    await house.broker.catalog.change(stream, msgspec.structs.replace(stream.info, shards=shards))
