"""Everything that reads something from outside, fed with damaged inputs: it answers or refuses in its own words, soon,
and nothing grows. STREAMCORE_SOAK_SECONDS is the time of one target; STREAMCORE_FUZZ_SEED repeats a run."""

from __future__ import annotations

import gc
import itertools
import os
import time
import tracemalloc

import pytest
from mutations import Mutator
from targets import TARGETS, Target

SECONDS = float(os.environ.get("STREAMCORE_SOAK_SECONDS", "5"))
SEED = int(os.environ.get("STREAMCORE_FUZZ_SEED", "0")) or time.time_ns() & 0xFFFFFF
#: One input takes a few milliseconds at most; this also stands a machine that is busy.
SLOW_S = 2.0
GROWTH_MAX_BYTES = 2_000_000
BRIEF = 300


def feed(target: Target, inputs: itertools.islice[bytes] | Mutator, until: float) -> int:
    """How many inputs were read."""
    count = 0
    for data in inputs:
        if time.monotonic() > until:
            break
        began = time.monotonic()
        try:
            target.read(data)
        except target.refusals:
            pass
        except Exception as error:
            raise AssertionError(f"{target.name} fell over {data[:500]!r} (seed {SEED})") from error
        assert time.monotonic() - began < SLOW_S, f"{target.name} took long over {data[:500]!r} (seed {SEED})"
        count += 1
    return count


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_seeds_are_good_or_refused(target: Target) -> None:
    """The targets work at all, and so does a little damage; in every run of the suite, with the same inputs."""
    for seed in target.seeds:
        feed(target, itertools.islice([seed], 1), time.monotonic() + 60)
    feed(target, itertools.islice(Mutator(target.seeds, 1), BRIEF), time.monotonic() + 60)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_damaged_inputs(target: Target) -> None:
    inputs = Mutator(target.seeds, SEED)
    tracemalloc.start()
    try:
        feed(target, inputs, time.monotonic() + SECONDS / 2)  # caches, which are bounded, fill
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        count = feed(target, inputs, time.monotonic() + SECONDS / 2)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count > 50
    assert after - before < GROWTH_MAX_BYTES, f"{after - before} bytes more are held after {count} inputs"
