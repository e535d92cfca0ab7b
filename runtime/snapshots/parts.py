"""What a snapshot consists of. Each part can be held (nothing is committed), gives its moment while it is, and copies
that moment after all parts were let go: so a snapshot is what kill -9 at one instant would have left.

A part that comes later (a service with a file of its own) is one more `Held` in the composition's list.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path

from runtime.functions.code import CodeStore
from runtime.objects import index
from runtime.objects.store import FILE, ObjectStore
from runtime.sqlite import Database, DatabaseMoment
from streamcore.identity.secrets import FOLDER, NOTE, NOTE_TEXT
from streamcore.store.moment import Moment

#: Enters the hold; what it gives makes the moment.
Held = Callable[[], AbstractAsyncContextManager[Callable[[], Awaitable[Moment]]]]


def database(of: Database, name: str) -> Held:
    """A SQLite file that is `name` below the data folder."""

    @asynccontextmanager
    async def held() -> AsyncIterator[Callable[[], Awaitable[Moment]]]:
        async with of.held() as moment:

            async def make() -> Moment:
                return _DatabaseCopy(await moment(), name)

            yield make

    return held


class _DatabaseCopy:
    def __init__(self, moment: DatabaseMoment, name: str) -> None:
        self._moment = moment
        self._name = name

    async def copy(self, folder: Path) -> None:
        await self._moment.copy(folder / self._name)

    def close(self) -> None:
        self._moment.close()


def objects(store: ObjectStore, folder: str) -> Held:
    """The index of objects, and the files it knows. Files never change, so they become further names of the same file
    where the snapshot is on the same disk."""

    @asynccontextmanager
    async def held() -> AsyncIterator[Callable[[], Awaitable[Moment]]]:
        async with store.database.held() as moment:

            async def make() -> Moment:
                with ExitStack() as stack:
                    stack.enter_context(store.garbage.looking())
                    return _ObjectsCopy(await moment(), store.blobs.folder, folder, stack.pop_all())

            yield make

    return held


class _ObjectsCopy:
    def __init__(self, moment: DatabaseMoment, source: Path, name: str, kept: ExitStack) -> None:
        self._moment = moment
        self._source = source
        self._name = name
        self._kept = kept

    async def copy(self, folder: Path) -> None:
        await self._moment.copy(folder / self._name / FILE)
        names = await asyncio.to_thread(self._moment.read, index.files)
        await asyncio.to_thread(self._link, folder / self._name, names)

    def _link(self, folder: Path, names: Iterable[str]) -> None:
        places = set()
        for name in names:
            place = folder / "files" / name[:2]
            if place not in places:
                place.mkdir(parents=True, exist_ok=True)
                places.add(place)
            # What the index knows may still be on its way from one to the other.
            for source in ("files/" + name[:2], "incoming", "files/" + name[:2]):
                try:
                    _link_or_copy(self._source / source / name, place / name)
                    break
                except FileNotFoundError:
                    continue
            else:
                raise FileNotFoundError(f"the index of objects knows {name}, and it is not there")
        for place in places:
            sync_folder(place)

    def close(self) -> None:
        self._moment.close()
        self._kept.close()


def code(store: CodeStore, folder: str) -> Held:
    """The archives of functions. None is removed until they are copied."""

    @asynccontextmanager
    async def held() -> AsyncIterator[Callable[[], Awaitable[Moment]]]:
        async def make() -> Moment:
            return _CodeCopy(store, folder)

        yield make

    return held


class _CodeCopy:
    def __init__(self, store: CodeStore, name: str) -> None:
        self._store = store
        self._name = name
        self._digests = store.pin_all()

    async def copy(self, folder: Path) -> None:
        await asyncio.to_thread(self._store.copy, self._digests, folder / self._name)

    def close(self) -> None:
        self._store.unpin(self._digests)


def plain_files(data: Path, names: Iterable[str]) -> Held:
    """Small files that are written rarely and whole: keys, certificates. What is not there is left out."""

    @asynccontextmanager
    async def held() -> AsyncIterator[Callable[[], Awaitable[Moment]]]:
        async def make() -> Moment:
            return _PlainCopy(data, tuple(names))

        yield make

    return held


class _PlainCopy:
    def __init__(self, data: Path, names: tuple[str, ...]) -> None:
        self._data = data
        self._names = names

    async def copy(self, folder: Path) -> None:
        await asyncio.to_thread(self._copy, folder)

    def _copy(self, folder: Path) -> None:
        for name in self._names:
            source = self._data / name
            if source.is_dir():
                shutil.copytree(source, folder / name)
            elif source.exists():
                shutil.copy2(source, folder / name)

    def close(self) -> None:
        """There is nothing to let go of."""


def note_of_key(data: Path) -> Held:
    """In the place of the key that secrets are sealed with, which no snapshot has: a word about it."""

    @asynccontextmanager
    async def held() -> AsyncIterator[Callable[[], Awaitable[Moment]]]:
        async def make() -> Moment:
            return _NoteCopy((data / FOLDER / "key").exists())

        yield make

    return held


class _NoteCopy:
    def __init__(self, is_needed: bool) -> None:
        self._is_needed = is_needed

    async def copy(self, folder: Path) -> None:
        if self._is_needed:
            await asyncio.to_thread(self._write, folder / FOLDER)

    @staticmethod
    def _write(folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / NOTE).write_text(NOTE_TEXT)

    def close(self) -> None:
        """There is nothing to let go of."""


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
        with target.open("rb") as file:
            os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """The names in a folder reach the disk."""
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
