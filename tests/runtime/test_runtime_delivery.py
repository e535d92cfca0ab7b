"""The retry flow of a stream mapping, as tables of scenarios."""

import json

import pytest

from runtime.model.delivery import (
    BACKOFF_BASE_MS,
    BACKOFF_CAP_MS,
    Batch,
    Bisect,
    Checkpoint,
    Discard,
    DiscardReason,
    Retry,
    backoff_ms,
    decide,
    failed_from,
    postpone,
)
from runtime.model.invocation import Outcome, Status
from runtime.model.mapping import MappingConfig, StartingPosition

NOW = 1_000_000_000
SOON = NOW + BACKOFF_BASE_MS
AGE, EXHAUSTED = DiscardReason.RECORD_AGE_EXCEEDED, DiscardReason.RETRY_ATTEMPTS_EXHAUSTED


def batch(size=4, ages_s=None):
    ages_s = ages_s or [0] * size
    return Batch([str(100 + i) for i in range(len(ages_s))], [NOW - age * 1000 for age in ages_s])


def outcome(response=None, status=Status.SUCCESS):
    return Outcome(status=status, payload=json.dumps(response).encode(), log=b"", request_id="r", duration_ms=1.0)


def config(**changes):
    settings = {
        "uuid": "u",
        "stream": "arn:aws:kinesis:us-east-1:000000000000:stream/s",
        "function_name": "f",
        "starting_position": StartingPosition.TRIM_HORIZON,
    }
    return MappingConfig(**(settings | changes))


def failing(*numbers):
    return {"batchItemFailures": [{"itemIdentifier": str(number)} for number in numbers]}


FAILED = outcome({"errorMessage": "no"}, Status.FUNCTION_ERROR)
PARTIAL = {"report_batch_item_failures": True}
BISECT = {"bisect_batch_on_function_error": True}

