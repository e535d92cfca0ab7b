"""The store on LMDB: one environment for all shards, one writer thread, a pair of reader threads.

Why one environment, why blocks, why append-only keys: docs/architecture.md has the measurements. The writer thread
holds the only write transaction; a commit is one transaction and one sync, whatever it holds.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Any, Final, TypeVar

import lmdb

from streamcore.errors import (
    BrokerClosed,
    StorageCorrupt,
    StorageFailed,
    StorageFormat,
    StorageFull,
    StorageLocked,
    StorageUnavailable,
)
from streamcore.model.record import Chunk
from streamcore.model.stream import shard_id
from streamcore.store import layout
from streamcore.store.base import Append, Batch, Extent, ShardKey, Table, Usage
from streamcore.store.moment import Moment, VolumeMoment
from streamcore.store.threads import Threads

T = TypeVar("T")

#: Smaller chunks are left to the commit, which joins them.
PREPARE_MIN_RECORDS: Final = 16
#: How long the loop may stand still for the rows of a commit; they take a tenth of it unless the disk is read.
HAND_OVER_S: Final = 0.002
_MAP_START_BYTES: Final = 256 * 1024 * 1024
_MAP_STEP_MAX_BYTES: Final = 64 * 1024**3
#: What may be written while the volume is copied.
_MOMENT_ROOM_BYTES: Final = 16 * 1024**3
_PROBE_BYTES: Final = 1024 * 1024
_FORMAT_KEY: Final = b"format"
_RECORDS: Final = b"records"
_EXTENTS: Final = b"extents"
#: Errors of a write that leave the volume sound: nothing of the transaction became visible, space may return.
_FULL_CODES: Final = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_FULL: Final = tuple(os.strerror(code) for code in _FULL_CODES)
#: Refusals of one row or one huge transaction: the caller's fault, nothing reached the disk.
_REFUSED: Final = (lmdb.BadValsizeError, lmdb.TxnFullError)


class _Damaged(Exception):
    """A block whose header or body does not match its checksum."""

    def __init__(self, shard: ShardKey, first_index: int) -> None:
        self.shard = shard
        self.first_index = first_index


class LmdbStore:
    """Records and rows in `DIR/volume/data.mdb`; see FORMAT.md."""

    def __init__(self, path: Path, *, durability: str = "sync") -> None:
        self._path = path
        self._lock_file = _lock_folder(path)
        env: lmdb.Environment | None = None
        try:
            self._env = env = _open_environment(path / "volume", durability)
            self._records = self._env.open_db(_RECORDS)
            self._extents = self._env.open_db(_EXTENTS)
            self._tables = {table: self._env.open_db(table.encode()) for table in Table}
            self._check_format()
            _sync_folder(path)
        except BaseException as error:
            if env is not None:
                env.close()
            self._lock_file.close()
            if isinstance(error, lmdb.Error):
                raise StorageUnavailable(path=str(path), reason=str(error)) from error
            raise
        self._gate = _MapGate()
        self._moments = 0
        self._failed: str | None = None
        self._closed = False
        self._writer = Threads("streamcore-writer", 1)
        self._readers = Threads("streamcore-reader", 2)

    # ------------------------------------------------------------ the port

    def prepare(self, chunk: Chunk) -> Chunk:
        """Encodes a large chunk. The writer thread would have to take the interpreter from the loop for it; this way
        it has little to do but system calls, beside which the loop goes on."""
        if len(chunk.datas) < PREPARE_MIN_RECORDS:
            return chunk
        return chunk._replace(encoded=layout.encode_chunk(chunk))

    async def commit(self, batch: Batch) -> None:
        if self._closed:
            raise BrokerClosed
        written = threading.Lock()
        written.acquire()
        was_idle = self._writer.is_idle
        done = self._writer.run(lambda: self._commit(batch, written))
        if was_idle:
            # The loop stands still while the writer puts the rows, and goes on while they are synced. LMDB's calls give
            # the interpreter away and take it back: beside a busy loop the writer would wait for it at every row.
            written.acquire(timeout=HAND_OVER_S)
        await done

    async def read(self, shard: ShardKey, index: int, max_records: int, max_bytes: int) -> list[Chunk]:
        return await self._read(lambda txn: self._read_blocks(txn, shard, index, max_records, max_bytes))

    async def seek(self, shard: ShardKey, arrival_ms: int) -> int:
        return await self._read(lambda txn: self._seek(txn, shard, arrival_ms))

    async def extents(self) -> dict[ShardKey, Extent]:
        return await self._read(self._load_extents)

    async def trim(self, shard: ShardKey, horizon_ms: int, max_blocks: int) -> Extent:
        return await self._write(lambda txn: self._trim(txn, shard, horizon_ms, max_blocks))

    async def drop(self, stream_id: int, max_blocks: int) -> bool:
        return await self._write(lambda txn: self._drop(txn, stream_id, max_blocks))

    async def scan(self, table: Table, prefix: bytes = b"") -> list[tuple[bytes, bytes]]:
        return await self._read(lambda txn: self._scan(txn, table, prefix))

    def usage(self) -> Usage:
        if self._closed:
            return Usage(0, 0, 0)
        info, page_bytes = self._env.info(), self._env.stat()["psize"]
        used_bytes = (info["last_pgno"] + 1) * page_bytes
        return Usage(used_bytes, info["map_size"], self._free_bytes(page_bytes))

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Callable[[], Awaitable[Moment]]]:
        if self._closed:
            raise BrokerClosed
        loop, entered, released = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

        def hold() -> None:
            try:
                self._make_room()
            finally:
                loop.call_soon_threadsafe(entered.set)
            released.wait()

        holding = self._writer.run(hold)
        try:
            await entered.wait()
            if holding.done():
                holding.result()
            yield self._moment
        finally:
            released.set()
            await asyncio.wait([holding])

    async def _moment(self) -> Moment:
        with ExitStack() as entering:
            entering.enter_context(self._gate.shared())
            transaction = self._env.begin()
            self._moments += 1
            inside = entering.pop_all()

        def release() -> None:
            self._moments -= 1
            inside.close()

        return VolumeMoment(self._env, transaction, release)

    def unready_reason(self) -> str | None:
        return "closed" if self._closed else self._failed

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._shutdown)

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"stopped writing: {self._failed}" if self._failed else "open"
        return f"<LmdbStore {self._path} {state}>"

    # ------------------------------------------------------------ threads

    async def _write(self, action: Callable[[Any], T]) -> T:
        if self._closed:
            raise BrokerClosed
        return await self._writer.run(lambda: self._transact(action))

    async def _read(self, action: Callable[[Any], T]) -> T:
        if self._closed:
            raise BrokerClosed
        return await self._readers.run(lambda: self._inspect(action))

    def _inspect(self, action: Callable[[Any], T]) -> T:
        with self._gate.shared(), self._env.begin(buffers=True) as txn:
            try:
                return action(txn)
            except _Damaged as damage:
                raise self._corrupt(damage) from None

    def _transact(self, action: Callable[[Any], T]) -> T:
        if self._failed is not None:
            raise StorageFailed(path=str(self._path), reason=self._failed)
        while True:
            try:
                with self._env.begin(write=True, buffers=True) as txn:
                    return action(txn)
            except lmdb.MapFullError:
                self._grow()
            except _REFUSED:
                raise
            except _Damaged as damage:
                raise self._corrupt(damage) from None
            except lmdb.Error as error:
                raise self._write_error(error) from error

    def _corrupt(self, damage: _Damaged) -> StorageCorrupt:
        return StorageCorrupt(
            first_index=damage.first_index, shard=shard_id(damage.shard.shard_number), path=str(self._path)
        )

    def _write_error(self, error: lmdb.Error) -> StorageFull | StorageFailed:
        """What a failed transaction means. Anything but a full disk may have been a failed sync: then what reached the
        disk is unknown, and writing on could acknowledge records that a reopened volume does not have."""
        if any(text in str(error) for text in _FULL) or self._was_short_write(error):
            return StorageFull(path=str(self._path))
        self._failed = str(error)
        return StorageFailed(path=str(self._path), reason=self._failed)

    def _was_short_write(self, error: lmdb.Error) -> bool:
        """A disk that fills up cuts a write short before it refuses one, and LMDB calls that EIO as well
        (mdb_page_flush: "short write, filesystem full?"). A full disk has no room behind the file either."""
        if os.strerror(errno.EIO) not in str(error):
            return False
        with (self._path / "volume" / "data.mdb").open("r+b") as file:
            try:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), _PROBE_BYTES)
            except OSError as refusal:
                return refusal.errno in _FULL_CODES
        return False

    def _grow(self, least_bytes: int = 0) -> None:
        size = self._env.info()["map_size"]
        with self._gate.exclusive():
            try:
                self._env.set_mapsize(size + max(least_bytes, min(size, _MAP_STEP_MAX_BYTES)))
            except (lmdb.Error, MemoryError, OverflowError) as error:  # no address space left
                raise StorageFull(path=str(self._path)) from error

    def _make_room(self) -> None:
        """The map cannot grow while a moment is open, so it is given what comes in meanwhile, generously: this is
        address space, not disk."""
        info = self._env.info()
        used = (info["last_pgno"] + 1) * self._env.stat()["psize"]
        if self._moments == 0 and info["map_size"] - used < _MOMENT_ROOM_BYTES:
            self._grow(_MOMENT_ROOM_BYTES)

    def _shutdown(self) -> None:
        self._writer.stop()
        self._readers.stop()
        self._env.close()
        self._lock_file.close()

    # ------------------------------------------------------------ in a transaction

    def _commit(self, batch: Batch, written: threading.Lock) -> None:
        """One transaction; `written` is released when its rows are put, or when they cannot be."""

        def put(txn: Any) -> None:
            self._apply(txn, batch)
            _release(written)

        try:
            self._transact(put)
        finally:
            _release(written)

    def _apply(self, txn: Any, batch: Batch) -> None:
        for append in batch.appends:
            self._append(txn, append)
        for row in batch.rows:
            if row.value is None:
                txn.delete(row.key, db=self._tables[row.table])
            else:
                txn.put(row.key, row.value, db=self._tables[row.table])

    def _append(self, txn: Any, append: Append) -> None:
        for first_index, value in layout.encode_blocks(append.chunks):
            txn.put(layout.block_key(append.shard, first_index), value, db=self._records)

    def _read_blocks(self, txn: Any, shard: ShardKey, index: int, max_records: int, max_bytes: int) -> list[Chunk]:
        appetite = layout.Appetite(max_records, max_bytes)
        chunks: list[Chunk] = []
        with txn.cursor(db=self._records) as cursor:
            for first_index, value in _blocks_from(cursor, shard, index):
                chunks += _checked(shard, first_index, layout.decode_block, value, first_index, index, appetite)
                if appetite.is_full:
                    break
        return chunks

    def _seek(self, txn: Any, shard: ShardKey, arrival_ms: int) -> int:
        """Bisects the index space: arrivals never go back within a shard."""
        with txn.cursor(db=self._records) as cursor:
            extent = self._extent(txn, cursor, shard)
            low, high = extent.first_index, extent.next_index
            while low < high:
                middle = (low + high) // 2
                first_index, value = next(_blocks_from(cursor, shard, middle))
                head = _checked(shard, first_index, layout.read_block_head, value)
                if head.last_arrival_ms < arrival_ms:
                    low = first_index + head.record_count
                elif _checked(shard, first_index, layout.first_arrival_ms, value) < arrival_ms:
                    return _checked(shard, first_index, layout.seek_in_block, value, first_index, arrival_ms)
                else:
                    high = min(first_index, middle)
            return low

    def _load_extents(self, txn: Any) -> dict[ShardKey, Extent]:
        with txn.cursor(db=self._extents) as floors:
            shards = {ShardKey(*layout.split_block_key(bytes(key) + bytes(8))[0]) for key, _ in floors}
        with txn.cursor(db=self._records) as cursor:
            found = cursor.first()
            while found:
                shard, _ = layout.split_block_key(cursor.key())
                shards.add(shard)
                found = cursor.set_range(layout.block_key(ShardKey(shard.stream_id, shard.shard_number + 1), 0))
            return {shard: self._extent(txn, cursor, shard) for shard in shards}

    def _extent(self, txn: Any, cursor: Any, shard: ShardKey) -> Extent:
        floor_value = txn.get(layout.shard_prefix(shard), db=self._extents)
        floor = layout.unpack_extent(floor_value) if floor_value is not None else Extent(0, 0, 0, 0)
        first = next(_blocks_from(cursor, shard, 0), None)
        if first is None:
            return Extent(floor.next_index, floor.next_index, floor.last_arrival_ms, floor.last_arrival_ms)
        first_index = first[0]
        first_arrival = _checked(shard, first_index, layout.first_arrival_ms, first[1])
        _seek_last(cursor, shard)
        _, last_index = layout.split_block_key(cursor.key())
        head = _checked(shard, last_index, layout.read_block_head, cursor.value())
        return Extent(first_index, last_index + head.record_count, first_arrival, head.last_arrival_ms)

    def _trim(self, txn: Any, shard: ShardKey, horizon_ms: int, max_blocks: int) -> Extent:
        with txn.cursor(db=self._records) as cursor:
            before = self._extent(txn, cursor, shard)
            cursor.set_range(layout.block_key(shard, 0))
            trimmed = 0
            while trimmed < max_blocks and _is_at(cursor, shard) and _head_at(cursor).last_arrival_ms <= horizon_ms:
                cursor.delete()
                trimmed += 1
            if not trimmed:
                return before
            # The floor keeps the numbering when the last block goes.
            txn.put(layout.shard_prefix(shard), layout.pack_extent(before), db=self._extents)
            return self._extent(txn, cursor, shard)

    def _drop(self, txn: Any, stream_id: int, max_blocks: int) -> bool:
        left = max_blocks
        for db in (self._records, self._extents):
            with txn.cursor(db=db) as cursor:
                prefix = stream_id.to_bytes(4, "big")
                found = cursor.set_range(prefix)
                while found and bytes(cursor.key()[:4]) == prefix:
                    if left == 0:
                        return False
                    found = cursor.delete()
                    left -= 1
        return True

    def _scan(self, txn: Any, table: Table, prefix: bytes) -> list[tuple[bytes, bytes]]:
        rows: list[tuple[bytes, bytes]] = []
        with txn.cursor(db=self._tables[table]) as cursor:
            found = cursor.set_range(prefix) if prefix else cursor.first()
            while found:
                key = bytes(cursor.key())
                if not key.startswith(prefix):
                    break
                rows.append((key, bytes(cursor.value())))
                found = cursor.next()
        return rows

    def _check_format(self) -> None:
        with self._env.begin(write=True) as txn:
            found = txn.get(_FORMAT_KEY, db=self._tables[Table.META])
            if found is None:
                txn.put(_FORMAT_KEY, str(layout.FORMAT_VERSION).encode(), db=self._tables[Table.META])
            elif found != str(layout.FORMAT_VERSION).encode():
                raise StorageFormat(
                    path=str(self._path), found=found.decode(errors="replace"), expected=layout.FORMAT_VERSION
                )

    def _free_bytes(self, page_bytes: int) -> int:
        """Pages that are in the file and hold nothing: all but those the trees use."""
        used = 2  # the meta pages
        with self._gate.shared(), self._env.begin() as txn:
            used += sum(_pages(txn.stat(db)) for db in (self._records, self._extents, *self._tables.values()))
        used += _pages(self._env.stat())
        return max(0, (self._env.info()["last_pgno"] + 1 - used) * page_bytes)


class _MapGate:
    """Readers share the map; growing it wants nobody inside (LMDB forbids it under a transaction)."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._inside = 0
        self._growing = False

    @contextmanager
    def shared(self) -> Iterator[None]:
        with self._condition:
            self._condition.wait_for(lambda: not self._growing)
            self._inside += 1
        try:
            yield
        finally:
            with self._condition:
                self._inside -= 1
                self._condition.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        with self._condition:
            self._growing = True
            self._condition.wait_for(lambda: self._inside == 0)
        try:
            yield
        finally:
            with self._condition:
                self._growing = False
                self._condition.notify_all()


