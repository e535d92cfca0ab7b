"""What API gateways are given by the composition: functions, the other services here, an HTTP client, logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streamcore.api.http import Request, Response

if TYPE_CHECKING:
    from runtime.app import Functions
    from runtime.gateway.ports import HttpCall, HttpResult, Ports, ServiceCall
    from runtime.logbook import Logbook
    from runtime.model.invocation import Outcome
    from streamcore.api.http import Api
    from streamcore.api.outgoing import HttpClient
    from streamcore.model.stream import Scope

_MOST_BYTES: Final = 10 * 1024 * 1024


class GatewayPorts:
    """`services` is what takes requests to AWS services; it is set when those are there, before any request comes."""

    def __init__(self, functions: Functions, logbook: Logbook, client: HttpClient) -> None:
        self._functions = functions
        self._logbook = logbook
        self._client = client
        self.services: Api | None = None

    def ports(self) -> Ports:
        from runtime.gateway.ports import Ports

        return Ports(
            call_function=self.call_function,
            queue_function=self._functions.invoker.enqueue,
            call_service=self.call_service,
            call_http=self.call_http,
            write_log=self.write_log,
        )

    async def call_function(self, name: str, event: bytes, *, scope: Scope, request_id: str) -> Outcome:
        return (await self._functions.call(name, event, scope=scope, request_id=request_id)).outcome

    async def call_service(self, call: ServiceCall) -> HttpResult:
        from runtime.gateway.ports import HttpResult

        credential = f"{call.scope.account}/20000101/{call.scope.region}/{call.service}/aws4_request"
        headers = {
            **call.headers,
            "host": f"{call.service}.{call.scope.region}.internal",
            "x-amz-date": "20000101T000000Z",
            "authorization": f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=0",
        }
        assert self.services is not None
        answer = await self.services.handle(Request(call.method, call.path, headers, call.body, call.query))
        if isinstance(answer, Response):
            return HttpResult(status=answer.status, headers=list(answer.headers.items()), body=answer.body)
        body = b""
        try:
            async for piece in answer.events:
                body += piece
                if len(body) > _MOST_BYTES:
                    return HttpResult(status=500, headers=[], body=b"")
        finally:
            close = getattr(answer.events, "aclose", None)
            if close is not None:
                await close()
        return HttpResult(status=answer.status, headers=list(answer.headers.items()), body=body)

    async def call_http(self, call: HttpCall) -> HttpResult:
        from runtime.gateway.ports import HttpCallError, HttpResult
        from streamcore.api.outgoing import OutgoingError

        try:
            answer = await self._client.request(
                call.method, call.url, call.headers, call.body, timeout_s=call.timeout_s, most_bytes=_MOST_BYTES
            )
        except OutgoingError as error:
            raise HttpCallError(str(error)) from error
        return HttpResult(status=answer.status, headers=answer.headers, body=answer.body)

    def write_log(self, arn: str, stream: str, at_ms: int, line: str) -> None:
        from runtime.logs.values import GroupKey
        from streamcore.model.stream import Scope

        _, _, _, region, account, _, name, *_ = arn.split(":")
        self._logbook.store.append(GroupKey(Scope(account, region), name), stream, [(at_ms, line)])
