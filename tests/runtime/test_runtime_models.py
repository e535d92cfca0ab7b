"""Functions, mappings, batching and payload texts: valid by construction, exact to the byte."""

import json

import pytest

from runtime.errors import (
    InvalidFunctionError,
    InvalidMappingError,
    InvalidParameterError,
    InvalidTransitionError,
    MalformedHandlerError,
)
from runtime.model import batching
from runtime.model.batching import Ready, Wait, WaitForMore
from runtime.model.function import FunctionSpec, split_handler
from runtime.model.invocation import (
    MAX_PAYLOAD_BYTES,
    Outcome,
    Status,
    exit_payload,
    timeout_payload,
    too_large_payload,
)
from runtime.model.mapping import TRANSITIONS, MappingConfig, StartingPosition, State, advance

REFUSED_SPECS = [
    {"name": ""}, {"name": "a" * 65}, {"name": "a b"}, {"name": "ä"}, {"name": "a\n"},
    {"handler": ""}, {"handler": "a b"}, {"handler": "x" * 129},
    {"timeout_ms": 0}, {"timeout_ms": 900_001}, {"memory_mb": 127}, {"memory_mb": 10_241},
    {"paths": ("relative",)}, {"paths": ("/a\0",)},
    {"paths": ("/a\n",)}, {"paths": ("/" + "a" * 16_384,)},
    {"environment": {"AWS_REGION": "x"}}, {"environment": {"_X": "x"}}, {"environment": {"A=": "x"}},
    {"environment": {"AB": "\0"}}, {"environment": {"AB": "x" * 4095}},
    {"preload": ("a b",)}, {"preload": ("1a",)}, {"preload": ("a.",)}, {"preload": ("m" * 8193,)},
    {"version": "LATEST"}, {"account": "1"}, {"region": "US"}, {"code_sha256": "x" * 129},
]  # fmt: skip


@pytest.mark.parametrize("change", REFUSED_SPECS, ids=lambda change: str(change)[:40])
def test_a_spec_outside_the_rules_is_refused(change):
    with pytest.raises(InvalidFunctionError) as caught:
        FunctionSpec(**({"name": "f", "handler": "m.f"} | change))
    assert caught.value.field == next(iter(change))
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) < 300


def test_names_of_a_function():
    spec = FunctionSpec(name="f", handler="m.f", environment={"AB": "x" * 4094})
    assert spec.arn == spec.invoked_arn == "arn:aws:lambda:us-east-1:000000000000:function:f"
    assert spec.qualified_arn == spec.arn + ":$LATEST"
    assert FunctionSpec(name="f", handler="m.f", version="7").invoked_arn == spec.arn + ":7"
    assert spec.log_group == "/aws/lambda/f"


@pytest.mark.parametrize(
    ("handler", "parts"),
    [
        ("m.f", ("m", "f")),
        ("a.b.f", ("a.b", "f")),
        ("dir/m.f", ("dir.m", "f")),
        ("m:f", ("m", "f")),
        ("a.b:C.f", ("a.b", "C.f")),
    ],
)
def test_split_handler(handler, parts):
    assert split_handler(handler) == parts


@pytest.mark.parametrize("handler", ["f", ".f", "m.", ":f", "m:"])
def test_malformed_handlers(handler):
    with pytest.raises(MalformedHandlerError, match="Bad handler"):
        split_handler(handler)


