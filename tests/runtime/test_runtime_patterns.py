"""Event patterns: the comparison operators of the EventBridge user guide, with its own examples where it has some."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import InvalidPatternError
from runtime.model.patterns import Pattern, read_event

#: pattern, event, whether it matches
CASES: list[tuple[str, str, bool]] = [
    # Constants
    ('{"a": ["x"]}', '{"a": "x", "b": 1}', True),
    ('{"a": ["x"]}', '{"a": "y"}', False),
    ('{"a": ["x", "y"]}', '{"a": "y"}', True),
    ('{"a": ["x"]}', '{"a": "X"}', False),
    ('{"a": ["x"]}', "{}", False),
    ('{"a": [null]}', '{"a": null}', True),
    ('{"a": [null]}', '{"a": ""}', False),
    ('{"a": [null]}', "{}", False),
    ('{"a": [""]}', '{"a": ""}', True),
    ('{"a": [true]}', '{"a": true}', True),
    ('{"a": [true]}', '{"a": 1}', False),
    ('{"a": [1]}', '{"a": true}', False),
    ('{"a": [1]}', '{"a": "1"}', False),
    ('{"a": [300]}', '{"a": 300}', True),
    ('{"a": [300]}', '{"a": 300.0}', False),
    ('{"a": [300.0]}', '{"a": 3.0e2}', False),
    ('{"a": [3.0e2]}', '{"a": 3.0e2}', True),
    # Nesting: fields are and, list members are or
    ('{"a": {"b": ["x"], "c": ["y"]}}', '{"a": {"b": "x", "c": "y"}}', True),
    ('{"a": {"b": ["x"], "c": ["y"]}}', '{"a": {"b": "x", "c": "z"}}', False),
    ('{"a": {"b": ["x"]}}', '{"a": "x"}', False),
    ('{"a": {"b": ["x"]}}', "{}", False),
    ('{"a": ["x"], "a": ["y"]}', '{"a": "y"}', True),
    # Arrays in events
    ('{"a": ["x"]}', '{"a": ["w", "x"]}', True),
    ('{"a": ["x", "y"]}', '{"a": ["v", "w"]}', False),
    ('{"a": {"b": ["x"], "c": ["y"]}}', '{"a": [{"b": "x", "c": "z"}, {"b": "w", "c": "y"}]}', False),
    ('{"a": {"b": ["x"], "c": ["y"]}}', '{"a": [{"b": "w"}, {"b": "x", "c": "y"}]}', True),
    ('{"a": ["x"]}', '{"a": []}', False),
    ('{"a": ["x"]}', '{"a": [["x"]]}', True),
    # prefix, suffix, case
    ('{"time": [{"prefix": "2017-10-02"}]}', '{"time": "2017-10-02T18:43:48Z"}', True),
    ('{"time": [{"prefix": "2017-10-02"}]}', '{"time": "2018"}', False),
    ('{"a": [{"prefix": {"equals-ignore-case": "EventB"}}]}', '{"a": "eventbridge"}', True),
    ('{"file": [{"suffix": ".png"}]}', '{"file": "x.png"}', True),
    ('{"file": [{"suffix": ".png"}]}', '{"file": "x.PNG"}', False),
    ('{"file": [{"suffix": {"equals-ignore-case": ".png"}}]}', '{"file": "x.PnG"}', True),
    ('{"a": [{"equals-ignore-case": "Alice"}]}', '{"a": "aLICE"}', True),
    ('{"a": [{"prefix": "1"}]}', '{"a": 12}', False),
    # anything-but
    ('{"state": [{"anything-but": "initializing"}]}', '{"state": "running"}', True),
    ('{"state": [{"anything-but": "initializing"}]}', '{"state": "initializing"}', False),
    ('{"state": [{"anything-but": "initializing"}]}', "{}", False),
    ('{"x": [{"anything-but": 123}]}', '{"x": 124}', True),
    ('{"x": [{"anything-but": [100, 200]}]}', '{"x": 200}', False),
    ('{"x": [{"anything-but": [100, 200]}]}', '{"x": "200"}', True),
    ('{"x": [{"anything-but": ["a", "b"]}]}', '{"x": ["a", "b"]}', False),
    ('{"x": [{"anything-but": ["a", "b"]}]}', '{"x": ["a", "c"]}', True),
    ('{"x": [{"anything-but": {"prefix": "init"}}]}', '{"x": "initial"}', False),
    ('{"x": [{"anything-but": {"prefix": ["init", "err"]}}]}', '{"x": "error"}', False),
    ('{"x": [{"anything-but": {"suffix": ".txt"}}]}', '{"x": "a.png"}', True),
    ('{"x": [{"anything-but": {"equals-ignore-case": ["INIT", "fail"]}}]}', '{"x": "Fail"}', False),
    ('{"x": [{"anything-but": {"wildcard": "*/lib/*"}}]}', '{"x": "/usr/lib/a"}', False),
    # numeric
    ('{"x": [{"numeric": [">", 0, "<=", 5]}]}', '{"x": 5}', True),
    ('{"x": [{"numeric": [">", 0, "<=", 5]}]}', '{"x": 0}', False),
    ('{"x": [{"numeric": ["=", 3.018e2]}]}', '{"x": 301.8}', True),
    ('{"x": [{"numeric": ["<", 10]}]}', '{"x": "5"}', False),
    ('{"x": [{"numeric": ["<", 10]}]}', '{"x": true}', False),
    ('{"x": [{"numeric": ["<", 10]}]}', '{"x": [50, 5]}', True),
    ('{"x": [{"numeric": ["<", 10]}]}', "{}", False),
    # cidr
    ('{"ip": [{"cidr": "10.0.0.0/24"}]}', '{"ip": "10.0.0.255"}', True),
    ('{"ip": [{"cidr": "10.0.0.0/24"}]}', '{"ip": "10.0.1.0"}', False),
    ('{"ip": [{"cidr": "10.0.0.0/24"}]}', '{"ip": "nonsense"}', False),
    ('{"ip": [{"cidr": "2001:db8::/32"}]}', '{"ip": "2001:db8::1"}', True),
    # exists
    ('{"a": [{"exists": true}]}', '{"a": null}', True),
    ('{"a": [{"exists": true}]}', "{}", False),
    ('{"a": [{"exists": true}]}', '{"a": {"b": 1}}', False),
    ('{"a": [{"exists": false}]}', "{}", True),
    ('{"a": [{"exists": false}]}', '{"a": ""}', False),
    ('{"a": {"b": [{"exists": false}]}}', "{}", True),
    ('{"a": [{"exists": false}]}', '{"a": []}', True),
    ('{"a": ["x", {"exists": false}]}', "{}", True),
    # wildcard
    ('{"f": [{"wildcard": "dir/*.png"}]}', '{"f": "dir/a/b.png"}', True),
    ('{"f": [{"wildcard": "dir/*.png"}]}', '{"f": "dir/b.jpg"}', False),
    ('{"f": [{"wildcard": "*"}]}', '{"f": ""}', True),
    ('{"f": [{"wildcard": "a\\\\*b"}]}', '{"f": "a*b"}', True),
    ('{"f": [{"wildcard": "a\\\\*b"}]}', '{"f": "axb"}', False),
    ('{"f": [{"wildcard": "a.b"}]}', '{"f": "axb"}', False),
    # $or
    ('{"$or": [{"a": ["x"]}, {"b": [1]}], "c": ["z"]}', '{"b": 1, "c": "z"}', True),
    ('{"$or": [{"a": ["x"]}, {"b": [1]}], "c": ["z"]}', '{"b": 1}', False),
    ('{"$or": [{"a": ["x"]}, {"b": [1]}]}', '{"a": "y", "b": 2}', False),
    ('{"d": {"$or": [{"a": ["x"]}, {"$or": [{"b": [1]}, {"c": [2]}]}]}}', '{"d": {"c": 2}}', True),
]

REFUSED = [
    "", "[]", "1", "{}", "not json", '{"a": "x"}', '{"a": []}', '{"a": {}}', '{"a": 1}', '{"a": [["x"]]}',
    '{"a": [{}]}', '{"a": [{"prefix": 1}]}', '{"a": [{"prefix": "x", "suffix": "y"}]}', '{"a": [{"nonsense": 1}]}',
    '{"a": [{"exists": "yes"}]}', '{"a": [{"numeric": []}]}', '{"a": [{"numeric": ["=", "1"]}]}',
    '{"a": [{"numeric": ["!", 1]}]}', '{"a": [{"numeric": ["=", 6e9]}]}', '{"a": [{"numeric": [">", 5, "<", 5]}]}',
    '{"a": [{"numeric": ["<", 5, ">", 1]}]}', '{"a": [{"cidr": "10.0.0.0/99"}]}', '{"a": [{"cidr": 5}]}',
    '{"a": [{"anything-but": []}]}', '{"a": [{"anything-but": ["x", 1]}]}', '{"a": [{"anything-but": {"cidr": "x"}}]}',
    '{"a": [{"wildcard": "a**b"}]}', '{"a": [{"wildcard": "a\\\\"}]}', '{"a": [{"wildcard": "a\\\\b"}]}',
    '{"$or": [{"a": ["x"]}]}', '{"$or": []}', '{"a": {"b": {"c": "x"}}}',
    '{"a":' * 40 + '["x"]' + "}" * 40, '{"a":' * 100_000,
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "event", "matches"), CASES)
def test_cases(pattern: str, event: str, matches: bool) -> None:
    assert Pattern(pattern).matches(read_event(event)) is matches


@pytest.mark.parametrize("pattern", REFUSED)
def test_refused(pattern: str) -> None:
    with pytest.raises(InvalidPatternError, match=r"^Event pattern is not valid\. Reason: "):
        Pattern(pattern)


scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text("ab*", max_size=3)
events = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)


@given(events, events)
def test_any_two_values(pattern: Any, event: Any) -> None:
    """Whatever is compared with whatever: an answer or a refusal, nothing else."""
    try:
        compiled = Pattern(json.dumps(pattern))
    except InvalidPatternError:
        return
    assert compiled.matches(read_event(json.dumps(event))) in (True, False)


@given(st.dictionaries(st.sampled_from("abc"), scalars, min_size=1))
def test_an_event_matches_the_pattern_made_of_it(event: dict[str, Any]) -> None:
    pattern = {name: [value] for name, value in event.items()}
    assert Pattern(json.dumps(pattern)).matches(read_event(json.dumps(event)))


def test_many_stars_take_no_time() -> None:
    pattern = Pattern(json.dumps({"a": [{"wildcard": "*a" * 12 + "b"}]}))
    assert not pattern.matches({"a": "a" * 200})
