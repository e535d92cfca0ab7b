"""Rules that HTTP APIs share with others: expressions, routes, patterns of users, wildcards, CORS."""

from __future__ import annotations

import time

import pytest

from runtime.model.apigateway.authorization import wild_match
from runtime.model.apigateway.exchange import Exchange
from runtime.model.apigateway.json_schema import compile_schema
from runtime.model.apigateway.proxy_event import Arrived
from runtime.model.apigateway.request_checks import MODELS
from runtime.model.apigateway.vtl.bounds import RenderError
from runtime.model.apigateway.vtl.template import Template
from runtime.model.cors import Cors, answer_headers, is_preflight, preflight_headers
from runtime.model.given_pattern import PATTERN_MAX_CHARS, GivenPattern, PatternError, PatternTooSlow
from runtime.model.httpapi.expressions import ExpressionError, read

REQUEST = Arrived(
    method="POST",
    path="/p/7",
    query=[("q", "1"), ("q", "2")],
    headers=[("X-A", "a"), ("x-a", "b")],
    body=b'{"n": 1, "list": ["x", {"y": true}], "a b": null}',
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("a $request.path", "a $request.path"),
        ("$request.header.x-a", "a,b"),
        ("${request.header.X-A}", "a,b"),
        ("$request.querystring.q", "1,2"),
        ("$request.querystring.none", None),
        ("$request.path", "/p/7"),
        ("$request.path.id", "7"),
        ("$request.body.n", "1"),
        ("$request.body.list[1].y", "true"),
        ("$request.body.list", '["x", {"y": true}]'),
        ("$request.body['a b']", None),
        ("$request.body.none.deep", None),
        ("$context.identity.sourceIp", "1.2.3.4"),
        ("$context.none.deep", None),
        ("$stageVariables.v", "sv"),
        ("${request.path.id}/${stageVariables.v}!", "7/sv!"),
        ("${request.path.id}/${stageVariables.none}", None),
    ],
)
def test_expressions(text: str, value: str | None) -> None:
    context = {"identity": {"sourceIp": "1.2.3.4"}}
    found = read(text)(Exchange(REQUEST, context, {"id": "7"}, {"v": "sv"}), None)
    if found is not None and found.startswith("["):
        found = found.replace(", ", ",").replace(",", ", ").replace('":t', '": t')
    assert found == value


@pytest.mark.parametrize(
    "text",
    ["$", "$request", "$request.none.x", "$request.header", "$request.header.", "$request.header.a b", "$context",
     "$stageVariables", "$request.body[", "${request.none}", "$requestX.header.a"],
)  # fmt: skip
def test_expressions_that_are_none(text: str) -> None:
    with pytest.raises(ExpressionError):
        read(text)


VICTIM = "a" * 5000 + "b"


def test_a_pattern_that_takes_too_long_ends() -> None:
    began = time.perf_counter()
    with pytest.raises(PatternTooSlow):
        GivenPattern("(a|a?)+$").fullmatch(VICTIM)
    assert time.perf_counter() - began < 5.0


@pytest.mark.parametrize("text", ["(", "a{2,1}", "x" * (PATTERN_MAX_CHARS + 1)])
def test_patterns_that_are_none(text: str) -> None:
    with pytest.raises(PatternError):
        GivenPattern(text)


@pytest.mark.parametrize(
    ("text", "subject", "fits"),
    [
        ("(\\n|.)+", "a\nb", True),
        ("^(?!.*error).*", "fine", True),
        ("^(?!.*error).*", "an error", False),
        (".*Bad.*", "a Bad thing", True),
        ("4\\d{2}", "404", True),
        ("4\\d{2}", "4040", False),
    ],
)
def test_patterns_of_apis(text: str, subject: str, fits: bool) -> None:
    assert GivenPattern(text).fullmatch(subject) is fits


def test_a_template_and_a_model_with_a_slow_pattern_end() -> None:
    slow = "(a|a?)+$"
    with pytest.raises(RenderError, match="takes too long"):
        Template(f"$x.matches('{slow}')").render({"x": VICTIM})
    assert compile_schema({MODELS: {}, "type": "string", "pattern": slow})(VICTIM) is False
    fits = compile_schema({MODELS: {}, "type": "string", "pattern": "^a+b$"})
    assert (fits(VICTIM), fits("b")) == (True, False)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("*", "", True),
        ("a*c", "abc", True),
        ("a*c", "abcd", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("*b*", "abc", True),
        ("**a", "ba", True),
        ("", "a", False),
        ("a.c", "abc", False),
        ("*a" * 500 + "b", "a" * 2000, False),
    ],
)
def test_wildcards(pattern: str, text: str, fits: bool) -> None:
    assert wild_match(pattern, text) is fits


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        (["*"], "https://a", "*"),
        (["https://a"], "https://a", "https://a"),
        (["https://a"], "https://b", None),
        (["https://*"], "https://b", "https://b"),
        (["https://*"], "http://b", None),
        (["http://*"], "", None),
        ([], "https://a", None),
    ],
)
def test_allowed_origins(origins: list[str], origin: str, allowed: str | None) -> None:
    rules = Cors(allow_origins=origins, allow_methods=["GET", "PUT"], max_age=0)
    assert answer_headers(rules, origin).get("access-control-allow-origin") == allowed
    told = preflight_headers(rules, origin)
    assert told.get("access-control-allow-methods") == (None if allowed is None else "GET,PUT")
    assert "access-control-max-age" not in told


def test_what_a_preflight_is() -> None:
    headers = {"origin": "https://a", "access-control-request-method": "GET"}
    assert is_preflight("OPTIONS", headers)
    assert not is_preflight("GET", headers)
    assert not is_preflight("OPTIONS", {"origin": "https://a"})
