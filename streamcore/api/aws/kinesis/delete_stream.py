"""DeleteStream: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_DeleteStream.html"""

from __future__ import annotations

from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN, StreamName, find_stream
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape
from streamcore.errors import StreamNotActive
from streamcore.model.stream import StreamStatus


class DeleteStreamInput(Shape, frozen=True, kw_only=True):
    #: Whether a stream goes together with its registered consumers; else one that has any is refused.
    enforce_consumer_deletion: bool | None = None
    stream_name: StreamName | None = None
    stream_arn: StreamARN | None = None


@KINESIS.action("DeleteStream")
async def delete_stream(call: Call, input_: DeleteStreamInput) -> None:
    """Starts the removal; "if the stream is in the ACTIVE state, you can delete it", else ResourceInUse."""
    stream = find_stream(call, input_)
    if stream.status is not StreamStatus.ACTIVE:
        raise StreamNotActive(stream=stream.name, account=stream.account, status=stream.status)
    enforce = input_.enforce_consumer_deletion is True
    await call.broker.delete_stream(stream.name, scope=stream.scope, enforce_consumer_deletion=enforce, wait=False)
