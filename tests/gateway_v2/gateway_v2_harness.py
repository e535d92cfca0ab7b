"""boto3 against HTTP APIs without a socket, and requests to what is deployed: functions, services and HTTP servers are
answers of the test. Every answer of the management API passes the referee, botocore's model."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from multidict import CIMultiDict

from runtime.api.apigatewayv2 import APIGATEWAYV2
from runtime.api.execute_api.door import ExecuteApi
from runtime.api.execute_api.http import HttpPlane
from runtime.errors import NotFoundError
from runtime.gateway.httpapi.service import HttpGateway
from runtime.gateway.ports import HttpCall, HttpResult, Ports, ServiceCall
from runtime.model.invocation import Outcome, Status
from streamcore.api.aws.rest import RestJsonProtocol
from streamcore.api.aws.service import Endpoint
from streamcore.api.aws.target import TargetProtocol
from streamcore.api.http import Request, Response
from streamcore.broker import start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.model.stream import Scope
from streamcore.store.memory import MemoryStore

ACCOUNT = "123456789012"
REGION = "eu-west-1"
NOW_MS = 1_700_000_040_000  # 2023-11-14T22:14:00Z, a Tuesday
#: Told by actions whose model does not name them: what breaks a constraint, and what is still in use.
COMMON_ERRORS = {"BadRequestException", "ConflictException", "SerializationException"}
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
AUTHORIZER = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:auth"


def invocation(arn: str = FUNCTION) -> str:
    """The URI of a function's invocations."""
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"


@cache
def model() -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model("apigatewayv2", "service-2")
    return found


class FunctionError(Exception):
    """What a function of a test raises: the text of its error."""


class World:
    """A broker in memory with its HTTP APIs; can be restarted as after kill -9. `functions` are coroutines or plain
    functions from event to result, by ARN."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock(NOW_MS)
        self.store = MemoryStore()
        self.functions: dict[str, Callable[[Any], Any]] = {}
        self.events: list[Any] = []
        self.service_calls: list[ServiceCall] = []
        self.http_calls: list[HttpCall] = []
        self.service: Callable[[ServiceCall], HttpResult] = lambda call: HttpResult(status=200, headers=[], body=b"{}")
        self.server: Callable[[HttpCall], Any] = lambda call: HttpResult(status=200, headers=[], body=b"")
        self.lines: list[tuple[str, str, str]] = []
        self.run(self._start())
        self.client = self._client()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def _start(self) -> None:
        self.broker = await start_broker(settings(transition_ms=0), data=None, clock=self.clock, store=self.store)
        ports = Ports(
            call_function=self._call,
            queue_function=self._queue,
            call_service=self._service,
            call_http=self._http,
            write_log=lambda arn, stream, at_ms, line: self.lines.append((arn, stream, line)),
        )
        self.gateway = HttpGateway(self.broker, ports)
        await self.gateway.start()
        rest = RestJsonProtocol(self.broker, [APIGATEWAYV2.on(self.gateway)])
        self.endpoint = Endpoint([rest, TargetProtocol(self.broker, [])])
        self.door = ExecuteApi([lambda: HttpPlane(self.gateway)], self.endpoint)

    async def _call(self, name: str, event: bytes, *, scope: Scope, request_id: str) -> Outcome:
        told = json.loads(event)
        self.events.append(told)
        function = self.functions.get(name)
        if function is None:
            raise NotFoundError(f"Function not found: {name}")
        status = Status.SUCCESS
        try:
            result = function(told)
            if asyncio.iscoroutine(result):
                result = await result
        except FunctionError as error:
            status, result = Status.FUNCTION_ERROR, {"errorMessage": str(error), "errorType": "Error"}
        payload = result if isinstance(result, bytes) else json.dumps(result).encode()
        return Outcome(status=status, payload=payload, log=b"", request_id=request_id, duration_ms=1.0)

    async def _queue(self, name: str, event: bytes, scope: Scope, *, request_id: str) -> None:
        raise AssertionError("HTTP APIs call functions synchronously")

    async def _service(self, call: ServiceCall) -> HttpResult:
        self.service_calls.append(call)
        return self.service(call)

    async def _http(self, call: HttpCall) -> HttpResult:
        self.http_calls.append(call)
        found = self.server(call)
        return await found if asyncio.iscoroutine(found) else found  # type: ignore[no-any-return]  servers of tests

    def restart(self) -> None:
        async def again() -> None:
            await self.broker.close()
            self.store = self.store.reopened()
            await self._start()

        self.run(again())

    def close(self) -> None:
        async def end() -> None:
            await self.gateway.close()
            await self.broker.close()

        self.client.close()
        self.run(end())
        self.loop.close()

    def advance(self, seconds: float) -> None:
        async def go() -> None:
            self.clock.advance(seconds)
            for _ in range(20):
                await asyncio.sleep(0)

        self.run(go())

    def _client(self) -> Any:
        client = boto3.client(
            "apigatewayv2",
            region_name=REGION,
            endpoint_url="http://localhost:4566",
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="secret",
            config=Config(retries={"max_attempts": 0}, parameter_validation=False),
        )
        client.meta.events.register("before-send.apigatewayv2.*", self._answer)
        return client

    def _answer(self, request: Any, **_: Any) -> AWSResponse:
        url = urlsplit(request.url)
        headers = {
            name.lower(): value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        headers.setdefault("host", url.netloc)
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else bytes(body)
        got = self.run(self.door.handle(Request(request.method, url.path, headers, body, url.query)))
        check(got)
        return AWSResponse(request.url, got.status, got.headers, _Body(got.body))

    # ------------------------------------------------------------ what many tests do

    def api(self, **given: Any) -> Api:
        """With a stage $default that deploys itself."""
        made = self.client.create_api(**{"Name": "api", "ProtocolType": "HTTP"} | given)
        if "Target" not in given:
            self.client.create_stage(ApiId=made["ApiId"], StageName="$default", AutoDeploy=True)
        return Api(self, made)

    def fails(self, action: str, **given: Any) -> tuple[str, str]:
        """(code, message) of the error."""
        try:
            getattr(self.client, action)(**given)
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"]
        raise AssertionError(f"{action} succeeded")

    def send(
        self, api_id: str, path: str, method: str = "GET", body: bytes = b"", headers: Any = None, prefix: str = ""
    ) -> Response:
        place, _, query = path.partition("?")
        given = CIMultiDict(headers or {})
        given.setdefault("Host", "localhost:4566")
        request = Request(method, f"{prefix or f'/_aws/execute-api/{api_id}'}{place}", given, body, query)
        return self.run(self.door.handle(request))  # type: ignore[no-any-return]  run takes any work


class Api:
    """An HTTP API that is being made."""

    def __init__(self, world: World, told: Any) -> None:
        self.world, self.client, self.told, self.id = world, world.client, told, told["ApiId"]

    def integration(self, **given: Any) -> str:
        function = {"IntegrationType": "AWS_PROXY", "IntegrationUri": FUNCTION, "PayloadFormatVersion": "2.0"}
        made = self.client.create_integration(
            ApiId=self.id, **(given if "IntegrationType" in given else function | given)
        )
        return str(made["IntegrationId"])

    def route(self, key: str, integration: str | None = None, **given: Any) -> str:
        target = f"integrations/{integration or self.integration()}"
        return str(self.client.create_route(ApiId=self.id, RouteKey=key, Target=target, **given)["RouteId"])

    def send(self, path: str, method: str = "GET", body: bytes = b"", headers: Any = None, **given: Any) -> Response:
        return self.world.send(self.id, path, method, body, headers, **given)


class _Body:
    """What botocore reads an answer from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body

    def read(self, *_: Any) -> bytes:
        body, self._body = self._body, b""
        return body