SCENARIOS = {
    "success": (batch(), outcome("ok"), 1, {}, Checkpoint()),
    "failure is retried whole": (batch(), FAILED, 1, {}, Retry(SOON, 0, 2)),
    "timeout is a failure": (batch(), outcome({}, Status.TIMED_OUT), 1, {}, Retry(SOON, 0, 2)),
    "exit is a failure": (batch(), outcome({}, Status.EXITED), 1, {}, Retry(SOON, 0, 2)),
    "no retries": (batch(), FAILED, 1, {"maximum_retry_attempts": 0}, Discard(EXHAUSTED, 0, 4, Checkpoint())),
    "2 retries, 2nd invoke": (batch(), FAILED, 2, {"maximum_retry_attempts": 2}, Retry(NOW + 400, 0, 3)),
    "2 retries, 3rd invoke": (
        batch(), FAILED, 3, {"maximum_retry_attempts": 2}, Discard(EXHAUSTED, 0, 4, Checkpoint()),
    ),
    "for ever": (batch(), FAILED, 5000, {}, Retry(NOW + BACKOFF_CAP_MS, 0, 5001)),
    "bisect": (batch(), FAILED, 1, BISECT, Bisect(SOON, 0, 2, 1)),
    "bisect odd": (batch(5), FAILED, 1, BISECT, Bisect(SOON, 0, 2, 1)),
    "bisect uses no retry": (batch(), FAILED, 1, BISECT | {"maximum_retry_attempts": 0}, Bisect(SOON, 0, 2, 1)),
    "bisect at one record": (batch(1), FAILED, 1, BISECT, Retry(SOON, 0, 2)),
    "bisect exhausted at one record": (
        batch(1), FAILED, 1, BISECT | {"maximum_retry_attempts": 0}, Discard(EXHAUSTED, 0, 1, Checkpoint()),
    ),
    "age not reached": (batch(ages_s=[60, 0]), FAILED, 1, {"maximum_record_age_s": 60}, Retry(SOON, 0, 2)),
    "some too old": (
        batch(ages_s=[62, 61, 5, 0]), FAILED, 1, {"maximum_record_age_s": 60}, Discard(AGE, 0, 2, Retry(SOON, 2, 2)),
    ),
    "all too old": (
        batch(ages_s=[99, 61]), FAILED, 1, {"maximum_record_age_s": 60}, Discard(AGE, 0, 2, Checkpoint()),
    ),
    "too old, rest bisected": (
        batch(ages_s=[90, 1, 1, 1, 1]), FAILED, 1, BISECT | {"maximum_record_age_s": 60},
        Discard(AGE, 0, 1, Bisect(SOON, 1, 3, 1)),
    ),
    "too old, rest out of retries": (
        batch(ages_s=[90, 1]), FAILED, 1, {"maximum_record_age_s": 60, "maximum_retry_attempts": 0},
        Discard(AGE, 0, 1, Discard(EXHAUSTED, 1, 2, Checkpoint())),
    ),
    "age does not matter on success": (
        batch(ages_s=[99, 99]), outcome("ok"), 1, {"maximum_record_age_s": 60}, Checkpoint(),
    ),
    "partial, not asked for": (batch(), outcome(failing(102)), 1, {}, Checkpoint()),
    "partial": (batch(), outcome(failing(102)), 1, PARTIAL, Retry(SOON, 2, 2)),
    "partial, several": (batch(), outcome(failing(103, 101)), 1, PARTIAL, Retry(SOON, 1, 2)),
    "partial, first": (batch(), outcome(failing(100)), 1, PARTIAL, Retry(SOON, 0, 2)),
    "partial, unknown number": (batch(), outcome(failing(102, 999)), 1, PARTIAL, Retry(SOON, 0, 2)),
    "partial, function error": (batch(), FAILED, 1, PARTIAL, Retry(SOON, 0, 2)),
    "partial, exhausted": (
        batch(), outcome(failing(102)), 2, PARTIAL | {"maximum_retry_attempts": 1},
        Discard(EXHAUSTED, 2, 4, Checkpoint()),
    ),
    "partial, then too old": (
        batch(ages_s=[80, 70, 61, 1]), outcome(failing(101)), 1, PARTIAL | {"maximum_record_age_s": 60},
        Discard(AGE, 1, 3, Retry(SOON, 3, 2)),
    ),
    "partial splits with bisect": (
        batch(), outcome(failing(101)), 1, PARTIAL | BISECT | {"maximum_retry_attempts": 0}, Retry(SOON, 1, 1),
    ),
    "partial from the first halves with bisect": (
        batch(), outcome(failing(100)), 1, PARTIAL | BISECT, Bisect(SOON, 0, 2, 1),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SCENARIOS)
def test_decide(name):
    sent, result, attempt, changes, expected = SCENARIOS[name]
    assert decide(sent, result, attempt, config(**changes), NOW) == expected


RESPONSES = {
    b"": 3, b"null": 3, b"{}": 3, b'""': 3, b"[]": 3,
    b'{"batchItemFailures":[]}': 3, b'{"batchItemFailures":null}': 3, b'{"statusCode":200}': 3,
    b'{"batchItemFailures":[{"itemIdentifier":"102"}]}': 2,
    b'{"batchItemFailures":[{"itemIdentifier":"102"},{"itemIdentifier":"101"}]}': 1,
    b'{"batchItemFailures":[{"itemIdentifier":""}]}': 0,
    b'{"batchItemFailures":[{"itemIdentifier":null}]}': 0,
    b'{"batchItemFailures":[{"itemIdentifier":102}]}': 0,
    b'{"batchItemFailures":[{"itemIdentifer":"102"}]}': 0,
    b'{"batchItemFailures":[{"itemIdentifier":"7"}]}': 0,
    b'{"batchItemFailures":["102"]}': 0, b'{"batchItemFailures":{"itemIdentifier":"102"}}': 0,
    b'"done"': 0, b"7": 0, b"false": 0, b"0": 0, b"[1]": 0, b"no json": 0,
}  # fmt: skip


@pytest.mark.parametrize("payload", RESPONSES, ids=str)
def test_failed_from(payload):
    assert failed_from(payload, ["100", "101", "102"]) == RESPONSES[payload]


def test_retention_bounds_endless_retries():
    sent = batch(ages_s=[86_401, 10])
    expected = Discard(AGE, 0, 1, Retry(SOON, 1, 2))
    assert decide(sent, FAILED, 1, config(), NOW, retention_ms=86_400_000) == expected


def test_retries_end_after_n_plus_one_invokes():
    attempt, invokes = 1, 0
    while True:
        invokes += 1
        step = decide(batch(), FAILED, attempt, config(maximum_retry_attempts=4), NOW)
        if isinstance(step, Discard):
            break
        attempt = step.attempt
    assert invokes == 5


def test_bisect_isolates_one_bad_record_and_keeps_order():
    """Follows the decisions to the end: the one bad record is given up, all others are handled once, in order."""
    bad, handled, given_up = 6, [], []
    queue = [(list(range(10)), 1)]
    settings = config(maximum_retry_attempts=0, **BISECT)
    while queue:
        numbers, attempt = queue.pop(0)
        if bad not in numbers:
            handled += numbers
            continue
        step = decide(Batch([str(n) for n in numbers], [NOW] * len(numbers)), FAILED, attempt, settings, NOW)
        if isinstance(step, Bisect):
            middle = step.middle_index
            queue[:0] = [(numbers[:middle], step.attempt), (numbers[middle:], step.attempt)]
        else:
            assert isinstance(step, Discard)
            given_up += numbers
    assert (handled, given_up) == ([0, 1, 2, 3, 4, 5, 7, 8, 9], [6])


@pytest.mark.parametrize(
    ("attempt", "jitter", "expected"),
    [(1, 0, 200), (2, 0, 400), (3, 0.5, 600), (9, 0, 51_200), (10, 0, 60_000), (10_000, 0, 60_000), (1, 1, 100)],
)
def test_backoff(attempt, jitter, expected):
    assert backoff_ms(attempt, jitter) == expected


def test_postpone_uses_up_no_retry():
    once = config(maximum_retry_attempts=0)
    assert postpone(batch(), 1, 3, once, NOW) == Retry(NOW + 800, 0, 1)
    old = config(maximum_record_age_s=60)
    assert postpone(batch(ages_s=[61, 0]), 1, 1, old, NOW) == Discard(AGE, 0, 1, Retry(SOON, 1, 1))
    assert postpone(batch(ages_s=[61, 61]), 1, 1, old, NOW) == Discard(AGE, 0, 2, Checkpoint())


@pytest.mark.parametrize(("numbers", "arrived"), [([], []), (["1"], []), (["1"], [1, 2])])
def test_a_batch_is_valid_by_construction(numbers, arrived):
    with pytest.raises(ValueError, match="at least one record"):
        Batch(numbers, arrived)
