"""Who gets a free place, as tables: lanes are given by (workers, starting, waiting)."""

import pytest

from runtime.model.function import FunctionSpec
from runtime.workers.lanes import Lane, next_lane, should_yield
from runtime.workers.process import WorkerState


class FakeWorker:
    def __init__(self, state):
        self.state = state


def lane(name, workers=0, starting=0, waiting=0):
    made = Lane(FunctionSpec(name=name, handler="m:f"))
    made.workers = {FakeWorker(WorkerState.BUSY) for _ in range(workers)}
    made.workers |= {FakeWorker(WorkerState.STARTING) for _ in range(starting)}
    made.waiting.extend([None] * waiting)
    return made


NEXT = {
    "nobody waits": ([("a", 1, 0, 0)], None),
    "the one that waits": ([("a", 1, 0, 0), ("b", 1, 0, 1)], "b"),
    "the poorer first": ([("a", 2, 0, 5), ("b", 1, 0, 1)], "b"),
    "equals: the longest without a turn": ([("b", 1, 0, 1), ("a", 1, 0, 9)], "b"),
    "a worker on its way counts": ([("a", 0, 1, 1), ("b", 3, 0, 1)], "b"),
    "all are served": ([("a", 0, 2, 2), ("b", 0, 1, 1)], None),
}


@pytest.mark.parametrize("name", NEXT)
def test_next_lane(name):
    rows, expected = NEXT[name]
    found = next_lane([lane(*row) for row in rows])
    assert (found and found.spec.name) == expected


YIELDS = {
    "nobody else waits": (("a", 2, 0, 3), [], 0, False),
    "another has none": (("a", 1, 0, 3), [("b", 0, 0, 1)], 0, True),
    "a place is already on its way": (("a", 1, 0, 3), [("b", 0, 0, 1)], 1, False),
    "two wait, one place on its way": (("a", 2, 0, 3), [("b", 0, 0, 2)], 1, True),
    "another has as many": (("a", 1, 0, 3), [("b", 1, 0, 9)], 0, False),
    "one fewer stays": (("a", 2, 0, 3), [("b", 1, 0, 9)], 0, False),
    "two fewer are evened out": (("a", 3, 0, 3), [("b", 1, 0, 9)], 0, True),
    "what is on its way there counts": (("a", 2, 0, 3), [("b", 0, 1, 1)], 0, False),
}


@pytest.mark.parametrize("name", YIELDS)
def test_should_yield(name):
    own, others, leaving, expected = YIELDS[name]
    mine = lane(*own)
    assert should_yield(mine, [mine, *(lane(*row) for row in others)], leaving) is expected


def test_repr_is_for_reading_under_fire():
    assert repr(lane("a", 1, 1, 3)) == "<Lane a workers=2 idle=0 waiting=3>"
