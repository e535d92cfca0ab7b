"""The rules of a subscription, one step after the other; no loop, no clock."""

from __future__ import annotations

import pytest

from streamcore.errors import ResourceInUse
from streamcore.model.limits import MIB
from streamcore.model.record import Chunk
from streamcore.model.sequence import parse_sequence
from streamcore.model.stream import uniform_shards
from streamcore.model.subscription import Act, Pace, Step, check_takeover, continuation

SHARD = uniform_shards(1, 1_700_000_000)[0]


def idle(pace: Pace, now: float) -> Step:
    return pace.step(now, has_more=False, is_limited=True)


def busy(pace: Pace, now: float, *, is_limited: bool = True) -> Step:
    return pace.step(now, has_more=True, is_limited=is_limited)


def test_an_idle_one_tells_every_five_seconds_and_ends_after_five_minutes() -> None:
    pace, now, told = Pace(100.0), 100.0, []
    while (step := idle(pace, now)).act is not Act.END:
        if step.act is Act.WAIT:
            assert now < step.until
            now = step.until
        else:
            assert step.act is Act.TELL
            told.append(now - 100.0)
            pace.sent(now, 0)
    assert told == [5.0 * number for number in range(60)]
    assert now == 400.0


def test_records_come_at_once_and_put_the_next_idle_event_off() -> None:
    pace = Pace(0.0)
    pace.sent(0.0, 0)
    assert busy(pace, 3.0) == (Act.READ, 0.0)
    pace.sent(3.0, 1000)
    assert idle(pace, 3.0) == (Act.WAIT, 8.0)
    assert busy(pace, 299.999).act is Act.READ
    assert busy(pace, 300.0).act is Act.END


def test_two_mib_in_each_second() -> None:
    pace, now, sent = Pace(0.0), 0.0, 0
    by_second = [0] * 10
    while now < 10.0:
        step = busy(pace, now)
        if step.act is Act.WAIT:
            now = step.until
            continue
        assert step.act is Act.READ
        by_second[int(now)] += MIB
        sent += MIB
        pace.sent(now, MIB)
    assert by_second == [2 * MIB] * 10


def test_a_large_record_is_paid_for_later_and_idle_events_come_meanwhile() -> None:
    pace = Pace(0.0)
    assert busy(pace, 0.0).act is Act.READ
    pace.sent(0.0, 13 * MIB)
    assert busy(pace, 0.0) == (Act.WAIT, 5.0)
    assert busy(pace, 5.0).act is Act.TELL
    pace.sent(5.0, 0)
    assert busy(pace, 5.0) == (Act.WAIT, 6.0)
    assert busy(pace, 6.0).act is Act.READ


def test_without_limits_nothing_is_held_back() -> None:
    pace = Pace(0.0)
    pace.sent(0.0, 100 * MIB)
    assert busy(pace, 0.0, is_limited=False).act is Act.READ


@pytest.mark.parametrize(("age_s", "refused"), [(0.0, True), (4.999, True), (5.0, False), (300.0, False)])
def test_takeover(age_s: float, refused: bool) -> None:
    who = "123456789012:orders:shardId-000000000000:app"
    if not refused:
        check_takeover(50.0, 50.0 + age_s, who)
        return
    with pytest.raises(ResourceInUse, match=f"Another active subscription exists for this consumer: {who}"):
        check_takeover(50.0, 50.0 + age_s, who)


def test_continuation_grows_while_nothing_comes_and_with_records() -> None:
    now_ms = 1_700_000_100_000
    chunk = Chunk(1, now_ms + 5000, [b"k", b"k"], [b"a", b"b"])
    numbers = [
        continuation(SHARD, [], 1, now_ms),
        continuation(SHARD, [], 1, now_ms + 5000),
        continuation(SHARD, [chunk], 3, now_ms + 5000),
        continuation(SHARD, [], 3, now_ms + 10_000),
        continuation(SHARD, [], 3, now_ms + 15_000),
    ]
    assert sorted(numbers, key=int) == numbers
    assert len(set(numbers)) == 5
    assert [parse_sequence(number).running_index for number in numbers] == [0, 0, 2, 2, 2]
    assert numbers[2] == chunk.sequences(SHARD)[-1]


def test_repr() -> None:
    assert repr(Pace(1.5)) == "<Pace since 1.500, <Bucket 2097152/2097152>>"
