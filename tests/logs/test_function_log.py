"""What a function's invocations leave in its log."""

from __future__ import annotations

import json
import re

from logs_support import NOW_MS, SCOPE, opened

from runtime.logs.function_log import FunctionLog
from runtime.logs.values import GroupKey
from runtime.model.function import FunctionSpec, LogFormat, Logging
from runtime.model.invocation import Outcome, Status

SPEC = FunctionSpec(name="f", handler="m.f", account=SCOPE.account, region=SCOPE.region)
STREAM = "2024/05/01/[$LATEST]" + "0" * 32


def outcome(request_id: str = "r1") -> Outcome:
    return Outcome(status=Status.SUCCESS, payload=b"1", log=b"", request_id=request_id, duration_ms=1.0)


async def test_lines_in_order() -> None:
    async with opened() as rig:
        sink = FunctionLog(rig.store, rig.clock)
        sink.output(SPEC, STREAM, b"loading\nstill ")
        sink.began(SPEC, STREAM, "r1")
        sink.output(SPEC, STREAM, b"one\ntw")
        rig.clock.advance(1)
        sink.output(SPEC, STREAM, b"o\nthe rest")
        sink.ended(SPEC, STREAM, outcome())
        found = await rig.all(GroupKey(SCOPE, "/aws/lambda/f"))
        assert [event.message for event in found[:-1]] == [
            "loading\n",
            "still ",
            "START RequestId: r1 Version: $LATEST\n",
            "one\n",
            "two\n",
            "the rest",
            "END RequestId: r1\n",
        ]
        assert found[-1].message.startswith("REPORT RequestId: r1\tDuration: 1.00 ms\tBilled Duration: 1 ms\t")
        assert {event.stream for event in found} == {STREAM}
        assert [event.timestamp_ms - NOW_MS for event in found] == [0, 0, 0, 0, 1000, 1000, 1000, 1000]
        assert not sink._open


async def test_json_wraps_and_filters() -> None:
    spec = FunctionSpec(
        name="f",
        handler="m.f",
        account=SCOPE.account,
        region=SCOPE.region,
        logging=Logging(format=LogFormat.JSON, group="/shared/group"),
    )
    async with opened() as rig:
        sink = FunctionLog(rig.store, rig.clock)
        sink.began(spec, STREAM, "r1")
        sink.output(spec, STREAM, b'plain\n{"level": "DEBUG"}\n{"level":"WARN","message":"own"}\n')
        sink.ended(spec, STREAM, outcome())
        found = [json.loads(event.message) for event in await rig.all(GroupKey(SCOPE, "/shared/group"))]
        assert [entry.get("type") or entry["message"] for entry in found] == [
            "platform.start",
            "plain",
            "own",
            "platform.report",
        ]
        assert found[1]["requestId"] == "r1"


async def test_workers_do_not_mix() -> None:
    async with opened() as rig:
        sink = FunctionLog(rig.store, rig.clock)
        for name in ("a", "b"):
            sink.began(SPEC, name, f"r-{name}")
        for piece in (b"from ", b"one\n"):
            for name in ("a", "b"):
                sink.output(SPEC, name, name.encode() + piece)
        for name in ("b", "a"):
            sink.ended(SPEC, name, outcome(f"r-{name}"))
        for name in ("a", "b"):
            lines = [e.message for e in await rig.all(GroupKey(SCOPE, "/aws/lambda/f")) if e.stream == name]
            assert lines[1] == f"{name}from {name}one\n"
            assert [re.findall("r-.", line) for line in lines if "r-" in line] == [[f"r-{name}"]] * 3
