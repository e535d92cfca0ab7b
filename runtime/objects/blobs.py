"""Contents of objects as files that never change: `files/ab/ab…`, one per segment.

A file is written in `incoming/`, synced, and moved to its place once the index knows it. So whatever a crash leaves
behind is in `incoming/`, and a start has only to look there: what the index knows is moved, the rest is removed.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import logging
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from runtime.model.s3.checksums import Summing, summing
from runtime.model.s3.values import INLINE_MAX_BYTES, Segment
from streamcore.errors import StorageFailed, StorageFull

log = logging.getLogger(__name__)

T = TypeVar("T")

#: What is handed to a thread at a time, to be summed up and written.
WRITE_BYTES: Final = 1024 * 1024
READ_BYTES: Final = 512 * 1024
THREADS: Final = 4
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Content(msgspec.Struct, frozen=True):
    """Bytes that came in, safe on the disk (or here, when `inline` has them), and not yet anybody's."""

    segment: Segment
    md5: str
    sums: dict[str, bytes]
    inline: bytes = b""

    @property
    def size(self) -> int:
        return self.segment.size


class Blobs:
    """The files below one folder. `is_synced` False leaves writing to the operating system."""

    def __init__(self, folder: Path | None, *, is_synced: bool) -> None:
        self._is_temporary = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix="streamcore-objects-")) if folder is None else folder
        self.is_synced = is_synced and folder is not None
        self._incoming = self.folder / "incoming"
        self._files = self.folder / "files"
        self._threads = ThreadPoolExecutor(THREADS, "streamcore-objects")

    def prepare(self) -> None:
        """Makes the folders; blocks. Raises OSError."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        for number in range(256):
            (self._files / f"{number:02x}").mkdir(parents=True, exist_ok=True)

    def left_over(self) -> list[str]:
        """What a crash may have left behind; blocks."""
        return [entry.name for entry in os.scandir(self._incoming)]

    async def run(self, action: Callable[..., T], *arguments: object) -> T:
        """Blocking work on files. Raises StorageFull, StorageFailed."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, action, *arguments)
        except FileNotFoundError:
            raise
        except OSError as error:
            if error.errno in _FULL:
                raise StorageFull(path=str(self.folder)) from error
            raise StorageFailed(path=str(self.folder), reason=str(error)) from error

    def place(self, segments: Iterable[Segment]) -> None:
        """Moves files that the index knows now to where they stay; blocks for a rename each."""
        for segment in segments:
            if not segment.is_inline:
                self.place_file(segment.name)

    def place_file(self, name: str) -> None:
        try:
            (self._incoming / name).rename(self._path(name))
        except FileNotFoundError:
            log.debug("%s is in its place already", name)

    def open(self, name: str) -> int:
        """A descriptor to read from. Raises FileNotFoundError."""
        for path in (self._path(name), self._incoming / name, self._path(name)):
            try:
                return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
        raise FileNotFoundError(name)

    def link(self, name: str) -> str:
        """The same file under a new name, for a copy that moves no byte; blocks."""
        new = uuid.uuid4().hex
        os.link(self._path(name), self._incoming / new)
        self._sync_incoming()
        return new

    def remove(self, names: Iterable[str]) -> None:
        """Blocks. A file that is gone already is no error."""
        for name in names:
            for path in (self._path(name), self._incoming / name):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Blocks until what is under way is done; a temporary folder goes."""
        self._threads.shutdown()
        if self._is_temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def incoming(self, algorithms: Iterable[str] = ()) -> Incoming:
        return Incoming(self, algorithms)

    def create(self, name: str) -> int:
        return os.open(self._incoming / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def finish(self, descriptor: int) -> None:
        """Syncs and closes a file in `incoming/`, and its name."""
        try:
            if self.is_synced:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._sync_incoming()

    def _sync_incoming(self) -> None:
        if not self.is_synced:
            return
        descriptor = os.open(self._incoming, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _path(self, name: str) -> Path:
        return self._files / name[:2] / name

    async def read(self, segment: Segment, start: int, stop: int) -> AsyncIterator[bytes]:
        """Bytes [start, stop) of a file, one piece read ahead. Raises FileNotFoundError, StorageFailed."""
        descriptor = await self.run(self.open, segment.name)
        ahead: asyncio.Future[bytes] | None = None
        try:
            at = start
            ahead = self._ahead(descriptor, at, stop)
            while at < stop:
                assert ahead is not None
                piece = await ahead
                if not piece:
                    raise StorageFailed(path=segment.name, reason="the file is shorter than the index says")
                at += len(piece)
                ahead = self._ahead(descriptor, at, stop) if at < stop else None
                yield piece
        finally:
            if ahead is not None:
                await asyncio.wait([ahead])  # the descriptor is in use until then
            os.close(descriptor)

    def _ahead(self, descriptor: int, at: int, stop: int) -> asyncio.Future[bytes]:
        return asyncio.ensure_future(self.run(os.pread, descriptor, min(READ_BYTES, stop - at), at))

    def __repr__(self) -> str:
        return f"<Blobs {self.folder}>"


class Incoming:
    """A content on its way in. While one piece is summed up and written by a thread, the next arrives; no more than two
    pieces are held. Whoever has one finishes or abandons it."""

    def __init__(self, blobs: Blobs, algorithms: Iterable[str]) -> None:
        self._blobs = blobs
        self._name = uuid.uuid4().hex
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sums: dict[str, Summing] = {name: summing(name) for name in algorithms}
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._descriptor: int | None = None
        self._writing: asyncio.Future[None] | None = None
        self.size = 0

    async def write(self, piece: bytes) -> None:
        """Raises StorageFull, StorageFailed."""
        self._held.append(piece)
        self._held_bytes += len(piece)
        self.size += len(piece)
        if self._held_bytes >= WRITE_BYTES:
            await self._hand_over()

    async def finish(self) -> Content:
        """The content, on the disk. Raises StorageFull, StorageFailed; then it is abandoned."""
        try:
            if self.size <= INLINE_MAX_BYTES and self._descriptor is None:
                return self._inline()
            await self._hand_over()
            await self._settle()
            assert self._descriptor is not None
            descriptor, self._descriptor = self._descriptor, None
            await asyncio.shield(self._blobs.run(self._blobs.finish, descriptor))
        except BaseException:
            await self.abandon()
            raise
        return Content(Segment(self._name, self.size), self._md5.hexdigest(), self._digests())

    async def abandon(self) -> None:
        """Nothing of it is left afterwards."""
        self._held.clear()
        if self._writing is not None:
            await asyncio.wait([self._writing])
            self._writing.cancelled() or self._writing.exception()
            self._writing = None
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
        await self._blobs.run(self._blobs.remove, [self._name])

    def _inline(self) -> Content:
        data = b"".join(self._held)
        self._sum([data])
        return Content(Segment(self._name, self.size, True), self._md5.hexdigest(), self._digests(), data)

    async def _hand_over(self) -> None:
        await self._settle()
        pieces, self._held, self._held_bytes = self._held, [], 0
        if pieces or self._descriptor is None:
            self._writing = asyncio.ensure_future(self._blobs.run(self._write, pieces))

    async def _settle(self) -> None:
        if self._writing is not None:
            await asyncio.shield(self._writing)
            self._writing = None

    def _write(self, pieces: Sequence[bytes]) -> None:
        if self._descriptor is None:
            self._descriptor = self._blobs.create(self._name)
        self._sum(pieces)
        for piece in pieces:
            view = memoryview(piece)
            while view:
                view = view[os.write(self._descriptor, view) :]

    def _sum(self, pieces: Sequence[bytes]) -> None:
        for piece in pieces:
            self._md5.update(piece)
            for sums in self._sums.values():
                sums.update(piece)

    def _digests(self) -> dict[str, bytes]:
        return {name: sums.digest() for name, sums in self._sums.items()}
