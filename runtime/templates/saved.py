"""Events that somebody saved for a function, kept in the broker beside its records.

The console's limits: ten events per function, and a name of letters, digits, `-` and `_`.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from runtime.errors import FunctionsError, InvalidParameterError
from streamcore.broker import Broker
from streamcore.model.stream import Scope

MAX_EVENTS: Final = 10
MAX_EVENT_BYTES: Final = 262_144

_KIND: Final = "test_event"
_NAME: Final = re.compile(r"(?a)\A[A-Za-z0-9_-]{1,100}\Z")
_FUNCTION: Final = re.compile(r"(?a)\A[A-Za-z0-9_-]{1,64}\Z")


class TestEventNotFound(FunctionsError, LookupError):
    """No event of that name was saved for the function."""

    code = "ResourceNotFoundException"
    __test__ = False  # pytest takes the name for a test

    def __init__(self, function: str, name: str) -> None:
        super().__init__(function, name)
        self.function = function
        self.name = name

    def __str__(self) -> str:
        return f"there is no test event {self.name} of the function {self.function}"


class SavedEvents:
    """The test events of the functions in one account and region; functions are given by name."""

    def __init__(self, broker: Broker, scope: Scope | None = None) -> None:
        self._broker = broker
        self._scope = scope or broker.settings.scope

    async def names(self, function: str) -> list[str]:
        """In alphabetical order. Raises InvalidParameterError."""
        start = self._key(function, "")
        found = await self._broker.documents(_KIND)
        return sorted(key.removeprefix(start) for key in found if key.startswith(start))

    async def get(self, function: str, name: str) -> bytes:
        """The event's JSON. Raises TestEventNotFound, InvalidParameterError."""
        found = (await self._broker.documents(_KIND)).get(self._key(function, name))
        if found is None:
            raise TestEventNotFound(function, name)
        return found

    async def save(self, function: str, name: str, event: bytes) -> None:
        """Keeps an event, replacing one of its name; it is durable then. Raises InvalidParameterError."""
        if not _NAME.match(name):
            raise InvalidParameterError("name", name, "must have from 1 to 100 letters, digits, - and _")
        if len(event) > MAX_EVENT_BYTES:
            raise InvalidParameterError("event", f"{len(event)} bytes", f"must have at most {MAX_EVENT_BYTES} bytes")
        try:
            msgspec.json.decode(event)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise InvalidParameterError("event", str(error), "must be JSON") from None
        present = await self.names(function)
        if name not in present and len(present) >= MAX_EVENTS:
            raise InvalidParameterError("name", name, f"would be more than the {MAX_EVENTS} events of a function")
        await self._broker.save_document(_KIND, self._key(function, name), event)

    async def delete(self, function: str, name: str) -> None:
        """Raises TestEventNotFound."""
        await self.get(function, name)
        await self._broker.save_document(_KIND, self._key(function, name), None)

    async def delete_all(self, function: str) -> None:
        """For a function that is deleted."""
        for name in await self.names(function):
            await self._broker.save_document(_KIND, self._key(function, name), None)

    def _key(self, function: str, name: str) -> str:
        if not _FUNCTION.match(function):
            raise InvalidParameterError("function", function, "must be the name of a function")
        return f"{self._scope.account}:{self._scope.region}:{function}:{name}"
