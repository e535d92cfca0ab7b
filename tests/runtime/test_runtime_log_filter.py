"""Filter patterns: the examples of AWS's guide, in one table; and that no text breaks them."""

from __future__ import annotations

import json
import re
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.model.log_filter import InvalidPattern, compile_pattern
from runtime.model.log_regex import Expression

AUTH = "[ERROR 400] BAD REQUEST"
ACCESS = '127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534'
BODY = json.dumps(
    {
        "eventType": "UpdateTrail",
        "sourceIPAddress": "111.111.111.111",
        "arrayKey": ["value", "another value"],
        "objectList": [{"name": "a", "id": 1}, {"name": "b", "id": 2}],
        "SomeObject": None,
        "ThisFlag": True,
        "level": "ERROR",
        "latency": 120.5,
        "count": "42",
        "user": {"id": 1, "e-mail": "John.Stiles@example.com"},
        "dotted.name": "x",
    }
)

CASES = [
    # ---- terms
    ("", "anything", True),
    ('""', "anything", True),
    ("ERROR", AUTH, True),
    ("ERROR", "[error 400] bad request", False),
    ("ERROR ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS", True),
    ("ERROR ARGUMENTS", AUTH, False),
    ("?ERROR ?ARGUMENTS", AUTH, True),
    ("?ERROR ?ARGUMENTS", "[WARN 420] MISSING ARGUMENTS", True),
    ("?ERROR ?ARGUMENTS", "[INFO] fine", False),
    ('"INTERNAL SERVER ERROR"', "[ERROR 500] INTERNAL SERVER ERROR", True),
    ('"INTERNAL SERVER ERROR"', "INTERNAL ERROR SERVER", False),
    ("ERROR -EXITING", "[ERROR] starting", True),
    ("ERROR -EXITING", "[ERROR] EXITING", False),
    ('ERROR -"not this"', "ERROR but not this", False),
    ("?ERROR REQUIRED", "only REQUIRED", True),
    (r'"say \"hi\""', 'they say "hi" now', True),
    ("%AUTHORIZED%", "UNAUTHORIZED 401", True),
    ("%AUTHORIZED%", "nothing", False),
    (r"%4\d{2}%", AUTH, True),
    ("%^\\[ERROR%", AUTH, True),
    ("%REQUEST$%", AUTH + "\n", True),
    # ---- JSON
    ('{ $.eventType = "UpdateTrail" }', BODY, True),
    ("{ $.sourceIPAddress != 123.123.* }", BODY, True),
    ("{ $.sourceIPAddress = 111.111.* }", BODY, True),
    ('{ $.arrayKey[0] = "value" }', BODY, True),
    ('{ $.arrayKey[1] = "value" }', BODY, False),
    ('{ $.arrayKey[*] = "another*" }', BODY, True),
    ("{ $.objectList[1].id = 2 }", BODY, True),
    ("{ $.objectList[*].id > 2 }", BODY, False),
    ("{ $.SomeObject IS NULL }", BODY, True),
    ("{ $.SomeOtherObject NOT EXISTS }", BODY, True),
    ("{ $.SomeObject NOT EXISTS }", BODY, False),
    ("{ $.SomeObject EXISTS }", BODY, True),
    ("{ $.ThisFlag IS TRUE }", BODY, True),
    ("{ $.ThisFlag IS FALSE }", BODY, False),
    ("{ $.latency > 100 && $.latency <= 120.5 }", BODY, True),
    ("{ $.latency < 1e2 }", BODY, False),
    ("{ $.count >= 42 }", BODY, True),
    ('{ ($.user.id = 1) && ($.user.e-mail = "John.Stiles@example.com") }', BODY, True),
    ('{ ($.user.id = 2 && $.level = "ERROR") || $.eventType = "Update*" }', BODY, True),
    ('{ $.user.id = 2 && ($.level = "ERROR" || $.eventType = "Update*") }', BODY, False),
    ("{ $.level = %^ERR% }", BODY, True),
    ("{ $.level != %^ERR% }", BODY, False),
    ("{ $['dotted.name'] = \"x\" }", BODY, True),
    ("{ $.missing != 5 }", BODY, False),
    ("{ $.user = 1 }", BODY, False),
    ("{ $.level = ERROR }", "no JSON", False),
    ("{ $.level NOT EXISTS }", "no JSON", False),
    ("{ $.level = ERROR }", '{"level": "ERR', False),
    # ---- fields
    ("[ip, user, username, timestamp, request, status_code, bytes]", ACCESS, True),
    ("[ip, user, username, timestamp, request, status_code]", ACCESS, False),
    ("[ip, ..., status_code = 4*, bytes]", ACCESS, True),
    ("[ip, ..., status_code = 5*, bytes]", ACCESS, False),
    ("[..., bytes > 1500]", ACCESS, True),
    ("[ip != 127.0.0.1, ...]", ACCESS, False),
    ('[ip, user, username, timestamp, request = "*.html*", status = 4* || status = 5*, bytes > 1000]', ACCESS, True),
    ("[..., status != 404 && status != 500, bytes]", ACCESS, False),
    ("[ip = %127\\.0\\.0\\.[1-9]%, user, username, timestamp, request =%HTTP%, status, bytes]", ACCESS, True),
    ("[w1 = ERROR, w2]", "ERROR 500", True),
    ("[w1 = ERROR, w2]", "WARN 500", False),
]


