"""Saved events over HTTP: what is refused, and how."""

from __future__ import annotations

import json
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/v1/functions/f", b"", 404, "NotFound"),
        ("GET", "/v1/functions/f/other", b"", 404, "NotFound"),
        ("POST", "/v1/functions/f/events", b"{}", 405, "MethodNotAllowed"),
        ("POST", "/v1/functions/f/events/e", b"{}", 405, "MethodNotAllowed"),
        ("GET", "/v1/functions/a%20b/events", b"", 400, "InvalidParameterValueException"),
        ("GET", "/v1/functions/f/events/e", b"", 404, "ResourceNotFoundException"),
        ("DELETE", "/v1/functions/f/events/e", b"", 404, "ResourceNotFoundException"),
        ("PUT", "/v1/functions/f/events/e", b"{}", 404, "ResourceNotFoundException"),
    ],
)
def test_refusals(streamcore_url: str, method: str, path: str, body: bytes, status: int, code: str) -> None:
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(streamcore_url + path, body or None, method=method))
    with caught.value as answer:
        assert (answer.code, json.loads(answer.read())["code"]) == (status, code)


def test_without_a_signature_it_is_the_default_account(streamcore_url: str) -> None:
    with urlopen(f"{streamcore_url}/v1/functions/f/events") as answer:
        assert json.loads(answer.read()) == {"events": []}


def test_a_broken_signature_is_told(streamcore_url: str) -> None:
    request = Request(f"{streamcore_url}/v1/functions/f/events", headers={"Authorization": "AWS4"})
    with pytest.raises(HTTPError) as caught:
        urlopen(request)
    with caught.value as answer:
        assert json.loads(answer.read())["code"] == "IncompleteSignatureException"
