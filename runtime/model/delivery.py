"""After an invoke: what has become of the batch. The one place that knows the retry flow of a stream mapping.

Order of the rules, as AWS applies them: partial response, record age, bisect, retries left, else given up.
Sources: AWS developer guide ("error handling", "reporting batch item failures"), answers recorded from AWS.
"""

import enum
from collections.abc import Sequence

import msgspec

from runtime.model.invocation import Outcome
from runtime.model.mapping import INFINITE, MappingConfig

BACKOFF_BASE_MS = 200
BACKOFF_CAP_MS = 60_000


class DiscardReason(enum.Enum):
    """The `condition` in the record sent to the on-failure destination."""

    RETRY_ATTEMPTS_EXHAUSTED = "RetryAttemptsExhausted"
    RECORD_AGE_EXCEEDED = "RecordAgeExceeded"


class Batch(msgspec.Struct, frozen=True):
    """The records that were sent, in order: sequence numbers, and arrival times in epoch milliseconds."""

    sequence_numbers: Sequence[str]
    arrived_ms: Sequence[int]

    def __post_init__(self) -> None:
        if not self.sequence_numbers or len(self.sequence_numbers) != len(self.arrived_ms):
            raise ValueError("a batch has at least one record, each with its arrival time")

    def __len__(self) -> int:
        return len(self.sequence_numbers)


class Checkpoint(msgspec.Struct, frozen=True):
    """Every record is dealt with: the position moves to the end of the batch."""


class Retry(msgspec.Struct, frozen=True):
    """Records before `from_index` are done (checkpoint them); the rest is sent again at `at_ms`, as `attempt`."""

    at_ms: int
    from_index: int
    attempt: int


class Bisect(msgspec.Struct, frozen=True):
    """Records before `from_index` are done; `[from, middle)`, then `[middle, end)`, go out as batches of their own.

    Each half goes on counting from `attempt`: a split does not use up a retry.
    """

    at_ms: int
    from_index: int
    middle_index: int
    attempt: int


class Discard(msgspec.Struct, frozen=True):
    """Records before `from_index` are done; `[from, to)` is given up for `reason`, then `then` says how to go on.

    Indexes in `then` count in the same batch.
    """

    reason: DiscardReason
    from_index: int
    to_index: int
    then: "Decision"


Decision = Checkpoint | Retry | Bisect | Discard


def decide(
    batch: Batch,
    outcome: Outcome,
    attempt: int,
    config: MappingConfig,
    now_ms: int,
    *,
    jitter: float = 0.0,
    retention_ms: int | None = None,
) -> Decision:
    """What follows from `outcome`; pure: the same arguments, the same answer.

    `attempt` counts the invokes that use up retries, this one included: 1 at first, then what the decision said.
    `jitter` in [0, 1) spreads the retries; `retention_ms` bounds retries when the mapping sets no record age.
    """
    from_index = first_failed(batch, outcome, config)
    if from_index == len(batch):
        return Checkpoint()
    fresh = _first_fresh(batch, from_index, config, now_ms, retention_ms)
    then = _go_on(batch, fresh, from_index, attempt, config, now_ms + backoff_ms(attempt, jitter))
    return _without_old(from_index, fresh, then)


def postpone(
    batch: Batch,
    attempt: int,
    refusals: int,
    config: MappingConfig,
    now_ms: int,
    *,
    jitter: float = 0.0,
    retention_ms: int | None = None,
) -> Decision:
    """After the `refusals`-th time in a row that no invoke took place (throttled, pool closed): uses up no retry."""
    fresh = _first_fresh(batch, 0, config, now_ms, retention_ms)
    if fresh == len(batch):
        return _without_old(0, fresh, Checkpoint())
    return _without_old(0, fresh, Retry(now_ms + backoff_ms(refusals, jitter), fresh, attempt))


def backoff_ms(attempt: int, jitter: float) -> int:
    """Milliseconds to wait after the `attempt`-th failure: doubles to a cap; `jitter` takes away up to half."""
    whole = min(BACKOFF_CAP_MS, BACKOFF_BASE_MS << min(attempt - 1, 20))
    return whole - int(whole * 0.5 * jitter)


def failed_from(payload: bytes, sequence_numbers: Sequence[str]) -> int:
    """Index of the lowest failed record in a `batchItemFailures` response; the length of the batch if none failed.

    Success: null, `{}`, `""`, `[]`, and an empty, null or missing list. Anything else that does not name records of
    this batch (empty, null or unknown identifier, wrong key, wrong type) fails the whole batch: 0.
    """
    try:
        response = msgspec.json.decode(payload) if payload else None
    except (
        msgspec.DecodeError,
        UnicodeDecodeError,
    ):  # the payload is no JSON (a handler may return bytes): the whole batch failed
        return 0
    if response is None or response in ({}, "", []):
        return len(sequence_numbers)
    if not isinstance(response, dict):
        return 0
    return _lowest(response.get("batchItemFailures"), sequence_numbers)


def _lowest(failures: object, sequence_numbers: Sequence[str]) -> int:
    if failures is None or failures == []:
        return len(sequence_numbers)
    if not isinstance(failures, list):
        return 0
    positions = {number: index for index, number in enumerate(sequence_numbers)}
    lowest = len(sequence_numbers)
    for failure in failures:
        identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
        lowest = min(lowest, positions.get(identifier, 0) if isinstance(identifier, str) else 0)
    return lowest


def first_failed(batch: Batch, outcome: Outcome, config: MappingConfig) -> int:
    """Index of the first record that counts as failed; the length of the batch if none did."""
    if not outcome.ok:
        return 0
    if not config.report_batch_item_failures:
        return len(batch)
    return failed_from(outcome.payload, batch.sequence_numbers)


def _first_fresh(batch: Batch, start: int, config: MappingConfig, now_ms: int, retention_ms: int | None) -> int:
    """Index of the first record from `start` on that is young enough; what arrived earlier in a shard is older."""
    limits = [] if retention_ms is None else [retention_ms]
    if config.maximum_record_age_s != INFINITE:
        limits.append(config.maximum_record_age_s * 1000)
    if not limits:
        return start
    oldest_ms = now_ms - min(limits)
    return next((i for i in range(start, len(batch)) if batch.arrived_ms[i] >= oldest_ms), len(batch))


def _without_old(from_index: int, fresh: int, then: Decision) -> Decision:
    """`then`, after the records before `fresh` have left the batch."""
    if fresh == from_index:
        return then
    return Discard(DiscardReason.RECORD_AGE_EXCEEDED, from_index, fresh, then)


def _go_on(batch: Batch, fresh: int, from_index: int, attempt: int, config: MappingConfig, at_ms: int) -> Decision:
    """What happens to `[fresh, end)`, whose invoke failed from `from_index` on."""
    left = len(batch) - fresh
    if left == 0:
        return Checkpoint()
    if config.bisect_batch_on_function_error and from_index > 0:
        return Retry(at_ms, fresh, attempt)  # the response has said where to split, and the part before it is done
    if config.bisect_batch_on_function_error and left > 1:
        return Bisect(at_ms, fresh, fresh + left // 2, attempt)
    if config.maximum_retry_attempts != INFINITE and attempt > config.maximum_retry_attempts:
        return Discard(DiscardReason.RETRY_ATTEMPTS_EXHAUSTED, fresh, len(batch), Checkpoint())
    return Retry(at_ms, fresh, attempt + 1)
