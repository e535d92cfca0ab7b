"""The function of `mapping-throughput`: has its event, does nothing with it."""

from typing import Any


def handler(event: dict[str, Any], context: object) -> None:
    assert event["Records"]
