"""DeleteEventSourceMapping: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteEventSourceMapping.html"""

from __future__ import annotations

from runtime.api.lambda_.event_sources import EventSourceMapping, UuidLabel, told
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape
from runtime.app import Functions
from streamcore.api.aws.service import Call


class DeleteEventSourceMappingInput(LambdaShape, frozen=True, kw_only=True):
    uuid: UuidLabel


@LAMBDA.action("DeleteEventSourceMapping", "DELETE", "/2015-03-31/event-source-mappings/{UUID}", status=202)
async def delete_event_source_mapping(
    functions: Functions, call: Call, input_: DeleteEventSourceMappingInput
) -> EventSourceMapping:
    """Deleting on return. A batch that is with the function ends; then the mapping and its positions are gone."""
    mappings = functions.event_source_mappings
    return told(await mappings.delete(mappings.get(input_.uuid, call.scope).uuid))
