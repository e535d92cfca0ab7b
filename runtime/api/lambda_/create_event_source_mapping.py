"""CreateEventSourceMapping: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html"""

from __future__ import annotations

import uuid

from runtime.api.lambda_.event_sources import (
    EventSourceMapping,
    EventSourcePosition,
    Options,
    check_options,
    check_stream_options,
    check_together,
    function_of,
    kept_settings,
    on_failure_of,
    settings_of,
    stream_of,
    told,
    unsupported,
)
from runtime.api.lambda_.queue_sources import check_no_position, check_queue, check_queue_options
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.roles import check_reads, check_sends
from runtime.api.lambda_.shapes import Arn, NamespacedFunctionName, Refused, Tags
from runtime.app import Functions
from runtime.destinations.router import service_of
from runtime.errors import InvalidValueError
from runtime.model.configuration import check_tags
from runtime.model.event_source_mapping import MappingRecord
from runtime.model.mapping import QUEUE_BATCH_SIZE, MappingConfig, StartingPosition
from runtime.model.names import FunctionRef
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Timestamp


class CreateEventSourceMappingInput(Options, frozen=True, kw_only=True):
    event_source_arn: Arn | None = None
    function_name: NamespacedFunctionName
    starting_position: EventSourcePosition | None = None
    starting_position_timestamp: Timestamp | None = None
    tags: Tags | None = None
    topics: Refused = None
    queues: Refused = None
    self_managed_event_source: Refused = None


@LAMBDA.action("CreateEventSourceMapping", "POST", "/2015-03-31/event-source-mappings", status=202)
async def create_event_source_mapping(
    functions: Functions, call: Call, input_: CreateEventSourceMappingInput
) -> EventSourceMapping:
    """Feeds a function with the records of a stream or the messages of a queue; Creating on return. Where LATEST is, is
    fixed now."""
    for name, value in (
        ("Topics", input_.topics),
        ("Queues", input_.queues),
        ("SelfManagedEventSource", input_.self_managed_event_source),
    ):
        if value is not None:
            raise unsupported(name)
    check_options(functions, input_)
    if not input_.event_source_arn:
        raise InvalidValueError("Unrecognized event source.")
    check_tags(input_.tags or {})
    make = _from_queue if service_of(input_.event_source_arn) == "sqs" else _from_stream
    record = make(functions, call, input_)
    return told(await functions.event_source_mappings.create(record))


def _from_stream(functions: Functions, call: Call, input_: CreateEventSourceMappingInput) -> MappingRecord:
    """Raises InvalidValueError."""
    check_stream_options(input_)
    position, timestamp_ms = _position(input_, functions.catalog.now_ms())
    check_together(input_.parallelization_factor or 1, input_.tumbling_window_in_seconds or 0)
    ref = function_of(functions, call, input_.function_name)
    stream, consumer = stream_of(call.broker, input_.event_source_arn)
    role = functions.catalog.configuration(ref).role
    check_reads(call, role, stream, consumer or "")
    check_sends(call, role, on_failure_of(input_))
    config = MappingConfig(
        uuid=str(uuid.uuid4()),
        stream=stream,
        consumer=consumer,
        function_name=ref.key.name,
        starting_position=position,
        starting_position_timestamp_ms=timestamp_ms,
        **settings_of(input_),
    )
    return _record(functions, input_, ref, config)


def _from_queue(functions: Functions, call: Call, input_: CreateEventSourceMappingInput) -> MappingRecord:
    """Raises InvalidValueError."""
    check_queue_options(input_)
    check_no_position(input_.starting_position, input_.starting_position_timestamp)
    ref = function_of(functions, call, input_.function_name)
    check_reads(call, functions.catalog.configuration(ref).role, input_.event_source_arn or "")
    config = MappingConfig(
        uuid=str(uuid.uuid4()),
        stream=input_.event_source_arn or "",
        function_name=ref.key.name,
        starting_position=StartingPosition.TRIM_HORIZON,
        **({"batch_size": QUEUE_BATCH_SIZE} | settings_of(input_)),
    )
    record = _record(functions, input_, ref, config)
    check_queue(functions, record)
    return record


def _record(
    functions: Functions, input_: CreateEventSourceMappingInput, ref: FunctionRef, config: MappingConfig
) -> MappingRecord:
    now_ms = functions.catalog.now_ms()
    return MappingRecord(
        config=config,
        account=ref.key.account,
        region=ref.key.region,
        qualifier=ref.qualifier,
        created_ms=now_ms,
        modified_ms=now_ms,
        tags=input_.tags or {},
        **kept_settings(input_),
    )


def _position(input_: CreateEventSourceMappingInput, now_ms: int) -> tuple[StartingPosition, int | None]:
    """Raises InvalidValueError."""
    if input_.starting_position is None:
        raise InvalidValueError(
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: "
            "Member must not be null."
        )
    position, given = StartingPosition(input_.starting_position.value), input_.starting_position_timestamp
    if position is not StartingPosition.AT_TIMESTAMP:
        if given is not None:
            raise InvalidValueError("StartingPositionTimestamp is only for the starting position AT_TIMESTAMP.")
        return position, None
    if given is None:
        raise InvalidValueError("StartingPositionTimestamp must be given with the starting position AT_TIMESTAMP.")
    if not 0 <= given.ms <= now_ms:
        raise InvalidValueError("StartingPositionTimestamp cannot be in the future, nor before 1970.")
    return position, given.ms
