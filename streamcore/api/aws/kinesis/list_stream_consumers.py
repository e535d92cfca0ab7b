"""ListStreamConsumers: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreamConsumers.html"""

from __future__ import annotations

from typing import Annotated, Final

from streamcore.api.aws.kinesis.consumers import Consumer, consumer_shape
from streamcore.api.aws.kinesis.shapes import KINESIS, StreamARN
from streamcore.api.aws.kinesis.tokens import Page, decode_token, encode_token
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import NextToken, Shape, Timestamp, number
from streamcore.errors import InvalidArgument, ResourceNotFound, StreamNotFound
from streamcore.model.stream import StreamInfo

#: Default, and what any larger MaxResults means.
PAGE_CONSUMERS: Final = 100


class ListStreamConsumersInput(Shape, frozen=True, kw_only=True):
    max_results: Annotated[int, number(1, 10_000)] | None = None
    next_token: NextToken | None = None
    stream_creation_timestamp: Timestamp | None = None
    stream_arn: StreamARN


class ListStreamConsumersOutput(Shape, frozen=True, kw_only=True):
    consumers: list[Consumer]
    next_token: str | None = None


class ConsumersPage(Page, frozen=True, tag="consumers"):
    """Goes on behind the name `after`, in the stream of that ARN and creation time."""

    stream_arn: str
    created_ms: int
    after: str


@KINESIS.action("ListStreamConsumers")
async def list_stream_consumers(call: Call, input_: ListStreamConsumersInput) -> ListStreamConsumersOutput:
    """The consumers of a stream, in the order of their names."""
    stream = call.broker.describe_stream(input_.stream_arn, scope=call.scope)
    after = _after(call, input_, stream)
    consumers = [each for each in call.broker.list_consumers(stream.arn) if each.name > after]
    page = consumers[: min(input_.max_results or PAGE_CONSUMERS, PAGE_CONSUMERS)]
    token = None
    if len(page) < len(consumers):
        now_ms = call.broker.clock.now_ms()
        token = encode_token(ConsumersPage(now_ms, stream.arn, stream.created_ms, page[-1].name))
    return ListStreamConsumersOutput(consumers=[consumer_shape(each) for each in page], next_token=token)


def _after(call: Call, input_: ListStreamConsumersInput, stream: StreamInfo) -> str:
    """The name behind which the page begins."""
    created = input_.stream_creation_timestamp
    if input_.next_token is None:
        # botocore sends whole seconds only.
        if created is not None and created.ms // 1000 != stream.created_ms // 1000:
            raise StreamNotFound(stream=stream.name, account=stream.account)
        return ""
    if created is not None:
        raise InvalidArgument("NextToken and StreamCreationTimestamp cannot be provided together.")
    page = decode_token(input_.next_token, ConsumersPage, call.broker.clock.now_ms())
    if page.stream_arn != stream.arn:
        raise InvalidArgument("NextToken was issued for another stream than StreamARN.")
    if page.created_ms != stream.created_ms:
        raise ResourceNotFound("The stream of this NextToken does not exist any more.")
    return page.after
