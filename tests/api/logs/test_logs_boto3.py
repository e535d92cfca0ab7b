"""boto3 over a real socket against the whole broker: logs, a live tail, metrics, and what a restart finds."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import uvloop
from botocore.config import Config
from logs_harness import ACCOUNT, REGION

from runtime.model.function import FunctionSpec
from runtime.model.invocation import Outcome, Status
from streamcore.composition import Composition
from streamcore.config import settings

GROUP = "/aws/lambda/f"
SPEC = FunctionSpec(name="f", handler="m.f", account=ACCOUNT, region=REGION)


class Served:
    """A broker in a thread of its own."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._run()))

    async def _run(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        self.composition = await Composition.start(settings(port=0, data=str(self._data), transition_ms=0))
        self._ready.set()
        await self._stop.wait()
        await self.composition.stop()

    def __enter__(self) -> Served:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()

    def client(self, service: str) -> Any:
        return client(service, self.composition.url)

    def invoked(self, stream: str, request_id: str, output: bytes) -> None:
        """What the worker pool tells the sink of an invocation."""
        done = threading.Event()

        def tell() -> None:
            sink = self.composition.logbook.sink
            sink.began(SPEC, stream, request_id)
            sink.output(SPEC, stream, output)
            sink.ended(
                SPEC,
                stream,
                Outcome(status=Status.SUCCESS, payload=b"1", log=b"", request_id=request_id, duration_ms=12.5),
            )
            done.set()

        self.loop.call_soon_threadsafe(tell)
        assert done.wait(20)


def client(service: str, url: str) -> Any:
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id=ACCOUNT,
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 0}, read_timeout=20, inject_host_prefix=False),
    )


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Served(tmp_path) as served:
        yield served


def test_a_function_s_log(served: Served) -> None:
    logs = served.client("logs")
    served.invoked("2024/05/01/[$LATEST]aa", "r1", b"hello\n")
    served.invoked("2024/05/01/[$LATEST]aa", "r2", b"ERROR oh\n")
    [stream] = logs.describe_log_streams(logGroupName=GROUP, orderBy="LastEventTime", descending=True)["logStreams"]
    found = logs.get_log_events(logGroupName=GROUP, logStreamName=stream["logStreamName"], startFromHead=True)
    assert [event["message"].split()[0] for event in found["events"]] == [
        *("START", "hello", "END", "REPORT"),
        *("START", "ERROR", "END", "REPORT"),
    ]
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, filterPattern="?ERROR ?hello")
    assert [event["message"] for page in pages for event in page["events"]] == ["hello\n", "ERROR oh\n"]
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_log_events(logGroupName="none", logStreamName="s")
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.filter_log_events(logGroupName=GROUP, filterPattern="{")


def test_following_as_the_command_line_does(served: Served) -> None:
    """`aws logs tail --follow`: FilterLogEvents from the last event's time on; event ids leave out what it had."""
    logs = served.client("logs")
    served.invoked("s", "r1", b"one\n")
    seen: dict[str, str] = {}
    start = 0
    for number in ("two", "three"):
        for page in logs.get_paginator("filter_log_events").paginate(
            logGroupName=GROUP, startTime=start, interleaved=True
        ):
            for event in page["events"]:
                seen.setdefault(event["eventId"], event["message"])
                start = event["timestamp"]
        served.invoked("s", number, number.encode() + b"\n")
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, startTime=start):
        seen.update({event["eventId"]: event["message"] for event in page["events"]})
    lines = [line for line in seen.values() if not line.startswith(("START", "END", "REPORT"))]
    assert lines == ["one\n", "two\n", "three\n"]


def test_a_live_tail(served: Served) -> None:
    logs = served.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    arn = logs.describe_log_groups()["logGroups"][0]["logGroupArn"]
    stream = logs.start_live_tail(logGroupIdentifiers=[arn], logEventFilterPattern="hello")["responseStream"]
    events = iter(stream)
    assert next(events)["sessionStart"]["logGroupIdentifiers"] == [arn]
    served.invoked("s", "r1", b"hello\nother\n")
    [event] = next(events)["sessionUpdate"]["sessionResults"]
    assert (event["message"], event["logStreamName"]) == ("hello\n", "s")
    stream.close()
    logs.close()


