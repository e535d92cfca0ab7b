"""Handlers that the worker processes of test_functions.py import."""

from __future__ import annotations

import base64
import os
from typing import Any

from runtime import function


def data_of(event: dict[str, Any]) -> list[str]:
    return [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]


@function
def echo(event: dict[str, Any], context: Any) -> list[str]:
    return data_of(event)


@function(name="async-echo", timeout_s=5, environment={"GREETING": "hello"})
async def async_echo(event: dict[str, Any], context: Any) -> list[str]:
    return [os.environ["GREETING"], context.function_name, *data_of(event)]


@function(name="dies")
def dies_once(event: dict[str, Any], context: Any) -> list[str]:
    """Ends its process at the first try of a record."""
    marker = data_of(event)[0]
    if not os.path.exists(marker):
        open(marker, "w").close()
        os._exit(1)
    return ["survived"]


@function
def chatty(event: dict[str, Any], context: Any) -> None:
    print("I was here")
