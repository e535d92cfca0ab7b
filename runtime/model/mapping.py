"""An event source mapping: its settings, and the states it goes through."""

import enum
import re

import msgspec

from runtime.errors import InvalidMappingError, InvalidPatternError, InvalidTransitionError, InvalidValueError
from runtime.model.filtering import FILTERS_MAX, PATTERN_MAX_CHARS
from runtime.model.patterns import Pattern

INFINITE = -1
#: Of a queue: the default of BatchSize, and the most without a window.
QUEUE_BATCH_SIZE = 10
#: MaximumConcurrency of a queue: least and most.
CONCURRENCY = (2, 1000)
_ARN = re.compile(r"(?a)\Aarn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[0-9]*:.+\Z")


class StartingPosition(enum.Enum):
    """Where a mapping without a checkpoint begins in a shard."""

    TRIM_HORIZON = "TRIM_HORIZON"
    LATEST = "LATEST"
    AT_TIMESTAMP = "AT_TIMESTAMP"


class State(enum.Enum):
    """The `State` field of an event source mapping."""

    CREATING = "Creating"
    ENABLING = "Enabling"
    ENABLED = "Enabled"
    DISABLING = "Disabling"
    DISABLED = "Disabled"
    UPDATING = "Updating"
    DELETING = "Deleting"


TRANSITIONS: dict[State, frozenset[State]] = {
    State.CREATING: frozenset({State.ENABLED, State.DISABLED, State.DELETING}),
    State.ENABLING: frozenset({State.ENABLED, State.DISABLING, State.DELETING}),
    State.ENABLED: frozenset({State.DISABLING, State.UPDATING, State.DELETING}),
    State.DISABLING: frozenset({State.DISABLED, State.ENABLING, State.DELETING}),
    State.DISABLED: frozenset({State.ENABLING, State.UPDATING, State.DELETING}),
    State.UPDATING: frozenset({State.ENABLED, State.DISABLED, State.ENABLING, State.DISABLING, State.DELETING}),
    State.DELETING: frozenset(),
}
"""The only place that says which state may follow which; a deleted mapping has no state, it is gone."""


def advance(present: State, wanted: State) -> State:
    """`wanted`, if the table allows it; raises `InvalidTransitionError`."""
    if wanted not in TRANSITIONS[present]:
        raise InvalidTransitionError(present.value, wanted.value)
    return wanted


def check_queue_batch(batch_size: int, window_ms: int, *, is_fifo: bool) -> None:
    """Raises InvalidValueError: more than a receive gives needs time to be gathered, and a FIFO queue has none."""
    if is_fifo and window_ms:
        raise InvalidValueError("Batching window is not supported for FIFO queues")
    if is_fifo and batch_size > QUEUE_BATCH_SIZE:
        raise InvalidValueError(f"Batch size must not exceed {QUEUE_BATCH_SIZE} for FIFO queues")
    if batch_size > QUEUE_BATCH_SIZE and not window_ms:
        raise InvalidValueError(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than "
            f"{QUEUE_BATCH_SIZE}"
        )


class MappingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How records of one stream, or messages of one queue, are handed to one function. Raises `InvalidMappingError`.

    `stream` is the ARN of either. Of a queue count `batch_size`, the window, `report_batch_item_failures`, `filters`,
    `enabled` and `maximum_concurrency` (0 for no bound); everything else is for streams and at its default.
    `maximum_retry_attempts` n means n + 1 invokes; -1 means until the records expire.
    `maximum_record_age_s` -1 means no limit but the stream's retention.
    `filters` are event patterns, of which one must match; `on_failure` and `consumer` are ARNs, empty for none.
    Ranges and defaults: Lambda's `CreateEventSourceMapping`.
    """

    uuid: str
    stream: str
    function_name: str
    starting_position: StartingPosition
    starting_position_timestamp_ms: int | None = None
    batch_size: int = 100
    maximum_batching_window_ms: int = 0
    maximum_retry_attempts: int = INFINITE
    maximum_record_age_s: int = INFINITE
    bisect_batch_on_function_error: bool = False
    report_batch_item_failures: bool = False
    parallelization_factor: int = 1
    tumbling_window_s: int = 0
    filters: tuple[str, ...] = ()
    on_failure: str = ""
    consumer: str = ""
    enabled: bool = True
    maximum_concurrency: int = 0

    @property
    def is_queue(self) -> bool:
        return ":sqs:" in self.stream

    def __post_init__(self) -> None:
        if not 1 <= len(self.uuid) <= 36:
            raise InvalidMappingError("uuid", self.uuid, "must be 1 to 36 characters")
        if not _ARN.match(self.stream):
            raise InvalidMappingError("stream", self.stream, "must be an ARN")
        if not 1 <= len(self.function_name) <= 140:
            raise InvalidMappingError("function_name", self.function_name, "must be 1 to 140 characters")
        _within("batch_size", self.batch_size, 1, 10_000)
        _within("maximum_batching_window_ms", self.maximum_batching_window_ms, 0, 300_000)
        _within("maximum_retry_attempts", self.maximum_retry_attempts, INFINITE, 10_000)
        if self.maximum_record_age_s != INFINITE:
            _within("maximum_record_age_s", self.maximum_record_age_s, 60, 604_800)
        _within("parallelization_factor", self.parallelization_factor, 1, 10)
        _within("tumbling_window_s", self.tumbling_window_s, 0, 900)
        if self.tumbling_window_s and self.parallelization_factor > 1:
            # The state of a window belongs to a shard: tasks side by side would each have a part of it.
            rule = "must be 1 together with a tumbling window"
            raise InvalidMappingError("parallelization_factor", self.parallelization_factor, rule)
        self._check_filters()
        self._check_position()
        if self.is_queue:
            check_queue_batch(self.batch_size, self.maximum_batching_window_ms, is_fifo=self.stream.endswith(".fifo"))
        if self.maximum_concurrency:
            _within("maximum_concurrency", self.maximum_concurrency, *CONCURRENCY)

    def _check_filters(self) -> None:
        if len(self.filters) > FILTERS_MAX:
            raise InvalidMappingError("filters", len(self.filters), f"must be at most {FILTERS_MAX}")
        for text in self.filters:
            if len(text) > PATTERN_MAX_CHARS:
                raise InvalidMappingError("filters", len(text), f"must have at most {PATTERN_MAX_CHARS} characters")
            try:
                Pattern(text)
            except InvalidPatternError as error:
                raise InvalidMappingError("filters", text, f"must be event patterns ({error.reason})") from error

    def _check_position(self) -> None:
        wants_timestamp = self.starting_position is StartingPosition.AT_TIMESTAMP
        timestamp_ms = self.starting_position_timestamp_ms
        if wants_timestamp != (timestamp_ms is not None):
            rule = "must be given with AT_TIMESTAMP, and only then"
            raise InvalidMappingError("starting_position_timestamp_ms", timestamp_ms, rule)
        if timestamp_ms is not None and timestamp_ms < 0:
            raise InvalidMappingError("starting_position_timestamp_ms", timestamp_ms, "must not be negative")


def _within(field: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidMappingError(field, value, f"must be from {low} to {high}")
