"""GetEventSourceMapping: https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html"""

from __future__ import annotations

from runtime.api.lambda_.event_sources import EventSourceMapping, UuidLabel, told
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape
from runtime.app import Functions
from streamcore.api.aws.service import Call


class GetEventSourceMappingInput(LambdaShape, frozen=True, kw_only=True):
    uuid: UuidLabel


@LAMBDA.action("GetEventSourceMapping", "GET", "/2015-03-31/event-source-mappings/{UUID}")
async def get_event_source_mapping(
    functions: Functions, call: Call, input_: GetEventSourceMappingInput
) -> EventSourceMapping:
    return told(functions.event_source_mappings.get(input_.uuid, call.scope))
