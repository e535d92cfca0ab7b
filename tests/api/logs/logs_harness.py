"""One builder for the tests of CloudWatch Logs: a broker and a log store in memory behind the endpoint."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from botocore.loaders import Loader

from runtime.api.logs import logs_service
from runtime.logs.store import LogStore
from runtime.sqlite import Database
from streamcore.api.aws.service import Endpoint, Request, Response, StreamingResponse
from streamcore.api.aws.target import TargetProtocol
from streamcore.broker import Broker
from streamcore.clock import ManualClock

ACCOUNT = "123456789012"
REGION = "eu-west-1"
NOW_MS = 1_700_000_000_000
GROUP = "/aws/lambda/f"
ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:"
CREDENTIAL = f"{ACCOUNT}/20231114/{REGION}/logs/aws4_request"

#: Errors that AWS gives on every action and lists on none.
COMMON_ERRORS = {"SerializationException", "InternalFailure", "ServiceUnavailable", "UnknownOperationException"}


@cache
def model() -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model("logs", "service-2")
    return found


class Logs:
    """Calls actions; an error has to be one that botocore's model knows."""

    def __init__(self, broker: Broker, clock: ManualClock, database: Database) -> None:
        self.clock = clock
        self.database = database
        self.store = LogStore(database, clock)
        self.protocol = TargetProtocol(broker, [logs_service(self.store)])
        self._endpoint = Endpoint([self.protocol])

    async def answer(self, action: str, input_: dict[str, Any]) -> Response | StreamingResponse:
        headers = {
            "content-type": "application/x-amz-json-1.1",
            "x-amz-target": f"Logs_20140328.{action}",
            "authorization": f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host;x-amz-date, Signature=0a",
            "x-amz-date": "20231114T221320Z",
        }
        return await self._endpoint.handle(Request("POST", "/", headers, json.dumps(input_).encode()))

    async def call(self, action: str, input_: dict[str, Any]) -> tuple[int, Any]:
        answer = await self.answer(action, input_)
        assert isinstance(answer, Response)
        output = json.loads(answer.body) if answer.body else None
        if answer.status != 200:
            declared = {error["shape"] for error in model()["operations"][action].get("errors", [])}
            assert answer.error in declared | COMMON_ERRORS, (action, answer.error)
        return answer.status, output

    async def ok(self, action: str, **input_: Any) -> Any:
        status, output = await self.call(action, input_)
        assert status == 200, output
        return output

    async def fails(self, action: str, **input_: Any) -> tuple[str, str]:
        status, output = await self.call(action, input_)
        assert status == 400, output
        return output["__type"], output.get("message", output.get("Message"))

    async def put(self, *messages: str, stream: str = "s", at_ms: int = NOW_MS) -> Any:
        """A batch, a millisecond between the events."""
        events = [{"timestamp": at_ms + number, "message": message} for number, message in enumerate(messages)]
        return await self.ok("PutLogEvents", logGroupName=GROUP, logStreamName=stream, logEvents=events)
