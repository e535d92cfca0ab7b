"""Invoke: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from runtime.api.lambda_.functions import refuse
from runtime.api.lambda_.registry import LAMBDA
from runtime.api.lambda_.shapes import LambdaShape, NamespacedFunctionNameLabel, QualifierInQuery
from runtime.app import Functions
from runtime.errors import MediaTypeError, RequestContentError
from runtime.functions.invoker import Invoked
from runtime.model.log_lines import tail
from streamcore.api.aws.binding import PAYLOAD, STATUS, header
from streamcore.api.aws.service import Call

#: Of the header, in base64.
CLIENT_CONTEXT_MAX_BYTES: Final = 3583
#: Somewhat more than an event may have, so that what is too large gets its own sentence.
BODY_MAX_BYTES: Final = 16 * 1024 * 1024
#: What clients send with JSON, or with a body that they know nothing about.
_MEDIA_TYPES: Final = ("json", "octet-stream")


class InvocationType(StrEnum):
    EVENT = "Event"
    REQUEST_RESPONSE = "RequestResponse"
    DRY_RUN = "DryRun"


class LogType(StrEnum):
    NONE = "None"
    TAIL = "Tail"


class InvocationInput(LambdaShape, frozen=True, kw_only=True):
    function_name: NamespacedFunctionNameLabel
    invocation_type: Annotated[InvocationType, header("X-Amz-Invocation-Type")] | None = None
    log_type: Annotated[LogType, header("X-Amz-Log-Type")] | None = None
    client_context: Annotated[str, header("X-Amz-Client-Context")] | None = None
    durable_execution_name: Annotated[str, header("X-Amz-Durable-Execution-Name")] | None = None
    payload: Annotated[bytes, PAYLOAD] = b""
    qualifier: QualifierInQuery | None = None
    tenant_id: Annotated[str, header("X-Amz-Tenant-Id")] | None = None
    #: Not in the service model: handed to the function as `_X_AMZN_TRACE_ID`.
    trace_id: Annotated[str, header("X-Amzn-Trace-Id")] | None = None
    #: Not in the service model either: what the payload is said to be.
    content_type: Annotated[str, header("Content-Type")] | None = None


class InvocationOutput(LambdaShape, frozen=True, kw_only=True):
    status_code: Annotated[int, STATUS]
    function_error: Annotated[str, header("X-Amz-Function-Error")] | None = None
    log_result: Annotated[str, header("X-Amz-Log-Result")] | None = None
    payload: Annotated[bytes, PAYLOAD] = b""
    executed_version: Annotated[str, header("X-Amz-Executed-Version")] | None = None


@LAMBDA.action("Invoke", "POST", "/2015-03-31/functions/{FunctionName}/invocations", body_max_bytes=BODY_MAX_BYTES)
async def invoke(functions: Functions, call: Call, input_: InvocationInput) -> InvocationOutput:
    """Runs a function and answers with its result (a failure of the function is status 200 as well), or only takes the
    event (`Event`), or only looks whether it could (`DryRun`)."""
    refuse(
        DurableExecutionName=(input_.durable_execution_name, "there are no durable executions"),
        TenantId=(input_.tenant_id, "tenants are not isolated"),
    )
    check_media_type(input_.content_type)
    event = event_of(input_.payload)
    client_context = None if input_.client_context is None else decode_client_context(input_.client_context)
    name, qualifier = input_.function_name, input_.qualifier
    if input_.invocation_type is InvocationType.DRY_RUN:
        functions.invoker.target(name, call.scope, qualifier=qualifier)
        return InvocationOutput(status_code=204)
    if input_.invocation_type is InvocationType.EVENT:
        await functions.invoker.enqueue(
            name,
            event,
            call.scope,
            qualifier=qualifier,
            request_id=call.request_id,
            client_context=client_context,
            trace_id=input_.trace_id,
        )
        return InvocationOutput(status_code=202)
    done = await functions.invoker.invoke(
        name,
        event,
        call.scope,
        qualifier=qualifier,
        request_id=call.request_id,
        client_context=client_context,
        trace_id=input_.trace_id,
    )
    outcome = done.outcome
    return InvocationOutput(
        status_code=200,
        function_error=outcome.function_error,
        log_result=_tail(done, call) if input_.log_type is LogType.TAIL else None,
        payload=outcome.payload,
        executed_version=done.version,
    )


def check_media_type(content_type: str | None) -> None:
    if content_type and not any(name in content_type.lower() for name in _MEDIA_TYPES):
        raise MediaTypeError("The content type of the Invoke request body is not JSON.")


def event_of(payload: bytes) -> bytes:
    """The event of a payload; none at all is an empty object. Raises RequestContentError."""
    if not payload:
        return b"{}"
    try:
        msgspec.json.decode(payload, type=msgspec.Raw)
        payload.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestContentError(f"Could not parse request body into json: {error}") from None
    return payload


def decode_client_context(text: str) -> str:
    """The JSON in the header. Raises RequestContentError."""
    if len(text) > CLIENT_CONTEXT_MAX_BYTES:
        raise RequestContentError(f"Client context must be at most {CLIENT_CONTEXT_MAX_BYTES} bytes in base64.")
    try:
        decoded = b64decode(text, validate=True)
        if isinstance(msgspec.json.decode(decoded), dict):
            return decoded.decode()
    except (binascii.Error, msgspec.DecodeError, ValueError, RecursionError):
        pass
    raise RequestContentError("Client context must be a valid Base64-encoded JSON object.")


def _tail(done: Invoked, call: Call) -> str:
    return b64encode(tail(done.spec, done.outcome, call.broker.clock.now_ms())).decode()
