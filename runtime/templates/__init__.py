"""Test events: AWS's sample events of every source, as the Lambda console offers them, and those saved per function."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from runtime.errors import InvalidParameterError


def names() -> list[str]:
    """The templates there are, such as `kinesis` and `s3-put`."""
    folder = files(__name__)
    return sorted(entry.name.removesuffix(".json") for entry in folder.iterdir() if entry.name.endswith(".json"))


def template(name: str) -> dict[str, Any]:
    """A sample event, anew each time. Raises InvalidParameterError for a name that is none."""
    if name not in names():
        raise InvalidParameterError("template", name, f"must be one of {', '.join(names())}")
    event: dict[str, Any] = json.loads(files(__name__).joinpath(f"{name}.json").read_text())
    return event
