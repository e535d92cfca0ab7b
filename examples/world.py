"""Where the labs run: a broker with clients of AWS's SDK in front of it, and what every lab needs of them."""

from __future__ import annotations

import io
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

T = TypeVar("T")

ROLE = "arn:aws:iam::000000000000:role/lab"
#: How long a lab waits for what should take a moment.
PATIENCE_S = 30.0


class LabFailed(Exception):
    """Something did not come out as AWS's tutorial says."""


class World:
    """A broker at `endpoint`, for programs that know nothing of it but this address."""

    def __init__(self, endpoint: str, *, pause_s: float = 0.01) -> None:
        """`pause_s` is how long it waits before it looks again for what is to come."""
        self.endpoint = endpoint
        self._pause_s = pause_s
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """boto3's, with any credentials."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                endpoint_url=self.endpoint,
                region_name="us-east-1",
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
            )
        return self._clients[service]

    def create_function(
        self, name: str, file: Path, *, handler: str = "lambda_function.lambda_handler", **more: Any
    ) -> str:
        """Zips a handler's file and makes a function of it; its ARN, when it is Active."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as opened:
            opened.write(file, file.name)
        runtime = more.pop("Runtime", f"python3.{sys.version_info.minor}")
        made = self.client("lambda").create_function(
            FunctionName=name,
            Runtime=runtime,
            Handler=handler,
            Role=ROLE,
            Code={"ZipFile": archive.getvalue()},
            Timeout=30,
            **more,
        )
        self.client("lambda").get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 0})
        arn: str = made["FunctionArn"]
        return arn

    def until(self, look: Callable[[], T | None], what: str) -> T:
        """What `look` finds, once it finds something. Raises LabFailed."""
        deadline = time.monotonic() + PATIENCE_S
        while (found := look()) is None:
            if time.monotonic() > deadline:
                raise LabFailed(f"{what}: not within {PATIENCE_S:.0f} s")
            time.sleep(self._pause_s)
        return found

    def log_lines(self, function: str) -> list[str]:
        """What a function has printed so far, without the platform's own lines."""
        try:
            events = self.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        except ClientError:
            return []
        lines = [event["message"].rstrip("\n") for event in events]
        return [line for line in lines if not line.startswith(("START ", "END ", "REPORT ", "INIT_START "))]

    def until_logged(self, function: str, text: str) -> list[str]:
        """A function's lines, once one of them has the text. Raises LabFailed."""

        def look() -> list[str] | None:
            lines = self.log_lines(function)
            return lines if any(text in line for line in lines) else None

        return self.until(look, f"{text!r} in the log of {function}")

    def reports(self, function: str) -> list[str]:
        """The REPORT lines of a function: duration, billed duration, memory."""
        events = self.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]
        return [event["message"].strip() for event in events if event["message"].startswith("REPORT ")]
