"""What the actions about event source mappings share: their members, the answer, and what is refused."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Protocol

import msgspec

from runtime.api.lambda_.shapes import Arn, Destination, DestinationConfig, KmsKeyArn, LambdaShape, Refused
from runtime.app import Functions
from runtime.destinations.router import service_of
from runtime.errors import InvalidPatternError, InvalidValueError, NotFoundError
from runtime.model.event_source_mapping import USER_ACTION, USER_INITIATED, MappingRecord
from runtime.model.filtering import FILTERS_MAX
from runtime.model.mapping import CONCURRENCY, INFINITE
from runtime.model.names import FunctionRef, parse_function
from runtime.model.patterns import Pattern as EventPattern
from streamcore.api.aws.binding import URI
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp, number, text
from streamcore.broker import Broker
from streamcore.errors import ResourceNotFound, StreamcoreError, StreamNotFound
from streamcore.model.consumer import ConsumerStatus

RECORD_AGE_MIN_S: Final = 60

BatchSize = Annotated[int, number(1, 10_000)]
BatchingWindow = Annotated[int, number(0, 300)]
Factor = Annotated[int, number(1, 10)]
RecordAge = Annotated[int, number(-1, 604_800)]
RetryAttempts = Annotated[int, number(-1, 10_000)]
TumblingWindow = Annotated[int, number(0, 900)]
Concurrency = Annotated[int, number(*CONCURRENCY)]
FilterPattern = Annotated[str, text(0, 4096, r"[\s\S]*")]
MappingUuid = Annotated[str, text(36, 36)]
UuidLabel = Annotated[MappingUuid, URI]


class EventSourcePosition(StrEnum):
    LATEST = "LATEST"
    AT_TIMESTAMP = "AT_TIMESTAMP"
    TRIM_HORIZON = "TRIM_HORIZON"


class FunctionResponseType(StrEnum):
    REPORT_BATCH_ITEM_FAILURES = "ReportBatchItemFailures"


class EventSourceMappingMetric(StrEnum):
    EVENT_COUNT = "EventCount"
    ERROR_COUNT = "ErrorCount"
    KAFKA_METRICS = "KafkaMetrics"


ResponseTypes = Annotated[list[FunctionResponseType], msgspec.Meta(min_length=0, max_length=1)]


class Filter(LambdaShape, frozen=True, kw_only=True):
    pattern: FilterPattern | None = None


class FilterCriteria(LambdaShape, frozen=True, kw_only=True):
    filters: list[Filter] | None = None


class MetricsConfig(LambdaShape, frozen=True, kw_only=True):
    metrics: Annotated[list[EventSourceMappingMetric], msgspec.Meta(min_length=0, max_length=3)] | None = None


class ScalingConfig(LambdaShape, frozen=True, kw_only=True):
    maximum_concurrency: Concurrency | None = None


class Options(LambdaShape, frozen=True, kw_only=True):
    """What Create and Update have in common; the `Refused` belong to sources that are neither streams nor queues."""

    enabled: bool | None = None
    batch_size: BatchSize | None = None
    filter_criteria: FilterCriteria | None = None
    kms_key_arn: KmsKeyArn | None = None
    metrics_config: MetricsConfig | None = None
    logging_config: Refused = None
    scaling_config: ScalingConfig | None = None
    maximum_batching_window_in_seconds: BatchingWindow | None = None
    parallelization_factor: Factor | None = None
    destination_config: DestinationConfig | None = None
    maximum_record_age_in_seconds: RecordAge | None = None
    bisect_batch_on_function_error: bool | None = None
    maximum_retry_attempts: RetryAttempts | None = None
    tumbling_window_in_seconds: TumblingWindow | None = None
    source_access_configurations: Refused = None
    function_response_types: ResponseTypes | None = None
    amazon_managed_kafka_event_source_config: Refused = None
    self_managed_kafka_event_source_config: Refused = None
    document_db_event_source_config: Refused = msgspec.field(default=None, name="DocumentDBEventSourceConfig")
    provisioned_poller_config: Refused = None


class EventSourceMapping(LambdaShape, frozen=True, kw_only=True):
    """A mapping as all actions tell it; what is None is not for a mapping from its kind of source."""

    uuid: MappingUuid
    starting_position: EventSourcePosition | None = None
    starting_position_timestamp: Timestamp | None = None
    batch_size: BatchSize
    maximum_batching_window_in_seconds: BatchingWindow
    parallelization_factor: Factor | None = None
    event_source_arn: Arn
    filter_criteria: FilterCriteria | None = None
    kms_key_arn: KmsKeyArn | None = None
    metrics_config: MetricsConfig | None = None
    scaling_config: ScalingConfig | None = None
    function_arn: str
    last_modified: Timestamp
    last_processing_result: str | None = None
    state: str
    state_transition_reason: str
    destination_config: DestinationConfig | None = None
    maximum_record_age_in_seconds: RecordAge | None = None
    bisect_batch_on_function_error: bool | None = None
    maximum_retry_attempts: RetryAttempts | None = None
    tumbling_window_in_seconds: TumblingWindow | None = None
    function_response_types: list[FunctionResponseType]
    event_source_mapping_arn: str


def told(record: MappingRecord) -> EventSourceMapping:
    config = record.config
    filters = [Filter(pattern=pattern) for pattern in config.filters]
    metrics = None if record.metrics is None else [EventSourceMappingMetric(name) for name in record.metrics]
    reports = config.report_batch_item_failures
    told = EventSourceMapping(
        uuid=record.uuid,
        batch_size=config.batch_size,
        maximum_batching_window_in_seconds=config.maximum_batching_window_ms // 1000,
        event_source_arn=record.source_arn,
        filter_criteria=FilterCriteria(filters=filters) if filters else None,
        kms_key_arn=record.kms_key_arn or None,
        metrics_config=None if metrics is None else MetricsConfig(metrics=metrics),
        function_arn=record.function_arn,
        last_modified=Timestamp(record.modified_ms),
        state=record.state.value,
        state_transition_reason=USER_INITIATED if config.is_queue else USER_ACTION,
        function_response_types=[FunctionResponseType.REPORT_BATCH_ITEM_FAILURES] if reports else [],
        event_source_mapping_arn=record.arn,
    )
    return msgspec.structs.replace(told, **(_of_queue(record) if config.is_queue else _of_stream(record)))


def _of_stream(record: MappingRecord) -> dict[str, Any]:
    config = record.config
    timestamp_ms = config.starting_position_timestamp_ms
    return {
        "starting_position": EventSourcePosition(config.starting_position.value),
        "starting_position_timestamp": None if timestamp_ms is None else Timestamp(timestamp_ms),
        "parallelization_factor": config.parallelization_factor,
        "last_processing_result": record.last_result,
        "destination_config": DestinationConfig(on_failure=Destination(destination=config.on_failure or None)),
        "maximum_record_age_in_seconds": config.maximum_record_age_s,
        "bisect_batch_on_function_error": config.bisect_batch_on_function_error,
        "maximum_retry_attempts": config.maximum_retry_attempts,
        "tumbling_window_in_seconds": config.tumbling_window_s,
    }


def _of_queue(record: MappingRecord) -> dict[str, Any]:
    """AWS tells no LastProcessingResult of a queue; here it is told when it is a problem."""
    most, result = record.config.maximum_concurrency, record.last_result
    return {
        "scaling_config": ScalingConfig(maximum_concurrency=most) if most else None,
        "last_processing_result": result if result.startswith("PROBLEM") else None,
    }


# ---------------------------------------------------------------- what is given


class Sourced(Protocol):
    """Members of Create alone that neither streams nor queues have."""

    @property
    def topics(self) -> Any: ...
    @property
    def queues(self) -> Any: ...
    @property
    def self_managed_event_source(self) -> Any: ...


def check_options(functions: Functions, input_: Options) -> None:
    """Refuses what is neither for streams nor for queues, or cannot be. Raises InvalidValueError."""
    destinations = input_.destination_config
    if destinations is not None and destinations.on_success is not None:
        raise unsupported("DestinationConfig")
    for field in msgspec.structs.fields(Options):
        if field.type is Refused and getattr(input_, field.name) not in (None, [], {}):
            raise unsupported(field.encode_name)
    age_s = input_.maximum_record_age_in_seconds
    if age_s is not None and age_s != INFINITE and age_s < RECORD_AGE_MIN_S:
        raise InvalidValueError(
            f"MaximumRecordAgeInSeconds must be {INFINITE} or from {RECORD_AGE_MIN_S} to 604800; got {age_s}."
        )
    metrics = None if input_.metrics_config is None else input_.metrics_config.metrics
    if metrics and EventSourceMappingMetric.KAFKA_METRICS in metrics:
        raise unsupported("MetricsConfig")
    if input_.filter_criteria is not None:
        _check_filters(input_.filter_criteria)
    target = on_failure_of(input_)
    if target and not functions.destinations.offers(target):
        kinds = ", ".join(sorted(functions.destinations.services))
        raise InvalidValueError(f"The destination {target} is not available here; there are: {kinds}.")


def _check_filters(criteria: FilterCriteria) -> None:
    filters = criteria.filters or []
    if len(filters) > FILTERS_MAX:
        raise InvalidValueError(f"FilterCriteria can have at most {FILTERS_MAX} filters; got {len(filters)}.")
    for each in filters:
        try:
            EventPattern(each.pattern or "")
        except InvalidPatternError:
            raise InvalidValueError("Invalid filter pattern definition.") from None


def unsupported(member: str) -> InvalidValueError:
    return InvalidValueError(f"Unsupported {member} parameter for given event source mapping type.")


def on_failure_of(input_: Options) -> str | None:
    """The destination that is given, "" to have none, None for no word about it."""
    config = input_.destination_config
    if config is None:
        return None
    return (config.on_failure.destination if config.on_failure is not None else None) or ""


def settings_of(input_: Options) -> dict[str, Any]:
    """The fields of a MappingConfig that are given."""
    window_s = input_.maximum_batching_window_in_seconds
    types, criteria, scaling = input_.function_response_types, input_.filter_criteria, input_.scaling_config
    filters = None if criteria is None else tuple(each.pattern or "" for each in criteria.filters or ())
    given = {
        "enabled": input_.enabled,
        "batch_size": input_.batch_size,
        "maximum_batching_window_ms": None if window_s is None else window_s * 1000,
        "parallelization_factor": input_.parallelization_factor,
        "on_failure": on_failure_of(input_),
        "maximum_record_age_s": input_.maximum_record_age_in_seconds,
        "bisect_batch_on_function_error": input_.bisect_batch_on_function_error,
        "maximum_retry_attempts": input_.maximum_retry_attempts,
        "tumbling_window_s": input_.tumbling_window_in_seconds,
        "report_batch_item_failures": None if types is None else bool(types),
        "filters": filters,
        "maximum_concurrency": None if scaling is None else scaling.maximum_concurrency or 0,
    }
    return {name: value for name, value in given.items() if value is not None}


def kept_settings(input_: Options) -> dict[str, Any]:
    """The fields of a MappingRecord that are given."""
    config = input_.metrics_config
    metrics = None if config is None else tuple(each.value for each in config.metrics or ())
    given = {"kms_key_arn": input_.kms_key_arn, "metrics": metrics}
    return {name: value for name, value in given.items() if value is not None}


def check_stream_options(input_: Options) -> None:
    """Refuses what is for queues. Raises InvalidValueError."""
    if input_.scaling_config is not None:
        raise unsupported("ScalingConfig")


def check_together(factor: int, tumbling_window_s: int) -> None:
    """Raises InvalidValueError: the state of a window belongs to a whole shard."""
    if factor > 1 and tumbling_window_s:
        raise InvalidValueError("TumblingWindowInSeconds cannot be used with a ParallelizationFactor above 1.")


def function_of(functions: Functions, call: Call, name: str) -> FunctionRef:
    """A function of the caller's, or a version or alias of it. Raises InvalidValueError."""
    try:
        ref = parse_function(name, None, call.scope)
        if ref.key.scope != call.scope:
            raise NotFoundError(name)
        functions.catalog.configuration(ref)
    except NotFoundError:
        raise InvalidValueError("Function does not exist") from None
    return ref


def stream_of(broker: Broker, source_arn: str | None) -> tuple[str, str]:
    """(stream ARN, consumer ARN or nothing) of a source that is there. Raises InvalidValueError."""
    if not source_arn:
        raise InvalidValueError("Unrecognized event source.")
    if service_of(source_arn) != "kinesis":
        raise InvalidValueError(
            f"Unrecognized event source, must be kinesis or sqs. Unsupported source: {source_arn[:300]}"
        )
    try:
        if "/consumer/" not in source_arn:
            return broker.describe_stream(source_arn).arn, ""
        consumer = broker.describe_consumer(source_arn)
    except StreamNotFound:
        raise InvalidValueError(f"Stream not found: {source_arn}") from None
    except ResourceNotFound:
        raise InvalidValueError(f"Consumer not found: {source_arn}") from None
    except StreamcoreError as error:
        raise InvalidValueError(str(error)) from None
    if consumer.status is not ConsumerStatus.ACTIVE:
        raise InvalidValueError(f"Consumer {source_arn} is not ACTIVE, instead in state {consumer.status}.")
    return consumer.stream_arn, consumer.arn
