"""Sends a record to a target by the service in its ARN. A service registers itself: the router knows none."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from runtime.errors import DestinationError

Deliver = Callable[[str, bytes, dict[str, str]], Awaitable[None]]
#: Attributes that say for whom a delivery is made, which targets do not get: the role it is made by, the function whose
#: outcome it is, the topic it comes from.
ROLE: Final = "ROLE_ARN"
FUNCTION: Final = "FUNCTION_ARN"
TOPIC: Final = "TOPIC_ARN"
_OF_SENDER: Final = frozenset({ROLE, FUNCTION, TOPIC})


class Destinations:
    """Targets by service (`lambda`, `kinesis`, …)."""

    def __init__(self) -> None:
        self._services: dict[str, Deliver] = {}

    def add(self, service: str, deliver: Deliver) -> None:
        """`deliver(target ARN, body, attributes)` raises DestinationError."""
        self._services[service] = deliver

    @property
    def services(self) -> frozenset[str]:
        """The kinds of targets that there are."""
        return frozenset(self._services)

    def offers(self, arn: str) -> bool:
        """Whether there is a target of this kind at all."""
        return service_of(arn) in self._services

    def check(self, arn: str, body: bytes, attributes: Mapping[str, str]) -> None:
        """Raises DestinationError when no policy lets the sender in. Without authentication everybody is."""

    async def send(self, arn: str, body: bytes, attributes: dict[str, str]) -> None:
        """Returns when the target has the record. Raises DestinationError."""
        deliver = self._services.get(service_of(arn))
        if deliver is None:
            raise DestinationError(arn, "no such kind of destination is offered", is_passing=False)
        if not _OF_SENDER.isdisjoint(attributes):
            attributes = {name: value for name, value in attributes.items() if name not in _OF_SENDER}
        await deliver(arn, body, attributes)


def service_of(arn: str) -> str:
    """`kinesis` of `arn:aws:kinesis:…`; empty for what is no ARN."""
    return arn.split(":")[2] if arn.startswith("arn:") and arn.count(":") >= 5 else ""
