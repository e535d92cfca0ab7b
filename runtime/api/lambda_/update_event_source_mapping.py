"""UpdateEventSourceMapping: https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html"""

from __future__ import annotations

from typing import Any

import msgspec

from runtime.api.lambda_.event_sources import (
    EventSourceMapping,
    Options,
    UuidLabel,
    check_options,
    check_stream_options,
    check_together,
    function_of,
    kept_settings,
    settings_of,
    told,
)
from runtime.api.lambda_.queue_sources import check_queue, check_queue_options
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.roles import check_reads, check_sends
from runtime.api.lambda_.shapes import NamespacedFunctionName
from runtime.app import Functions
from runtime.model.event_source_mapping import MappingRecord
from streamcore.api.aws.service import Call


class UpdateEventSourceMappingInput(Options, frozen=True, kw_only=True):
    uuid: UuidLabel
    function_name: NamespacedFunctionName | None = None


@LAMBDA.action("UpdateEventSourceMapping", "PUT", "/2015-03-31/event-source-mappings/{UUID}", status=202)
async def update_event_source_mapping(
    functions: Functions, call: Call, input_: UpdateEventSourceMappingInput
) -> EventSourceMapping:
    """Changes what is given. Positions are kept; a batch that is with the function ends first."""
    mappings = functions.event_source_mappings
    found = mappings.get(input_.uuid, call.scope)
    check_options(functions, input_)
    if found.config.is_queue:
        check_queue_options(input_)
    else:
        check_stream_options(input_)
    settings, kept = settings_of(input_), kept_settings(input_)
    if found.config.is_queue:
        settings.pop("on_failure", None)  # an empty one
    if input_.function_name is not None:
        ref = function_of(functions, call, input_.function_name)
        settings["function_name"], kept["qualifier"] = ref.key.name, ref.qualifier

    def change(record: MappingRecord) -> MappingRecord:
        after = _changed(record, settings, kept)
        if after.config.is_queue and after.config.enabled:  # to disable it is always possible
            check_queue(functions, after)
        role = functions.role_of(after.function_arn)
        if after.function_arn != record.function_arn:
            check_reads(call, role, after.config.stream, after.config.consumer or "")
        if (after.function_arn, after.config.on_failure) != (record.function_arn, record.config.on_failure):
            check_sends(call, role, after.config.on_failure)
        return after

    return told(await mappings.update(found.uuid, change))


def _changed(record: MappingRecord, settings: dict[str, Any], kept: dict[str, Any]) -> MappingRecord:
    """Raises InvalidValueError."""
    together = (
        settings.get("parallelization_factor", record.config.parallelization_factor),
        settings.get("tumbling_window_s", record.config.tumbling_window_s),
    )
    check_together(*together)
    return msgspec.structs.replace(record, config=msgspec.structs.replace(record.config, **settings), **kept)
