"""Targets of rules: as clients say them, as they are kept, and which of them can be had here."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from runtime.api.events.shapes import Arn, EventsShape, FailedEntry, Refused, TargetId
from runtime.destinations.router import service_of
from runtime.errors import InvalidEventRuleError
from runtime.events.service import Events
from runtime.model.event_rule import AGE_DEFAULT_S, RETRIES_DEFAULT, Target
from streamcore.api.aws.shapes import number, text

TargetPath = Annotated[str, msgspec.Meta(max_length=256)]
PathKey = Annotated[str, text(1, 256, r"[A-Za-z0-9\_\-]+")]


class InputTransformer(EventsShape, frozen=True, kw_only=True):
    input_paths_map: Annotated[dict[PathKey, TargetPath], msgspec.Meta(max_length=100)] | None = None
    input_template: Annotated[str, text(1, 8192)]


class KinesisParameters(EventsShape, frozen=True, kw_only=True):
    partition_key_path: TargetPath


class SqsParameters(EventsShape, frozen=True, kw_only=True):
    message_group_id: Annotated[str, msgspec.Meta(max_length=100)] | None = None


class DeadLetterConfig(EventsShape, frozen=True, kw_only=True):
    arn: Arn | None = None


class RetryPolicy(EventsShape, frozen=True, kw_only=True):
    maximum_retry_attempts: Annotated[int, number(0, 185)] | None = None
    maximum_event_age_in_seconds: Annotated[int, number(60, 86_400)] | None = None


class TargetShape(EventsShape, frozen=True, kw_only=True):
    id: TargetId
    arn: Arn
    role_arn: Arn | None = None
    input: Annotated[str, msgspec.Meta(max_length=8192)] | None = None
    input_path: TargetPath | None = None
    input_transformer: InputTransformer | None = None
    kinesis_parameters: KinesisParameters | None = None
    run_command_parameters: Refused | None = None
    ecs_parameters: Refused | None = None
    batch_parameters: Refused | None = None
    sqs_parameters: SqsParameters | None = None
    http_parameters: Refused | None = None
    redshift_data_parameters: Refused | None = None
    sage_maker_pipeline_parameters: Refused | None = None
    dead_letter_config: DeadLetterConfig | None = None
    retry_policy: RetryPolicy | None = None
    app_sync_parameters: Refused | None = msgspec.field(name="AppSyncParameters", default=None)


_REFUSED: Final = {
    "run_command_parameters": "RunCommandParameters",
    "ecs_parameters": "EcsParameters",
    "batch_parameters": "BatchParameters",
    "http_parameters": "HttpParameters",
    "redshift_data_parameters": "RedshiftDataParameters",
    "sage_maker_pipeline_parameters": "SageMakerPipelineParameters",
    "app_sync_parameters": "AppSyncParameters",
}


def kept(shape: TargetShape) -> Target:
    """A target as it is kept. Raises InvalidEventRuleError for what is no ARN."""
    dead_letter = (shape.dead_letter_config.arn or "") if shape.dead_letter_config else ""
    for arn in (shape.arn, dead_letter):
        if arn and not service_of(arn):
            raise InvalidEventRuleError(
                f"Parameter {arn[:200]} is not valid. Reason: Provided Arn is not in correct format."
            )
    transformer, retry = shape.input_transformer, shape.retry_policy or RetryPolicy()
    return Target(
        id=shape.id,
        arn=shape.arn,
        role=shape.role_arn or "",
        input=shape.input or "",
        input_path=shape.input_path or "",
        template=transformer.input_template if transformer else "",
        paths=(transformer.input_paths_map or {}) if transformer else {},
        partition_key_path=shape.kinesis_parameters.partition_key_path if shape.kinesis_parameters else "",
        group_id=(shape.sqs_parameters.message_group_id or "") if shape.sqs_parameters else "",
        retries=RETRIES_DEFAULT if retry.maximum_retry_attempts is None else retry.maximum_retry_attempts,
        age_s=retry.maximum_event_age_in_seconds or AGE_DEFAULT_S,
        dead_letter=dead_letter,
    )


def told(target: Target) -> TargetShape:
    """A target as clients gave it."""
    transformer = InputTransformer(input_paths_map=target.paths or None, input_template=target.template)
    is_retry_told = (target.retries, target.age_s) != (RETRIES_DEFAULT, AGE_DEFAULT_S)
    return TargetShape(
        id=target.id,
        arn=target.arn,
        role_arn=target.role or None,
        input=target.input or None,
        input_path=target.input_path or None,
        input_transformer=transformer if target.template else None,
        kinesis_parameters=KinesisParameters(partition_key_path=target.partition_key_path)
        if target.partition_key_path
        else None,
        sqs_parameters=SqsParameters(message_group_id=target.group_id) if target.group_id else None,
        dead_letter_config=DeadLetterConfig(arn=target.dead_letter) if target.dead_letter else None,
        retry_policy=RetryPolicy(maximum_retry_attempts=target.retries, maximum_event_age_in_seconds=target.age_s)
        if is_retry_told
        else None,
    )


def refusal(events: Events, shape: TargetShape) -> FailedEntry | None:
    """Why a target cannot be had here; None when it can."""
    for field, name in _REFUSED.items():
        if getattr(shape, field) is not None:
            return _failed(shape, f"{name} is not offered here: there are no such targets.")
    dead_letter = shape.dead_letter_config.arn if shape.dead_letter_config else None
    for arn, what in ((shape.arn, "Targets"), (dead_letter, "Dead letter queues")):
        if arn and service_of(arn) and not events.destinations.offers(arn):
            offered = ", ".join(sorted(events.destinations.services))
            return _failed(
                shape, f"{what} of the service {service_of(arn)} are not offered here; those that are: {offered}."
            )
    return None


def _failed(shape: TargetShape, message: str) -> FailedEntry:
    return FailedEntry(target_id=shape.id, error_code="ValidationException", error_message=message)