def test_payload_texts():
    assert timeout_payload("ID", 1000) == (
        b'{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ID Error: Task timed out after 1.00 seconds"}'
    )
    reasons = {
        0: "Runtime exited without providing a reason",
        127: "Runtime exited with error: exit status 127",
        -9: "Runtime exited with error: signal: killed",
        -11: "Runtime exited with error: signal: segmentation fault",
        -63: "Runtime exited with error: signal: signal 63",
    }
    for code, reason in reasons.items():
        expected = {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: ID Error: {reason}"}
        assert json.loads(exit_payload("ID", code)) == expected
    assert json.loads(exit_payload("ID", -9, out_of_memory=True))["errorType"] == "Runtime.OutOfMemory"
    assert too_large_payload() == (
        b'{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).",'
        b'"errorType":"Function.ResponseSizeTooLarge"}'
    )


@pytest.mark.parametrize("status", Status)
def test_function_error(status):
    outcome = Outcome(status=status, payload=b"", log=b"", request_id="", duration_ms=0)
    assert outcome.ok == (status is Status.SUCCESS)
    assert outcome.function_error == (None if outcome.ok else "Unhandled")


def mapping(**changes):
    settings = {
        "uuid": "u",
        "stream": "arn:aws:kinesis:us-east-1:000000000000:stream/s",
        "function_name": "f",
        "starting_position": StartingPosition.LATEST,
    }
    return MappingConfig(**(settings | changes))


REFUSED_MAPPINGS = [
    {"uuid": ""}, {"stream": "s"}, {"function_name": ""}, {"batch_size": 0}, {"batch_size": 10_001},
    {"maximum_batching_window_ms": -1}, {"maximum_batching_window_ms": 300_001},
    {"maximum_retry_attempts": -2}, {"maximum_retry_attempts": 10_001},
    {"maximum_record_age_s": 0}, {"maximum_record_age_s": 59}, {"maximum_record_age_s": 604_801},
    {"starting_position_timestamp_ms": 5},
    {"starting_position_timestamp_ms": -5, "starting_position": StartingPosition.AT_TIMESTAMP},
]  # fmt: skip


@pytest.mark.parametrize("change", REFUSED_MAPPINGS, ids=str)
def test_a_mapping_outside_the_rules_is_refused(change):
    with pytest.raises(InvalidMappingError) as caught:
        mapping(**change)
    assert isinstance(caught.value, InvalidParameterError)
    assert caught.value.field == next(iter(change))


def test_at_timestamp_wants_its_timestamp():
    with pytest.raises(InvalidMappingError):
        mapping(starting_position=StartingPosition.AT_TIMESTAMP)
    assert mapping(starting_position=StartingPosition.AT_TIMESTAMP, starting_position_timestamp_ms=0)
    assert mapping(maximum_record_age_s=60).batch_size == 100


def test_the_state_table_knows_every_state_and_refuses_the_rest():
    assert set(TRANSITIONS) == set(State)
    for present in State:
        for wanted in State:
            if wanted in TRANSITIONS[present]:
                assert advance(present, wanted) is wanted
            else:
                with pytest.raises(InvalidTransitionError, match=f"{present.value} cannot become {wanted.value}"):
                    advance(present, wanted)


def test_every_state_can_be_deleted_and_a_deleted_one_leads_nowhere():
    assert all(State.DELETING in after for state, after in TRANSITIONS.items() if state is not State.DELETING)
    assert not TRANSITIONS[State.DELETING]


MB6 = MAX_PAYLOAD_BYTES
BATCHING = {
    "nothing": ([], 0, 0, {}, WaitForMore()),
    "no window: at once": ([10], 0, 0, {}, Ready(1)),
    "window open": ([10], 100, 599, {"maximum_batching_window_ms": 500}, Wait(600)),
    "window ends": ([10], 100, 600, {"maximum_batching_window_ms": 500}, Ready(1)),
    "full before its end": ([10] * 3, 100, 101, {"maximum_batching_window_ms": 500, "batch_size": 3}, Ready(3)),
    "more than full": ([10] * 9, 100, 101, {"maximum_batching_window_ms": 500, "batch_size": 3}, Ready(3)),
    "payload exactly full": ([MB6 - 10, 10], 100, 101, {"maximum_batching_window_ms": 500}, Ready(2)),
    "payload one below": ([MB6 - 11, 10], 100, 101, {"maximum_batching_window_ms": 500}, Wait(600)),
    "payload overflows": ([MB6 - 10, 11], 100, 101, {"maximum_batching_window_ms": 500}, Ready(1)),
    "payload bounds without a window": ([MB6 // 2] * 3, 0, 0, {}, Ready(2)),
    "first record too large goes alone": ([MB6 + 1, 1], 100, 101, {"maximum_batching_window_ms": 500}, Ready(1)),
}


@pytest.mark.parametrize("name", BATCHING)
def test_batching(name):
    sizes, opened, now, changes, expected = BATCHING[name]
    assert batching.decide(sizes, opened, mapping(**changes), now) == expected


def test_a_drained_closed_shard_does_not_wait():
    config = mapping(maximum_batching_window_ms=300_000)
    assert batching.decide([1], 0, config, 0, last=True) == Ready(1)


def test_the_event_around_the_records_counts():
    assert batching.decide([MB6 - 10, 10], 0, mapping(), 0, overhead_bytes=1) == Ready(1)


def test_a_window_begins_with_the_invoke_before_or_the_first_record():
    assert batching.opened_ms(previous_end_ms=10, first_buffered_ms=5) == 10
    assert batching.opened_ms(previous_end_ms=10, first_buffered_ms=70) == 70
