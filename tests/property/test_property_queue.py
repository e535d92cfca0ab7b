"""The rules of queues against a plain model of them: a list that is searched from its beginning."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from runtime.model.queue import Message, QueueState, Standing

GROUPS = st.sampled_from(["a", "b", "c"])
TIMES = st.integers(0, 5)


def message(number: int, now_ms: int, delay_ms: int, group: str) -> Message:
    return Message(
        number=number, id=str(number), size=1, md5="", sender="", sent_ms=now_ms, visible_ms=now_ms + delay_ms,
        group=group, standing=Standing.DELAYED if delay_ms else Standing.READY,
    )  # fmt: skip


class Plain:
    """One message of the model: free from `free_ms` on; `is_out` while somebody has it."""

    def __init__(self, number: int, group: str, sent_ms: int, free_ms: int) -> None:
        self.number, self.group, self.sent_ms, self.free_ms = number, group, sent_ms, free_ms
        self.is_out, self.received = False, 0


class Machine(RuleBasedStateMachine):
    @initialize(is_fifo=st.booleans(), most=st.sampled_from([None, 1, 2]))
    def begin(self, is_fifo: bool, most: int | None) -> None:
        self.is_fifo, self.most = is_fifo, most
        self.state = QueueState(is_fifo=is_fifo)
        self.plain: list[Plain] = []
        self.now_ms = self.count = 0

    @rule(delay_ms=TIMES, group=GROUPS)
    def send(self, delay_ms: int, group: str) -> None:
        self.count += 1
        delay_ms = 0 if self.is_fifo else delay_ms
        self.state.add(message(self.count, self.now_ms, delay_ms, group))
        self.plain.append(Plain(self.count, group, self.now_ms, self.now_ms + delay_ms))

    @rule(count=st.integers(1, 4), timeout_ms=st.integers(0, 4))
    def take(self, count: int, timeout_ms: int) -> None:
        taken = self.state.take(self.now_ms, count, timeout_ms, self.most)
        got = {each.number for each in taken.messages}
        dead = {each.number for each in taken.dead}
        self._check_takeable(got, dead)
        if not self.is_fifo:
            able = [each.number for each in self.plain if self._may(each)]
            assert [each.number for each in taken.messages] == able[: len(got)]
            assert len(got) == min(count, len(able))
        self.plain = [each for each in self.plain if each.number not in dead]
        for each in self.plain:
            if each.number in got:
                each.is_out, each.free_ms, each.received = True, self.now_ms + timeout_ms, each.received + 1
        if self.is_fifo and len(got) < count:
            # What was taken for no time at all may be had again, by the next.
            groups = {each.group for each in self.plain if each.number in got}
            assert all(each.group in groups for each in self._fifo_takeable()), "there was more to be had"

    def _free(self, each: Plain) -> bool:
        return each.free_ms <= self.now_ms

    def _may(self, each: Plain) -> bool:
        return self._free(each) and (self.most is None or each.received < self.most)

    def _check_takeable(self, got: set[int], dead: set[int]) -> None:
        for each in self.plain:
            if each.number in got:
                assert self._may(each)
            if each.number in dead:
                assert self._free(each)
                assert not self._may(each)
        if self.is_fifo:
            for group in {each.group for each in self.plain if each.number in got | dead}:
                members = [each for each in self.plain if each.group == group]
                assert all(self._free(each) for each in members), "a group in flight gave messages"
                taken = [each.number in got | dead for each in members]
                assert taken == sorted(taken, reverse=True), "a group was not taken from its beginning"

    def _fifo_takeable(self) -> list[Plain]:
        groups = {each.group for each in self.plain}
        heads = [[each for each in self.plain if each.group == group] for group in groups]
        return [members[0] for members in heads if all(self._free(each) for each in members)]

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        if self.plain:
            gone = data.draw(st.sampled_from(self.plain))
            assert self.state.remove(gone.number) is not None
            self.plain.remove(gone)
        assert self.state.remove(10**9) is None

    @rule(data=st.data(), timeout_ms=TIMES)
    def change(self, data: st.DataObject, timeout_ms: int) -> None:
        if self.plain:
            each = data.draw(st.sampled_from(self.plain))
            flies = each.is_out and not self._free(each)
            assert self.state.change(each.number, self.now_ms, timeout_ms) is flies
            if flies:
                each.free_ms = self.now_ms + timeout_ms

    @rule(data=st.data())
    def delete_and_restore(self, data: st.DataObject) -> None:
        if self.plain:
            removed = self.state.remove(data.draw(st.sampled_from(self.plain)).number)
            assert removed is not None
            self.state.restore(removed)

    @rule(passed_ms=st.integers(1, 4))
    def wait(self, passed_ms: int) -> None:
        self.now_ms += passed_ms

    @rule(retention_ms=st.integers(5, 20))
    def expire(self, retention_ms: int) -> None:
        gone = {each.number for each in self.state.expired(self.now_ms, retention_ms)}
        assert gone == {each.number for each in self.plain if each.sent_ms + retention_ms <= self.now_ms}
        self.plain = [each for each in self.plain if each.number not in gone]

    @invariant()
    def counts_agree(self) -> None:
        if not hasattr(self, "state"):
            return
        self.state.advance(self.now_ms)
        waiting = [each for each in self.plain if not self._free(each)]
        assert self.state.flying == sum(each.is_out for each in waiting)
        assert self.state.delayed == sum(not each.is_out for each in waiting)
        assert self.state.visible == len(self.plain) - len(waiting)
        assert self.state.next_ms() == min((each.free_ms for each in waiting), default=None)
        assert self.state.oldest_ms() == min((each.sent_ms for each in self.plain), default=None)
        able: Any = self._fifo_takeable() if self.is_fifo else [each for each in self.plain if self._free(each)]
        assert self.state.has_ready() is bool(able)


TestQueueRules = pytest.mark.filterwarnings("default")(Machine.TestCase)
TestQueueRules.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


def test_heaps_stay_small() -> None:
    """A message whose visibility is changed again and again, and a million that came and went, leave nothing."""
    state = QueueState(is_fifo=True)
    state.add(message(1, 0, 0, "g"))
    state.take(0, 1, 1000)
    for turn in range(5000):
        state.change(1, 0, 1000 + turn)
    for number in range(2, 5000):
        state.add(message(number, 0, 0, str(number)))
        state.remove(number)
    assert len(state._later) + len(state._old) + len(state._ready) < 1500
