"""ListStreams: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_ListStreams.html"""

from __future__ import annotations

from typing import Annotated, Final

from streamcore.api.aws.kinesis.shapes import KINESIS, StreamModeDetails, StreamName, creation
from streamcore.api.aws.kinesis.tokens import Page, decode_token, encode_token
from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import NextToken, Shape, Timestamp, number
from streamcore.errors import InvalidArgument
from streamcore.model.stream import StreamInfo, StreamStatus

#: Default, and what any larger Limit means.
PAGE_STREAMS: Final = 100


class ListStreamsInput(Shape, frozen=True, kw_only=True):
    limit: Annotated[int, number(1, 10_000)] | None = None
    exclusive_start_stream_name: StreamName | None = None
    next_token: NextToken | None = None


class StreamSummary(Shape, frozen=True, kw_only=True):
    stream_name: str
    stream_arn: str
    stream_status: StreamStatus
    stream_mode_details: StreamModeDetails
    stream_creation_timestamp: Timestamp


class ListStreamsOutput(Shape, frozen=True, kw_only=True):
    stream_names: list[str]
    has_more_streams: bool
    next_token: str | None = None
    stream_summaries: list[StreamSummary]


class StreamsPage(Page, frozen=True, tag="streams"):
    after: str


@KINESIS.action("ListStreams")
async def list_streams(call: Call, input_: ListStreamsInput) -> ListStreamsOutput:
    """The streams of the account and region, in the order of their names."""
    after = _after(call, input_)
    streams = [stream for stream in call.broker.list_streams(call.scope) if stream.name > after]
    page = streams[: min(input_.limit or PAGE_STREAMS, PAGE_STREAMS)]
    has_more = len(page) < len(streams)
    token = StreamsPage(call.broker.clock.now_ms(), page[-1].name) if has_more else None
    return ListStreamsOutput(
        stream_names=[stream.name for stream in page],
        has_more_streams=has_more,
        next_token=None if token is None else encode_token(token),
        stream_summaries=[_summary(stream) for stream in page],
    )


def _after(call: Call, input_: ListStreamsInput) -> str:
    """The name behind which the page begins."""
    if input_.next_token is None:
        return input_.exclusive_start_stream_name or ""
    if input_.exclusive_start_stream_name is not None:
        raise InvalidArgument("NextToken and ExclusiveStartStreamName cannot be provided together.")
    return decode_token(input_.next_token, StreamsPage, call.broker.clock.now_ms()).after


def _summary(stream: StreamInfo) -> StreamSummary:
    return StreamSummary(
        stream_name=stream.name,
        stream_arn=stream.arn,
        stream_status=stream.status,
        stream_mode_details=StreamModeDetails(stream_mode=stream.mode),
        stream_creation_timestamp=creation(stream),
    )
