"""One timer for many times."""

from __future__ import annotations

from runtime.events.alarms import Alarms
from streamcore.clock import ManualClock


def rig() -> tuple[ManualClock, Alarms[str], list[tuple[str, int]]]:
    clock, rung = ManualClock(0), list[tuple[str, int]]()
    return clock, Alarms(clock, lambda key, at_ms: rung.append((key, at_ms))), rung


def pending(clock: ManualClock) -> int:
    return sum(timer.callback is not None for _, _, timer in clock._timers)


def test_each_rings_once_in_order() -> None:
    clock, alarms, rung = rig()
    for key, at_ms in (("c", 3000), ("a", 1000), ("b", 2000), ("now", 0)):
        alarms.set(key, at_ms)
    assert pending(clock) == 1
    clock.advance(10)
    assert rung == [("now", 0), ("a", 1000), ("b", 2000), ("c", 3000)]
    assert pending(clock) == 0


def test_what_is_set_anew_or_taken_back_does_not_ring() -> None:
    clock, alarms, rung = rig()
    alarms.set("a", 1000)
    alarms.set("a", 5000)
    alarms.set("b", 2000)
    alarms.set("b", None)
    alarms.set("none", None)
    clock.advance(4)
    assert rung == []
    clock.advance(1)
    assert rung == [("a", 5000)]


def test_many_changes_leave_no_heap() -> None:
    clock, alarms, rung = rig()
    for at_ms in range(1000, 2000):
        alarms.set("a", at_ms)
    assert len(alarms._heap) <= 66
    clock.advance(2)
    assert rung == [("a", 1999)]


def test_closed() -> None:
    clock, alarms, rung = rig()
    alarms.set("a", 1000)
    alarms.close()
    alarms.set("b", 1000)
    clock.advance(2)
    assert (rung, pending(clock)) == ([], 0)
