"""Targets of schedules: as clients say them, as they are kept, and which of them can be had here."""

from __future__ import annotations

from typing import Annotated, Final

from runtime.api.scheduler.shapes import Refused, SchedulerShape
from runtime.destinations.router import service_of
from runtime.errors import SchedulerError
from runtime.events.service import Events, bus_arn
from runtime.model.event_rule import AGE_DEFAULT_S, RETRIES_DEFAULT
from runtime.model.scheduler import ScheduleTarget
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import number, text

Arn = Annotated[str, text(1, 1600)]
RoleArn = Annotated[str, text(1, 1600, r"arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@\/-]+")]
_SOURCE: Final = r"(?=[/\.\-_A-Za-z0-9]+)((?!aws\.).*)|(\$(\.[\w_-]+(\[(\d+|\*)\])*)*)"


class DeadLetterConfig(SchedulerShape, frozen=True, kw_only=True):
    arn: Annotated[str, text(1, 1600, r"arn:aws[a-z-]*:sqs:[a-z0-9\-]+:\d{12}:[a-zA-Z0-9\-_]+")] | None = None


class RetryPolicy(SchedulerShape, frozen=True, kw_only=True):
    maximum_event_age_in_seconds: Annotated[int, number(60, 86_400)] | None = None
    maximum_retry_attempts: Annotated[int, number(0, 185)] | None = None


class EventBridgeParameters(SchedulerShape, frozen=True, kw_only=True):
    detail_type: Annotated[str, text(1, 128)]
    source: Annotated[str, text(1, 256, _SOURCE)]


class KinesisParameters(SchedulerShape, frozen=True, kw_only=True):
    partition_key: Annotated[str, text(1, 256)]


class SqsParameters(SchedulerShape, frozen=True, kw_only=True):
    message_group_id: Annotated[str, text(1, 128)] | None = None


class TargetShape(SchedulerShape, frozen=True, kw_only=True):
    arn: Arn
    role_arn: RoleArn
    dead_letter_config: DeadLetterConfig | None = None
    retry_policy: RetryPolicy | None = None
    input: Annotated[str, text(1, 2**31)] | None = None
    ecs_parameters: Refused | None = None
    event_bridge_parameters: EventBridgeParameters | None = None
    event_bridge_put_events_v2_parameters: Refused | None = None
    event_bridge_put_raw_events_parameters: Refused | None = None
    kinesis_parameters: KinesisParameters | None = None
    sage_maker_pipeline_parameters: Refused | None = None
    sqs_parameters: SqsParameters | None = None


_REFUSED: Final = {
    "ecs_parameters": "EcsParameters",
    "event_bridge_put_events_v2_parameters": "EventBridgePutEventsV2Parameters",
    "event_bridge_put_raw_events_parameters": "EventBridgePutRawEventsParameters",
    "sage_maker_pipeline_parameters": "SageMakerPipelineParameters",
}
#: The parameters that belong to one service alone.
_BELONG: Final = {"kinesis_parameters": "kinesis", "event_bridge_parameters": "events", "sqs_parameters": "sqs"}


def kept(events: Events, call: Call, shape: TargetShape) -> ScheduleTarget:
    """A target as it is kept. Raises SchedulerError for what cannot be had here."""
    dead_letter = (shape.dead_letter_config.arn or "") if shape.dead_letter_config else ""
    _check(events, call, shape, dead_letter)
    retry, bus = shape.retry_policy or RetryPolicy(), shape.event_bridge_parameters
    return ScheduleTarget(
        arn=shape.arn,
        role=shape.role_arn,
        input=shape.input or "",
        partition_key=shape.kinesis_parameters.partition_key if shape.kinesis_parameters else "",
        source=bus.source if bus else "",
        detail_type=bus.detail_type if bus else "",
        group_id=(shape.sqs_parameters.message_group_id or "") if shape.sqs_parameters else "",
        retries=RETRIES_DEFAULT if retry.maximum_retry_attempts is None else retry.maximum_retry_attempts,
        age_s=retry.maximum_event_age_in_seconds or AGE_DEFAULT_S,
        dead_letter=dead_letter,
    )


def _check(events: Events, call: Call, shape: TargetShape, dead_letter: str) -> None:
    service = service_of(shape.arn)
    if not service:
        raise SchedulerError("Provided Arn is not in correct format.")
    for field, name in _REFUSED.items():
        if getattr(shape, field) is not None:
            raise SchedulerError(f"{name} is not offered here: there are no such targets.")
    for field, owner in _BELONG.items():
        if getattr(shape, field) is not None and service != owner:
            raise SchedulerError(f"Target parameters of {owner} are not for a target of the service {service}.")
    if service == "events":
        if shape.arn != bus_arn(call.scope):
            raise SchedulerError("Of event buses, the default one of the caller's account and region is there.")
        if shape.event_bridge_parameters is None:
            raise SchedulerError("EventBridgeParameters must be specified for this target.")
    elif not events.destinations.offers(shape.arn):
        offered = ", ".join(sorted({*events.destinations.services, "events"}))
        raise SchedulerError(f"Targets of the service {service} are not offered here; those that are: {offered}.")
    if service == "kinesis" and shape.kinesis_parameters is None:
        raise SchedulerError("KinesisParameters must be specified for this target.")
    if dead_letter and not events.destinations.offers(dead_letter):
        raise SchedulerError("Dead letter queues are not offered here.")


def told(target: ScheduleTarget) -> TargetShape:
    """A target as clients gave it; the retry policy is always told."""
    bus = EventBridgeParameters(detail_type=target.detail_type, source=target.source) if target.detail_type else None
    return TargetShape(
        arn=target.arn,
        role_arn=target.role,
        dead_letter_config=DeadLetterConfig(arn=target.dead_letter) if target.dead_letter else None,
        retry_policy=RetryPolicy(maximum_event_age_in_seconds=target.age_s, maximum_retry_attempts=target.retries),
        input=target.input or None,
        event_bridge_parameters=bus,
        kinesis_parameters=KinesisParameters(partition_key=target.partition_key) if target.partition_key else None,
        sqs_parameters=SqsParameters(message_group_id=target.group_id) if target.group_id else None,
    )
