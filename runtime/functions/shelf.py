"""Documents of one kind, kept in the broker and held in memory: owner → item → value.

    versions: Shelf[Configuration] = Shelf(broker, "function-version", Configuration)
    await versions.put(key, "3", configuration)
    versions.of(key)["3"]

An owner is a tuple of names without a slash, an item any text. Reads never wait; a change is in memory when it is
durable.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

import msgspec

from streamcore.broker import Broker

T = TypeVar("T")
Owner = tuple[str, ...]


class Shelf(Generic[T]):
    """One kind of documents. Call `load` before anything else."""

    def __init__(self, broker: Broker, kind: str, type_: type[T]) -> None:
        self._broker = broker
        self._kind = kind
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(type_)
        self._encoder = msgspec.json.Encoder()
        self._items: dict[Owner, dict[str, T]] = {}

    async def load(self) -> None:
        for key, text in (await self._broker.documents(self._kind)).items():
            *owner, item = key.split("/")
            self._items.setdefault(tuple(owner), {})[item] = self._decoder.decode(text)

    def of(self, owner: Owner) -> Mapping[str, T]:
        """All items of an owner."""
        return self._items.get(tuple(owner), {})

    def get(self, owner: Owner, item: str = "") -> T | None:
        found = self._items.get(tuple(owner))
        return None if found is None else found.get(item)

    def __iter__(self) -> Iterator[tuple[Owner, str, T]]:
        for owner, items in list(self._items.items()):
            for item, value in list(items.items()):
                yield owner, item, value

    async def put(self, owner: Owner, item: str, value: T) -> None:
        """Durable on return. Raises what the broker raises when it cannot write."""
        await self._broker.save_document(self._kind, "/".join((*owner, item)), self._encoder.encode(value))
        self._items.setdefault(tuple(owner), {})[item] = value

    async def remove(self, owner: Owner, item: str = "") -> T | None:
        """What was there."""
        items = self._items.get(tuple(owner), {})
        if item not in items:
            return None
        await self._broker.save_document(self._kind, "/".join((*owner, item)), None)
        removed = items.pop(item, None)
        if not items:
            self._items.pop(tuple(owner), None)
        return removed

    async def clear(self, owner: Owner) -> None:
        """Removes all items of an owner."""
        for item in list(self.of(owner)):
            await self.remove(owner, item)

    def __repr__(self) -> str:
        return f"<Shelf {self._kind}, {sum(map(len, self._items.values()))} documents>"
