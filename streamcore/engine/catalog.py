"""Which streams there are: in memory for reading, in the store for good. A change is visible once it is durable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from streamcore.engine.committer import Committer
from streamcore.engine.stream import Stream
from streamcore.errors import StreamNotFound
from streamcore.model.stream import Scope, StreamInfo, parse_stream_arn
from streamcore.store.base import Extent, Row, ShardKey, Store, Table

_STREAM: Final = b"s"  # s + stream id -> StreamInfo
_DROPPED: Final = b"d"  # d + stream id -> "": its records are still being removed
_NEXT_ID: Final = b"next_stream_id"
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(StreamInfo)


class Catalog:
    """All streams of a broker, by id and by (account, region, name)."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._by_id: dict[int, Stream] = {}
        self._by_name: dict[tuple[str, str, str], Stream] = {}
        self._next_id = 1
        self.dropped: set[int] = set()

    async def load(self, store: Store, extents: dict[ShardKey, Extent]) -> None:
        for key, value in await store.scan(Table.CATALOG, _STREAM):
            self._add(Stream(_DECODER.decode(value), extents))
            self._next_id = max(self._next_id, int.from_bytes(key[1:], "big") + 1)
        self.dropped = {int.from_bytes(key[1:], "big") for key, _ in await store.scan(Table.CATALOG, _DROPPED)}
        for _, value in await store.scan(Table.META, _NEXT_ID):
            self._next_id = max(self._next_id, int(value))

    def take_id(self) -> int:
        """An id that no stream had before, nor will after a restart (it is written with the stream)."""
        self._next_id += 1
        return self._next_id - 1

    def reserve(self, info: StreamInfo) -> Stream:
        """Lists a new stream at once, so that a second one of its name is refused while it is being written."""
        stream = Stream(info, {})
        self._add(stream)
        return stream

    async def persist(self, stream: Stream) -> None:
        """Makes a reserved stream durable, or takes it off the list again."""
        try:
            next_id = Row(Table.META, _NEXT_ID, str(self._next_id).encode())
            await self._committer.submit([], [_stream_row(stream.info), next_id])
        except BaseException:
            self._remove(stream)
            raise

    async def change(self, stream: Stream, info: StreamInfo) -> None:
        """Replaces a stream's entry, durably first. Whoever derives `info` from the present one holds
        `stream.changing` while it does, or the later of two changes would undo the earlier."""
        await self._committer.submit([], [_stream_row(info)])
        stream.update(info)

    async def drop(self, stream: Stream, rows: Sequence[Row] = ()) -> None:
        """The stream is gone; its records are marked for removal in the same commit, and `rows` written with it."""
        stream_id = stream.info.stream_id
        key = stream_id.to_bytes(4, "big")
        await self._committer.submit(
            [], [Row(Table.CATALOG, _STREAM + key, None), Row(Table.CATALOG, _DROPPED + key, b""), *rows]
        )
        self._remove(stream)
        self.dropped.add(stream_id)
        for shard in stream.shards.values():
            shard.retire()

    async def forget(self, stream_id: int) -> None:
        """All else of a dropped stream is gone too."""
        await self._committer.submit([], [Row(Table.CATALOG, _DROPPED + stream_id.to_bytes(4, "big"), None)])
        self.dropped.discard(stream_id)

    def find(self, name_or_arn: str, scope: Scope, *, anywhere: bool = False) -> Stream:
        """The stream of that name in the scope, or of that ARN. Raises StreamNotFound.

        `anywhere` is for people and embedders, who name no account: a name that only one scope has is found there.
        """
        name = name_or_arn
        if name.startswith("arn:"):
            scope, name = parse_stream_arn(name)
        stream = self._by_name.get((scope.account, scope.region, name))
        if stream is None and anywhere:
            same_name = [s for s in self._by_name.values() if s.info.name == name]
            stream = same_name[0] if len(same_name) == 1 else None
        if stream is None:
            raise StreamNotFound(stream=name[:128], account=scope.account)
        return stream

    def has_name(self, name: str, scope: Scope) -> bool:
        return (scope.account, scope.region, name) in self._by_name

    def get(self, stream_id: int) -> Stream | None:
        return self._by_id.get(stream_id)

    def streams(self, scope: Scope | None = None) -> list[Stream]:
        """In the order of their names; of one scope, or all."""
        wanted = None if scope is None else (scope.account, scope.region)
        found = [s for name, s in self._by_name.items() if wanted is None or name[:2] == wanted]
        return sorted(found, key=lambda s: s.info.name)

    def __iter__(self) -> Iterator[Stream]:
        return iter(list(self._by_id.values()))

    def _add(self, stream: Stream) -> None:
        info = stream.info
        self._by_id[info.stream_id] = stream
        self._by_name[info.account, info.region, info.name] = stream

    def _remove(self, stream: Stream) -> None:
        info = stream.info
        self._by_id.pop(info.stream_id, None)
        name = info.account, info.region, info.name
        if self._by_name.get(name) is stream:
            del self._by_name[name]


def _stream_row(info: StreamInfo) -> Row:
    return Row(Table.CATALOG, _STREAM + info.stream_id.to_bytes(4, "big"), _ENCODER.encode(info))
