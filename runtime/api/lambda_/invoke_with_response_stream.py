"""InvokeWithResponseStream: https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html"""

from __future__ import annotations

from base64 import b64encode
from enum import StrEnum
from functools import partial
from typing import Annotated, Final

import msgspec

from runtime.api.lambda_.functions import refuse
from runtime.api.lambda_.invoke import BODY_MAX_BYTES, LogType, check_media_type, decode_client_context, event_of
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel, QualifierInQuery
from runtime.app import Functions
from runtime.functions.invoker import Invoked
from runtime.functions.streaming import StreamedInvocation, begin
from runtime.model.log_lines import tail
from streamcore.api.aws import eventstream
from streamcore.api.aws.binding import PAYLOAD, header
from streamcore.api.aws.service import Call
from streamcore.api.http import Response, StreamingResponse

_OCTETS: Final = "application/octet-stream"


class ResponseStreamingInvocationType(StrEnum):
    REQUEST_RESPONSE = "RequestResponse"
    DRY_RUN = "DryRun"


class InvokeWithResponseStreamInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    invocation_type: Annotated[ResponseStreamingInvocationType, header("X-Amz-Invocation-Type")] | None = None
    log_type: Annotated[LogType, header("X-Amz-Log-Type")] | None = None
    client_context: Annotated[str, header("X-Amz-Client-Context")] | None = None
    qualifier: QualifierInQuery | None = None
    payload: Annotated[bytes, PAYLOAD] = b""
    tenant_id: Annotated[str, header("X-Amz-Tenant-Id")] | None = None
    #: Not in the service model, as in Invoke.
    trace_id: Annotated[str, header("X-Amzn-Trace-Id")] | None = None
    content_type: Annotated[str, header("Content-Type")] | None = None


class InvokeComplete(msgspec.Struct, frozen=True, omit_defaults=True, rename="pascal"):
    """The last event."""

    error_code: str | None = None
    error_details: str | None = None
    log_result: str | None = None


@LAMBDA.action(
    "InvokeWithResponseStream",
    "POST",
    "/2021-11-15/functions/{FunctionName}/response-streaming-invocations",
    body_max_bytes=BODY_MAX_BYTES,
)
async def invoke_with_response_stream(
    functions: Functions, call: Call, input_: InvokeWithResponseStreamInput
) -> Response | StreamingResponse:
    """Runs a function and answers with its result in pieces, as they come; a runtime that does not stream gives one."""
    refuse(TenantId=(input_.tenant_id, "tenants are not isolated"))
    check_media_type(input_.content_type)
    event = event_of(input_.payload)
    context = None if input_.client_context is None else decode_client_context(input_.client_context)
    target = functions.invoker.target(input_.function_name, call.scope, qualifier=input_.qualifier)
    if input_.invocation_type is ResponseStreamingInvocationType.DRY_RUN:
        return Response(204, {"X-Amz-Executed-Version": target.version})
    started = await begin(
        lambda stream: functions.call(
            input_.function_name,
            event,
            scope=call.scope,
            qualifier=input_.qualifier,
            request_id=call.request_id,
            client_context=context,
            trace_id=input_.trace_id,
            stream=stream,
        )
    )
    log = partial(_tail, call) if input_.log_type is LogType.TAIL else None
    headers = {"content-type": eventstream.CONTENT_TYPE, "X-Amz-Executed-Version": target.version}
    return StreamingResponse(200, headers, _Frames(started, log))


class _Frames:
    """The pieces as events, then what came of it."""

    def __init__(self, started: StreamedInvocation, log: partial[str] | None) -> None:
        self._started = started
        self._log = log
        self._is_over = False

    def __aiter__(self) -> _Frames:
        return self

    async def __anext__(self) -> bytes:
        if self._is_over:
            raise StopAsyncIteration
        piece = await anext(self._started, None)
        if piece is not None:
            return eventstream.event("PayloadChunk", _OCTETS, piece)
        self._is_over = True
        done = await self._started.outcome()
        return eventstream.event("InvokeComplete", "application/json", msgspec.json.encode(self._complete(done)))

    def _complete(self, done: Invoked) -> InvokeComplete:
        outcome = done.outcome
        log = None if self._log is None else self._log(done)
        if outcome.ok:
            return InvokeComplete(log_result=log)
        return InvokeComplete(outcome.function_error, outcome.payload.decode(errors="replace"), log)

    async def aclose(self) -> None:
        self._is_over = True
        await self._started.aclose()


def _tail(call: Call, done: Invoked) -> str:
    return b64encode(tail(done.spec, done.outcome, call.broker.clock.now_ms())).decode()
