"""Zip archives from outside: what is in them may not leave its folder, nor fill the disk.

Refused whole: absolute names and `..`, links that lead out, devices, encrypted entries, more entries or more bytes than
allowed. Bytes are counted while they come out of the archive, so a bomb ends at the bound whatever it declares. Files
keep their permission bits (an executable stays one), nothing becomes setuid. Synchronous; runs in a thread.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Final

from runtime.errors import InvalidValueError

ENTRIES_MAX: Final = 65_536
LINK_MAX_BYTES: Final = 4096
COPY_BYTES: Final = 1024 * 1024


def damaged() -> InvalidValueError:
    """AWS's sentence for whatever is wrong with an archive."""
    return InvalidValueError("Could not unzip uploaded file. Please check your file, then try to upload again.")


def unpack(archive: Path, into: Path, most_bytes: int) -> int:
    """Unpacks into a new folder; how many bytes came out. What is refused leaves a part behind, which the caller
    removes. Raises InvalidValueError."""
    into.mkdir()
    try:
        with zipfile.ZipFile(archive) as opened:
            return _Unpacking(opened, into, most_bytes).run()
    except InvalidValueError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, UnicodeError, ValueError):
        raise damaged() from None
    except (FileExistsError, NotADirectoryError, IsADirectoryError):  # one name as a file and as a folder
        raise damaged() from None
    except OSError as error:
        if error.errno == errno.EINVAL:  # an offset before the beginning
            raise damaged() from None
        if error.filename is not None and len(os.path.basename(os.fsdecode(error.filename))) > 255:
            raise damaged() from None
        raise


class _Unpacking:
    def __init__(self, archive: zipfile.ZipFile, into: Path, most_bytes: int) -> None:
        self._archive = archive
        self._into = into
        self._most_bytes = most_bytes
        self._left_bytes = most_bytes
        self._links: list[tuple[Path, str]] = []

    def run(self) -> int:
        entries = self._archive.infolist()
        if not entries:
            raise InvalidValueError("Uploaded file must be a non-empty zip")
        if len(entries) > ENTRIES_MAX:
            raise damaged()
        if sum(entry.file_size for entry in entries) > self._most_bytes:
            raise self._too_large()
        for entry in entries:
            self._take(entry)
        for path, target in self._links:  # last, so that nothing is written through one
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(target)
        self._check_links()
        return self._most_bytes - self._left_bytes

    def _take(self, entry: zipfile.ZipInfo) -> None:
        path, mode = self._into / _inside(entry.filename), entry.external_attr >> 16
        kind = stat.S_IFMT(mode)
        if entry.flag_bits & 1 or kind not in (0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK):
            raise damaged()
        if kind == stat.S_IFLNK:
            self._links.append((path, self._target(entry)))
        elif entry.is_dir():
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            with self._archive.open(entry) as source, path.open("wb") as file:
                self._copy(source, file)
            path.chmod((stat.S_IMODE(mode) & 0o777 or 0o644) | stat.S_IRUSR)

    def _copy(self, source: IO[bytes], file: IO[bytes]) -> None:
        while data := source.read(COPY_BYTES):
            self._left_bytes -= len(data)
            if self._left_bytes < 0:
                raise self._too_large()
            file.write(data)

    def _target(self, entry: zipfile.ZipInfo) -> str:
        if entry.file_size > LINK_MAX_BYTES:
            raise damaged()
        with self._archive.open(entry) as source:
            target = source.read(LINK_MAX_BYTES + 1).decode()
        if not target or "\0" in target or target.startswith("/") or len(target) > LINK_MAX_BYTES:
            raise damaged()
        return target

    def _check_links(self) -> None:
        """Where links lead is asked of the file system, as links may lead through links."""
        root = os.path.realpath(self._into)
        for path, _ in self._links:
            real = os.path.realpath(path)
            if real != root and not real.startswith(f"{root}/"):
                raise damaged()

    def _too_large(self) -> InvalidValueError:
        return InvalidValueError(f"Unzipped size must be smaller than {self._most_bytes} bytes")


def _inside(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name or not path.parts:
        raise damaged()
    return path


def remove_tree(folder: Path) -> None:
    """Removes a folder with all that is in it; one that is gone is no error."""
    shutil.rmtree(folder, ignore_errors=True)