@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor"])
def test_metrics_of_functions_and_streams(served: Served, protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore speaks JSON with CloudWatch, other SDKs CBOR; botocore can that, too."""
    monkeypatch.setattr("botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS", [protocol])
    cloudwatch = served.client("cloudwatch")
    assert cloudwatch.meta.service_model.resolved_protocol == protocol
    monkeypatch.undo()
    kinesis = served.client("kinesis")
    served.invoked("s", "r1", b"x\n")
    kinesis.create_stream(StreamName="orders", ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName="orders", WaiterConfig={"Delay": 0, "MaxAttempts": 50})
    kinesis.put_record(StreamName="orders", Data=b"four", PartitionKey="k")
    names = {
        (metric["Namespace"], metric["MetricName"])
        for page in cloudwatch.get_paginator("list_metrics").paginate()
        for metric in page["Metrics"]
    }
    assert {("AWS/Lambda", "Invocations"), ("AWS/Lambda", "Duration"), ("AWS/Kinesis", "IncomingBytes")} <= names
    now = time.time()
    [point] = cloudwatch.get_metric_statistics(
        Namespace="AWS/Kinesis",
        MetricName="IncomingBytes",
        Dimensions=[{"Name": "StreamName", "Value": "orders"}],
        StartTime=now - 3600,
        EndTime=now + 60,
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    assert (point["Sum"], point["Unit"]) == (5, "Bytes")
    [data] = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {
                "Id": "d",
                "MetricStat": {
                    "Metric": {
                        "Namespace": "AWS/Lambda",
                        "MetricName": "Duration",
                        "Dimensions": [{"Name": "FunctionName", "Value": "f"}],
                    },
                    "Period": 7200,
                    "Stat": "p99",
                },
            }
        ],
        StartTime=now - 3600,
        EndTime=now + 60,
    )["MetricDataResults"]
    assert data["Values"] == [12.5]
    cloudwatch.put_metric_data(Namespace="Own", MetricData=[{"MetricName": "m", "Value": 1.5, "Unit": "Count"}] * 400)
    with pytest.raises(cloudwatch.exceptions.InvalidParameterValueException) as refused:
        cloudwatch.put_metric_data(Namespace="AWS/Lambda", MetricData=[{"MetricName": "m", "Value": 1}])
    assert refused.value.response["Error"]["Code"] == "InvalidParameterValue"


def test_a_restart_keeps_logs_and_metrics(tmp_path: Path) -> None:
    with Served(tmp_path) as served:
        served.invoked("s", "r1", b"kept\n")
    with Served(tmp_path) as served:
        logs, cloudwatch = served.client("logs"), served.client("cloudwatch")
        [event] = logs.filter_log_events(logGroupName=GROUP, filterPattern="kept")["events"]
        assert event["message"] == "kept\n"
        found = cloudwatch.list_metrics(Namespace="AWS/Lambda", MetricName="Invocations")["Metrics"]
        assert len(found) == 3  # of all functions, of the function, of its version


def test_kill_9_keeps_what_was_answered(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "streamcore", "serve", "--port", "0", "--data", str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[3])},
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().split()[3]
        logs = client("logs", url)
        logs.create_log_group(logGroupName=GROUP)
        logs.create_log_stream(logGroupName=GROUP, logStreamName="s")
        now_ms = int(time.time() * 1000)
        for number in range(20):
            event = {"timestamp": now_ms, "message": f"m{number}"}
            logs.put_log_events(logGroupName=GROUP, logStreamName="s", logEvents=[event])
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=20)
    with Served(tmp_path) as served:
        events = served.client("logs").get_log_events(logGroupName=GROUP, logStreamName="s", startFromHead=True)
        assert [event["message"] for event in events["events"]] == [f"m{number}" for number in range(20)]