def _release(lock: threading.Lock) -> None:
    if lock.locked():
        lock.release()


def _pages(stat: Any) -> int:
    return int(stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"])


def _checked(shard: ShardKey, first_index: int, read: Callable[..., T], *args: Any) -> T:
    """Reads in a block; a checksum that does not match is told with the block's place."""
    try:
        return read(*args)
    except layout.ChecksumError:
        raise _Damaged(shard, first_index) from None


def _head_at(cursor: Any) -> layout.BlockHead:
    return _checked(*layout.split_block_key(cursor.key()), layout.read_block_head, cursor.value())


def _is_at(cursor: Any, shard: ShardKey) -> bool:
    key = cursor.key()
    return len(key) > 0 and layout.split_block_key(key)[0] == shard


def _blocks_from(cursor: Any, shard: ShardKey, index: int) -> Iterator[tuple[int, memoryview]]:
    """The shard's blocks from the one that holds `index` (or the next after it) on."""
    found = cursor.set_range(layout.block_key(shard, index))
    at_index = found and cursor.key() == layout.block_key(shard, index)
    if not at_index and index > 0:
        has_previous = cursor.prev() if found else cursor.last()
        if has_previous and _is_at(cursor, shard):
            _, first_index = layout.split_block_key(cursor.key())
            if first_index + _head_at(cursor).record_count <= index:
                found = cursor.next()
        else:
            found = cursor.set_range(layout.block_key(shard, index))
    while _is_at(cursor, shard):
        yield layout.split_block_key(cursor.key())[1], cursor.value()
        if not cursor.next():
            break


def _seek_last(cursor: Any, shard: ShardKey) -> None:
    """Moves to the last block of a shard that has one."""
    found = cursor.set_range(layout.block_key(ShardKey(shard.stream_id, shard.shard_number + 1), 0))
    if found:
        cursor.prev()
    else:
        cursor.last()


def _open_environment(folder: Path, durability: str) -> lmdb.Environment:
    """`sync`: data and meta page reach the disk before a commit returns. `os`: the meta page may follow later, so power
    loss can take back the last commits; it never damages the volume (LMDB's MDB_NOMETASYNC)."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "data.mdb"
    size = data.stat().st_size if data.exists() else 0
    map_bytes = _MAP_START_BYTES
    while map_bytes < size * 5 // 4:
        map_bytes += min(map_bytes, _MAP_STEP_MAX_BYTES)
    try:
        return lmdb.open(
            str(folder), map_size=map_bytes, max_dbs=16, max_readers=64, metasync=durability == "sync", readahead=False
        )
    except (lmdb.InvalidError, lmdb.VersionMismatchError) as error:
        raise StorageFormat(path=str(folder), found=str(error), expected=layout.FORMAT_VERSION) from error


def _lock_folder(path: Path) -> IO[str]:
    path.mkdir(parents=True, exist_ok=True)
    file = (path / "broker.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read(20).strip() or "unknown"
        file.close()
        raise StorageLocked(path=str(path), pid=pid) from None
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def _sync_folder(path: Path) -> None:
    """The names of new files are durable only once their folders are."""
    for folder in (path / "volume", path, path.parent):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
