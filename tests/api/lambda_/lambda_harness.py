"""boto3 against the Lambda endpoint, with or without a socket; every answer passes the referee, botocore's model."""

from __future__ import annotations

import asyncio
import io
import json
import stat
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.loaders import Loader

from runtime.api.lambda_ import LAMBDA
from runtime.app import Functions
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome, Status
from runtime.queues.destination import to_queue
from runtime.queues.service import Queues
from runtime.queues.source import sources
from streamcore.api.aws.rest import RestJsonProtocol
from streamcore.api.aws.service import Endpoint
from streamcore.api.aws.target import TargetProtocol
from streamcore.api.http import Request, Response
from streamcore.broker import start_broker
from streamcore.clock import ManualClock
from streamcore.config import settings
from streamcore.store.memory import MemoryStore

ACCOUNT = "123456789012"
REGION = "eu-west-1"
NOW_MS = 1_700_000_000_000
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SOURCE = "def handler(event, context):\n    return event\n"
#: Errors that AWS gives on every action and lists on none.
COMMON_ERRORS = {"ValidationException", "SerializationException", "RequestEntityTooLargeException"}


def arn(name: str, qualifier: str = "") -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}{':' if qualifier else ''}{qualifier}"


@cache
def model() -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model("lambda", "service-2")
    return found


def archive(files: Mapping[str, str | bytes], modes: Mapping[str, int] | None = None) -> bytes:
    """A zip with these files, the same bytes each time; `modes` are whole `st_mode`s."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (modes or {}).get(name, stat.S_IFREG | 0o644) << 16
            opened.writestr(info, data)
    return buffer.getvalue()


ZIP = archive({"app.py": SOURCE})


class Answers:
    """What functions answer, instead of worker processes; notes what was run."""

    def __init__(self) -> None:
        self.runs: list[tuple[FunctionSpec, bytes, str | None]] = []
        self.arns: list[str | None] = []
        self.status = Status.SUCCESS
        self.payload: bytes | None = None
        self.log = b"one\ntwo\n"
        self.gate: asyncio.Event | None = None

    async def __call__(
        self,
        spec: FunctionSpec,
        event: bytes,
        *,
        request_id: str | None,
        client_context: str | None,
        trace_id: str | None,
        invoked_arn: str | None,
        stream: Any,
    ) -> Outcome:
        self.arns.append(invoked_arn)
        self.runs.append((spec, event, client_context))
        if self.gate is not None:
            await self.gate.wait()
        payload = event if self.payload is None else self.payload
        return Outcome(status=self.status, payload=payload, log=self.log, request_id=request_id or "", duration_ms=1.0)


class World:
    """A broker in memory with its functions behind the endpoint; can be restarted as after kill -9."""

    def __init__(self, **options: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.clock = ManualClock(NOW_MS)
        self.store = MemoryStore()
        self.options = {"transition_ms": 0} | options
        self.answers = Answers()
        self.run(self.start())
        self.client = self._client()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    async def start(self) -> None:
        self.broker = await start_broker(settings(**self.options), data=None, clock=self.clock, store=self.store)
        self.functions = Functions(self.broker)
        self.functions.invoker._run = self.answers
        self.queues = Queues(self.broker)
        self.functions.destinations.add("sqs", to_queue(self.queues))
        self.functions.event_source_mappings.queues = sources(self.queues)
        self.queues.on_change.append(self.functions.event_source_mappings.source_changed)
        await self.queues.start()
        await self.functions.start()
        rest = RestJsonProtocol(self.broker, [LAMBDA.on(self.functions)])
        self.endpoint = Endpoint([rest, TargetProtocol(self.broker, [])])

    def restart(self) -> None:
        async def again() -> None:
            others = asyncio.all_tasks() - {asyncio.current_task()}
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self.functions.code.close()  # a folder of this test's alone
            await self.broker.close()
            self.store = self.store.reopened()
            await self.start()

        self.run(again())

    def close(self) -> None:
        async def end() -> None:
            await self.functions.close()
            await self.queues.close()
            await self.broker.close()

        self.client.close()
        self.run(end())
        self.loop.close()

    def handle(self, request: Request) -> Response:
        return self.run(self._whole(request))  # type: ignore[no-any-return]  run takes any work

    async def _whole(self, request: Request) -> Response:
        """A streamed answer is read to its end."""
        answer = await self.endpoint.handle(request)
        if isinstance(answer, Response):
            return answer
        body = b"".join([piece async for piece in answer.events])
        return Response(answer.status, answer.headers, body, operation=answer.operation)

    def _client(self) -> Any:
        client = client_at("http://streamcore.invalid")
        client.meta.events.register("before-send.lambda.*", self._answer)
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
        got = self.handle(Request(request.method, url.path, headers, body, url.query))
        check(got)
        return AWSResponse(request.url, got.status, got.headers, _Body(got.body))

    # ------------------------------------------------------------ what many tests do

    def create(self, name: str = "f", **given: Any) -> Any:
        """A function that is Active."""
        code = given.pop("Code", {"ZipFile": ZIP})
        given = {"FunctionName": name, "Role": ROLE, "Runtime": "python3.12", "Handler": "app.handler"} | given
        told = self.client.create_function(Code=code, **given)
        self.settle(name)
        return told

    def settle(self, name: str = "f") -> None:
        """What AWS does in the background is done."""
        for waiter in ("function_active_v2", "function_updated_v2"):
            self.client.get_waiter(waiter).wait(FunctionName=name, WaiterConfig={"Delay": 0, "MaxAttempts": 200})

    def quiet(self) -> None:
        """What was begun in the background has ended."""

        async def ended() -> None:
            await asyncio.gather(*self.functions.catalog._tasks)

        self.run(ended())

    def call(self, action: str, **given: Any) -> Any:
        return getattr(self.client, action)(**given)

    def fails(self, action: str, **given: Any) -> tuple[str, str]:
        """(code, message) of the error."""
        try:
            self.call(action, **given)
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"]
        raise AssertionError(f"{action} succeeded")


class _Body:
    """What botocore reads an answer from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body

    def read(self, *_: Any) -> bytes:
        body, self._body = self._body, b""
        return body


def client_at(url: str) -> Any:
    config = Config(retries={"max_attempts": 0}, parameter_validation=False)
    return boto3.client(
        "lambda",
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",
        config=config,
    )


def check(answer: Response) -> None:
    """The referee: status, error code and the spelling of its text are the model's."""
    action = answer.operation.removeprefix("lambda.")
    operation = model()["operations"][action]
    if not answer.error:
        wanted = {operation["http"]["responseCode"]} | ({202, 204} if action == "Invoke" else set())
        assert answer.status in wanted | ({204} if action == "DeleteFunction" else set()), (action, answer.status)
        return
    declared = {error["shape"] for error in operation["errors"]}
    assert answer.error in declared | COMMON_ERRORS, (action, answer.error)
    body = json.loads(answer.body)
    if answer.error in COMMON_ERRORS:
        assert "Type" not in body
        return
    shape = model()["shapes"][answer.error]
    assert answer.status == shape["error"]["httpStatusCode"]
    assert body.keys() <= shape["members"].keys()
    assert body["Type"] == ("User" if shape["error"].get("senderFault") else "Service")