def check(answer: Response) -> None:
    """The referee: status, members and errors are the model's."""
    service, _, action = answer.operation.partition(".")
    assert service == "apigatewayv2"
    operation = model()["operations"][action]
    if answer.error:
        declared = {error["shape"] for error in operation.get("errors", [])}
        assert answer.error in declared | COMMON_ERRORS, (action, answer.error)
        assert answer.status == model()["shapes"][answer.error]["error"]["httpStatusCode"]
        assert json.loads(answer.body).keys() == {"message"}
        return
    assert answer.status == operation["http"].get("responseCode", 200), action
    if "output" not in operation:
        assert answer.body in (b"", b"{}"), action
    elif "payload" not in model()["shapes"][operation["output"]["shape"]]:
        check_members(json.loads(answer.body), operation["output"]["shape"], action)


def check_members(value: Any, name: str, where: str) -> None:
    """That a value has no member that the model's shape does not have, and all have its types."""
    shape = model()["shapes"][name]
    match shape["type"]:
        case "structure":
            members = {spec.get("locationName", member): spec["shape"] for member, spec in shape["members"].items()}
            assert value.keys() <= members.keys(), (where, value.keys() - members.keys())
            for member, each in value.items():
                check_members(each, members[member], f"{where}.{member}")
        case "list":
            for each in value:
                check_members(each, shape["member"]["shape"], where)
        case "map":
            for each in value.values():
                check_members(each, shape["value"]["shape"], where)
        case "string" | "timestamp":
            assert isinstance(value, str), where
            assert "enum" not in shape or value in shape["enum"], (where, value)
        case "boolean":
            assert isinstance(value, bool), where
        case _:
            assert isinstance(value, int | float), where
            assert shape.get("min", value) <= value <= shape.get("max", value), where
