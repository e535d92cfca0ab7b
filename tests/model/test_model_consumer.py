"""Registered consumers: states, ARNs, limits, tags."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest

from streamcore.errors import InvalidArgument, LimitExceeded, ResourceInUse, StreamcoreError, ValidationFailed
from streamcore.model.consumer import (
    TRANSITIONS,
    ConsumerInfo,
    ConsumerStatus,
    check_new_consumer,
    parse_consumer_arn,
)
from streamcore.model.stream import Scope, StreamInfo, StreamStatus, uniform_shards

STREAM = StreamInfo(
    7, "orders", "123456789012", "eu-west-1", 1_700_000_000_000, StreamStatus.ACTIVE, uniform_shards(1, 1_700_000_000)
)
CREATING, ACTIVE, DELETING = ConsumerStatus


def consumer(name: str = "app", status: ConsumerStatus = ACTIVE) -> ConsumerInfo:
    return ConsumerInfo(7, STREAM.arn, name, 1_700_000_123_999, status)


def test_the_arn_has_the_second_of_creation() -> None:
    arn = consumer().arn
    assert arn == "arn:aws:kinesis:eu-west-1:123456789012:stream/orders/consumer/app:1700000123"
    assert parse_consumer_arn(arn) == (Scope("123456789012", "eu-west-1"), "orders", "app", 1_700_000_123)


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "app",
        STREAM.arn,
        f"{STREAM.arn}/consumer/app",
        f"{STREAM.arn}/consumer/:1",
        f"{STREAM.arn}/consumer/app:x",
        f"{STREAM.arn}/consumer/app:1\n",
        f"{STREAM.arn}/consumer/app:1/2",
        f"{STREAM.arn}/consumer/{'a' * 129}:1",
        f"{STREAM.arn}/consumer/app:{'1' * 13}",
    ],
)
def test_what_is_no_arn(arn: str) -> None:
    with pytest.raises(ValidationFailed):
        parse_consumer_arn(arn)


@pytest.mark.parametrize(("before", "after"), list(product(ConsumerStatus, ConsumerStatus)))
def test_states(before: ConsumerStatus, after: ConsumerStatus) -> None:
    allowed = (before, after) in {(CREATING, ACTIVE), (CREATING, DELETING), (ACTIVE, DELETING)}
    assert (after in TRANSITIONS[before]) is allowed
    if allowed:
        assert consumer(status=before).moved_to(after).status is after
    else:
        with pytest.raises(ValueError, match="cannot become"):
            consumer(status=before).moved_to(after)


@pytest.mark.parametrize("status", ConsumerStatus)
def test_only_an_active_one_may_subscribe(status: ConsumerStatus) -> None:
    if status is ACTIVE:
        consumer().check_active()
    else:
        with pytest.raises(ResourceInUse, match=f"instead in state {status}"):
            consumer(status=status).check_active()


def many(count: int, status: ConsumerStatus = ACTIVE) -> list[ConsumerInfo]:
    return [consumer(f"c{number}", status) for number in range(count)]


@pytest.mark.parametrize(
    ("name", "registered", "advantage", "error"),
    [
        ("app", [], False, None),
        ("a", many(19), False, None),
        ("a", many(20), False, LimitExceeded),
        ("a", many(20), True, None),
        ("a", many(49), True, None),
        ("a", many(50), True, LimitExceeded),
        ("a", many(4, CREATING), False, None),
        ("a", many(5, CREATING), False, LimitExceeded),
        ("a", many(5, CREATING), True, LimitExceeded),
        ("c1", many(2), False, ResourceInUse),
        ("c1", many(2, DELETING), False, ResourceInUse),
        ("", [], False, ValidationFailed),
        ("a b", [], False, ValidationFailed),
        ("a/b", [], False, ValidationFailed),
        ("a" * 129, [], False, ValidationFailed),
        ("a" * 128, [], False, None),
    ],
)
def test_registering(
    name: str, registered: list[ConsumerInfo], advantage: bool, error: type[StreamcoreError] | None
) -> None:
    def check() -> None:
        check_new_consumer(STREAM, name, registered, advantage=advantage)

    _raises(error, check)


def _raises(error: type[StreamcoreError] | None, work: Callable[[], object]) -> None:
    if error is None:
        work()
        return
    with pytest.raises(error):
        work()


def test_tags() -> None:
    tagged = consumer().retagged({"a": "1", "b": "2"}, ())
    assert tagged.tags == {"a": "1", "b": "2"}
    assert tagged.retagged({"c": "3"}, {"a", "x"}).tags == {"b": "2", "c": "3"}
    full = consumer().retagged({str(number): "" for number in range(50)}, ())
    assert full.retagged({"new": ""}, {"0"}).tags.keys() == {*map(str, range(1, 50)), "new"}
    with pytest.raises(InvalidArgument):
        full.retagged({"new": ""}, ())


def test_repr() -> None:
    assert repr(consumer()) == f"<Consumer app ACTIVE of {STREAM.arn}>"