@pytest.mark.parametrize(("pattern", "message", "matches"), CASES)
def test_what_matches(pattern: str, message: str, matches: bool) -> None:
    assert (compile_pattern(pattern).match(message) is not None) is matches


def test_values_that_are_named() -> None:
    found = compile_pattern("[ip, ..., status_code = 4*, bytes]").match(ACCESS)
    assert found is not None
    assert (found["$ip"], found["$status_code"], found["$bytes"]) == ("127.0.0.1", "404", "1534")
    assert found["$4"] == "10/Oct/2000:13:25:15 -0700"
    selected = compile_pattern("{ $.latency > 1 && $.ThisFlag IS TRUE && $.user EXISTS }").match(BODY)
    assert selected is not None
    assert (selected["$.latency"], selected["$.ThisFlag"]) == ("120.5", "true")
    assert json.loads(selected["$.user"])["id"] == 1


@pytest.mark.parametrize(
    "pattern",
    [
        "{",
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a > text }",
        "{ $.a IS MAYBE }",
        "{ $.a NOT 5 }",
        "{ $.a = 1 } more",
        "{ a = 1 }",
        "{ $.a ~ 1 }",
        "{ " + "(" * 40 + "$.a = 1" + ")" * 40 + " }",
        "[a, ..., ...]",
        "[a",
        "[a = 1 || b = 2]",
        "[a <> 1]",
        '"open',
        "%(group)%",
        "%a{3,1}%",
        r"%\q%",
        "%[z-a]%",
        "%%",
        "a" * 1025,
    ],
)
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(InvalidPattern, match="Invalid filter pattern"):
        compile_pattern(pattern)


ALPHABET = st.text(alphabet='{}[]()$.*="%\\?!<>|&, -ab1NOTISEX\n', max_size=60)


@settings(max_examples=400, deadline=None)
@given(ALPHABET | st.text(max_size=60), st.text(max_size=60) | st.just(BODY) | st.just(ACCESS))
def test_any_text_is_a_pattern_or_refused(pattern: str, message: str) -> None:
    try:
        compiled = compile_pattern(pattern)
    except InvalidPattern:
        return
    found = compiled.match(message)
    assert found is None or all(isinstance(value, str) for value in found.values())


REGEX = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", "-"]),
        st.sampled_from(["", "?", "*", "+", "{2}", "{1,2}", "{1,}"]),
    ),
    max_size=5,
).map(lambda pieces: "".join(atom + times for atom, times in pieces))


@settings(max_examples=400, deadline=None)
@given(REGEX, REGEX, st.booleans(), st.booleans(), st.text(alphabet="ab1-", max_size=8))
def test_expressions_find_what_re_finds(first: str, second: str, starts: bool, ends: bool, text: str) -> None:
    expression = f"{'^' if starts else ''}{first}|{second}{'$' if ends else ''}"
    assert Expression(expression).found_in(text) is (re.search(expression, text) is not None)


def test_no_expression_takes_long() -> None:
    """`re` needs 30 characters to the power of six for this one."""
    began = process_time()
    assert not Expression(".*.*.*.*.*.*x").found_in("a" * 65_536)
    assert process_time() - began < 5
