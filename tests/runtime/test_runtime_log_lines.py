"""Lambda's own log lines, as recorded from the service, and output cut into events."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.model.function import FunctionSpec, LogFormat, Logging
from runtime.model.invocation import LOG_TAIL_BYTES, Outcome, Status, exit_payload, timeout_payload
from runtime.model.log_lines import application_line, billed_ms, end_lines, log_stream_name, start_lines, tail
from runtime.model.log_split import LineSplitter

ID = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"
NOW_MS = 1_714_564_800_123
SPEC = FunctionSpec(name="f", handler="m.f", timeout_ms=3000)
JSON_SPEC = FunctionSpec(
    name="f", handler="m.f", logging=Logging(format=LogFormat.JSON, application_level="WARN", system_level="DEBUG")
)


def outcome(status: Status = Status.SUCCESS, payload: bytes = b"null", **more: object) -> Outcome:
    given = {"log": b"", "request_id": ID, "duration_ms": 1.234, "max_memory_mb": 35} | more
    return Outcome(status=status, payload=payload, **given)  # type: ignore[arg-type]


REPORT = (
    f"REPORT RequestId: {ID}\tDuration: 1.23 ms\tBilled Duration: 2 ms\tMemory Size: 128 MB\tMax Memory Used: 35 MB\t"
)
ENDS = [
    (outcome(), [f"END RequestId: {ID}\n", f"{REPORT}\n"]),
    (
        outcome(init_duration_ms=98.7),
        [
            f"END RequestId: {ID}\n",
            REPORT.replace("2 ms\tMemory", "100 ms\tMemory") + "Init Duration: 98.70 ms\t\n",
        ],
    ),
    (outcome(Status.FUNCTION_ERROR, b'{"errorType":"KeyError"}'), [f"END RequestId: {ID}\n", f"{REPORT}\n"]),
    (
        outcome(Status.TIMED_OUT, timeout_payload(ID, 3000), duration_ms=3000.0),
        [
            f"2024-05-01T12:00:00.123Z {ID} Task timed out after 3.00 seconds\n\n",
            f"END RequestId: {ID}\n",
            f"REPORT RequestId: {ID}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\t"
            "Max Memory Used: 35 MB\tStatus: timeout\n",
        ],
    ),
    (
        outcome(Status.EXITED, exit_payload(ID, 127)),
        [
            f"RequestId: {ID} Error: Runtime exited with error: exit status 127\nRuntime.ExitError\n",
            f"END RequestId: {ID}\n",
            f"{REPORT}Status: error\tError Type: Runtime.ExitError\n",
        ],
    ),
    (
        outcome(Status.OUT_OF_MEMORY, exit_payload(ID, -9, out_of_memory=True)),
        [
            f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.OutOfMemory\n",
            f"END RequestId: {ID}\n",
            f"{REPORT}Status: error\tError Type: Runtime.OutOfMemory\n",
        ],
    ),
]


@pytest.mark.parametrize(("ended", "lines"), ENDS)
def test_the_end_of_an_invocation_in_text(ended: Outcome, lines: list[str]) -> None:
    assert end_lines(SPEC, ended, NOW_MS) == lines


def test_the_start_of_an_invocation() -> None:
    assert start_lines(SPEC, ID, NOW_MS) == [f"START RequestId: {ID} Version: $LATEST\n"]
    [line] = start_lines(JSON_SPEC, ID, NOW_MS)
    assert json.loads(line) == {
        "time": "2024-05-01T12:00:00.123Z",
        "type": "platform.start",
        "record": {"requestId": ID, "version": "$LATEST"},
    }
    digits = "0" * 32
    assert log_stream_name(SPEC, digits, NOW_MS) == f"2024/05/01/[$LATEST]{digits}"


def test_the_end_of_an_invocation_in_json() -> None:
    done, report = map(json.loads, end_lines(JSON_SPEC, outcome(init_duration_ms=98.7654), NOW_MS))
    assert (done["type"], done["record"]["status"]) == ("platform.runtimeDone", "success")
    assert report["type"] == "platform.report"
    assert report["record"] == {
        "requestId": ID,
        "status": "success",
        "metrics": {
            "durationMs": 1.234,
            "billedDurationMs": 100,
            "memorySizeMB": 128,
            "maxMemoryUsedMB": 35,
            "initDurationMs": 98.765,
        },
    }
    _, failed = map(json.loads, end_lines(JSON_SPEC, outcome(Status.TIMED_OUT, timeout_payload(ID, 3000)), NOW_MS))
    assert (failed["record"]["status"], failed["record"]["errorType"]) == ("timeout", "Sandbox.Timedout")


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        ("DEBUG", ["platform.start", "platform.runtimeDone", "platform.report"]),
        (None, ["platform.start", "platform.report"]),
        ("WARN", []),
    ],
)
def test_system_levels(level: str | None, shown: list[str]) -> None:
    spec = FunctionSpec(name="f", handler="m.f", logging=Logging(format=LogFormat.JSON, system_level=level))
    lines = start_lines(spec, ID, NOW_MS) + end_lines(spec, outcome(), NOW_MS)
    assert [json.loads(line)["type"] for line in lines] == shown


@pytest.mark.parametrize(
    ("duration_ms", "init_ms", "billed"),
    [(0.0, None, 1), (0.01, None, 1), (1.0, None, 1), (1.001, None, 1), (1.01, None, 2), (250.06, 802.26, 1053)],
)
def test_what_is_billed(duration_ms: float, init_ms: float | None, billed: int) -> None:
    assert billed_ms(outcome(duration_ms=duration_ms, init_duration_ms=init_ms)) == billed


LINES = [
    ("hello\n", None),  # INFO is below WARN
    ('{"level": "ERROR", "message": "x"}\n', '{"level": "ERROR", "message": "x"}\n'),
    ('{"level": "info"}\n', None),
    ('{"no": "level"}\n', None),
    ('{"level": "CRITICAL"}', '{"level": "CRITICAL"}'),
]


@pytest.mark.parametrize(("line", "shown"), LINES)
def test_application_levels(line: str, shown: str | None) -> None:
    assert application_line(JSON_SPEC, line, ID, NOW_MS) == shown
    assert application_line(SPEC, line, ID, NOW_MS) == line


def test_a_plain_line_is_wrapped() -> None:
    spec = FunctionSpec(name="f", handler="m.f", logging=Logging(format=LogFormat.JSON))
    wrapped = application_line(spec, 'say "hi"\n', ID, NOW_MS)
    assert json.loads(wrapped or "") == {
        "timestamp": "2024-05-01T12:00:00.123Z",
        "level": "INFO",
        "message": 'say "hi"',
        "requestId": ID,
    }
    assert application_line(spec, "\n", ID, NOW_MS) is None


def test_the_tail() -> None:
    shown = tail(SPEC, outcome(log=b"hello"), NOW_MS).decode()
    assert shown == f"START RequestId: {ID} Version: $LATEST\nhello\nEND RequestId: {ID}\n{REPORT}\n"
    cut = tail(SPEC, outcome(log=b"x" * LOG_TAIL_BYTES), NOW_MS)
    assert len(cut) == LOG_TAIL_BYTES
    assert cut.endswith(f"x\nEND RequestId: {ID}\n{REPORT}\n".encode())


# ---------------------------------------------------------------- events


def test_lines_are_events() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"one\ntwo\nthr") == ["one\n", "two\n"]
    assert splitter.feed(b"ee\n\n") == ["three\n", "\n"]
    assert splitter.is_empty
    assert splitter.feed(b"\xff\xc3") == []
    assert splitter.feed(b"\xa4\n") == ["\ufffdä\n"]
    assert splitter.feed(b"rest") == []
    assert splitter.flush() == ["rest"]
    assert splitter.flush() == []


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_nothing_is_lost_and_no_event_is_too_large(pieces: list[bytes]) -> None:
    splitter = LineSplitter(limit_bytes=16)
    events = [event for piece in pieces for event in splitter.feed(piece)] + splitter.flush()
    assert all(0 < len(event.encode()) <= 16 for event in events)
    whole = b"".join(pieces)
    try:
        text = whole.decode()
    except UnicodeDecodeError:
        return
    assert "".join(events) == text
