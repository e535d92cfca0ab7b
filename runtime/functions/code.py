"""Code on disk, by what it contains: each archive is kept once and unpacked once, whoever uses it.

    <folder>/code/<sha256>/package.zip     as it was uploaded
    <folder>/code/<sha256>/tree/           unpacked; read by workers
    <folder>/code/<sha256>/unzipped        its size in bytes
    <folder>/incoming/<random>/            being written or removed; emptied at every start

A folder below `code/` appears by one rename when it is whole, so kill -9 leaves all of it or none. The archive is
synced before that; the rest could be made from it again. Without a folder to live in (a broker in memory) the store
makes a temporary one at its first use and removes it at its end. Files are touched in threads only.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from runtime.errors import InvalidValueError
from runtime.functions.archive import remove_tree, unpack
from runtime.model.configuration import UNZIPPED_MAX_BYTES, ZIPPED_MAX_BYTES, Code


class CodeStore:
    """The archives of one broker's functions and layers."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._is_temporary = folder is None
        self._pinned: Counter[str] = Counter()
        self._changing = asyncio.Lock()  # what is being removed must not be found as kept

    async def start(self, used: Iterable[str]) -> None:
        """Removes what a kill left behind and what none of `used` (digests) is."""
        if self._folder is not None and self._folder.exists():
            await asyncio.to_thread(self._clean, frozenset(used))

    async def close(self) -> None:
        """Removes a temporary folder."""
        if self._is_temporary and self._folder is not None:
            await asyncio.to_thread(remove_tree, self._folder)
            self._folder = None

    @asynccontextmanager
    async def kept(self, archive: bytes, most_bytes: int = ZIPPED_MAX_BYTES) -> AsyncIterator[Code]:
        """Keeps an archive; it is not removed before the block has ended, nor later while it is in use.

        Raises InvalidValueError: too large, damaged, unsafe.
        """
        if len(archive) > most_bytes:
            raise InvalidValueError(f"Zipped size must be smaller than {most_bytes} bytes")
        if not archive:
            raise InvalidValueError("Uploaded file must be a non-empty zip")
        digest = (await asyncio.to_thread(hashlib.sha256, archive)).hexdigest()
        self._pinned[digest] += 1
        try:
            async with self._changing:
                unzipped = await asyncio.to_thread(self._keep, digest, archive)
            yield Code(digest=digest, size_bytes=len(archive), unzipped_bytes=unzipped)
        finally:
            self.unpin([digest])

    async def remove(self, digest: str) -> None:
        """Removes an archive that nobody uses any more, unless someone is about to."""
        async with self._changing:
            if digest in self._pinned:
                return
            await asyncio.to_thread(self._discard, self._home(digest))

    def tree(self, digest: str) -> Path:
        """Where an archive is unpacked."""
        return self._home(digest) / "tree"

    async def read(self, digest: str) -> bytes:
        """The archive as it was uploaded. Raises FileNotFoundError."""
        return await asyncio.to_thread((self._home(digest) / "package.zip").read_bytes)

    def pin_all(self) -> list[str]:
        """All archives that are there; none of them is removed until `unpin`. One whose removal is asked for meanwhile
        goes at the next start."""
        code = None if self._folder is None else self._folder / "code"
        digests = [home.name for home in code.iterdir()] if code is not None and code.exists() else []
        self._pinned.update(digests)
        return digests

    def unpin(self, digests: Iterable[str]) -> None:
        for digest in digests:
            self._pinned[digest] -= 1
            if not self._pinned[digest]:
                del self._pinned[digest]

    def copy(self, digests: Iterable[str], folder: Path) -> None:
        """Copies archives, packed and unpacked, to `folder/code`; blocks. Raises OSError."""
        for digest in digests:
            home = folder / "code" / digest
            shutil.copytree(self._home(digest), home, symlinks=True)
            with (home / "package.zip").open("rb") as file:
                os.fsync(file.fileno())

    # ------------------------------------------------------------

    def _root(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="streamcore-functions-"))
        return self._folder

    def _home(self, digest: str) -> Path:
        return self._root() / "code" / digest

    def _incoming(self) -> Path:
        folder = self._root() / "incoming"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / uuid.uuid4().hex

    def _keep(self, digest: str, archive: bytes) -> int:
        home = self._home(digest)
        if not home.exists():
            self._make(home, archive)
        return int((home / "unzipped").read_text())

    def _make(self, home: Path, archive: bytes) -> None:
        incoming = self._incoming()
        incoming.mkdir()
        try:
            with (incoming / "package.zip").open("wb") as file:
                file.write(archive)
                file.flush()
                os.fsync(file.fileno())
            unzipped = unpack(incoming / "package.zip", incoming / "tree", UNZIPPED_MAX_BYTES)
            (incoming / "unzipped").write_text(str(unzipped))
            home.parent.mkdir(exist_ok=True)
            incoming.rename(home)
            _sync_folder(home.parent)
        except OSError as error:
            remove_tree(incoming)
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):  # else another thread was faster
                raise
        except BaseException:
            remove_tree(incoming)
            raise

    def _discard(self, home: Path) -> None:
        aside = self._incoming()
        try:
            home.rename(aside)
        except FileNotFoundError:
            return
        remove_tree(aside)

    def _clean(self, used: frozenset[str]) -> None:
        remove_tree(self._root() / "incoming")
        code = self._root() / "code"
        for home in list(code.iterdir()) if code.exists() else []:
            if home.name not in used:
                self._discard(home)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
