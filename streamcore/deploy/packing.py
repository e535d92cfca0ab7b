"""A folder of code as a zip archive: the same bytes for the same files, so that only what has changed is updated.

Kept: everything else, `node_modules` included. Left out: what is of the working copy and not of the function.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from streamcore.deploy.errors import PackingError

FILES_MAX: Final = 65_536
#: AWS's bound of a function with its layers.
CONTENT_MAX_BYTES: Final = 262_144_000
LEFT_OUT: Final = frozenset(
    (".git", ".hg", ".svn", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv", "venv", ".aws-sam")
)
_LEFT_OUT_FILES: Final = frozenset((".DS_Store", ".gitignore"))
#: The earliest that a zip can say.
_TIME: Final = (1980, 1, 1, 0, 0, 0)


def archive_of(path: Path) -> bytes:
    """The archive of a folder, or a file that is one (.zip, .jar). Raises PackingError."""
    if path.is_file():
        if path.suffix not in (".zip", ".jar"):
            raise PackingError(f"{path} is neither a folder nor a .zip or .jar")
        return _read(path)
    if not path.is_dir():
        raise PackingError(f"there is no folder or archive {path}")
    return packed({name: (_read(file), _is_executable(file)) for name, file in files_in(path)})


def packed(files: dict[str, tuple[bytes, bool]]) -> bytes:
    """A zip of these files: name → content, and whether it is executable. Raises PackingError."""
    if not files:
        raise PackingError("there are no files to pack")
    if sum(len(data) for data, _ in files.values()) > CONTENT_MAX_BYTES:
        raise PackingError(f"a function has at most {CONTENT_MAX_BYTES} bytes of files")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, (data, is_executable) in sorted(files.items()):
            info = zipfile.ZipInfo(name, _TIME)
            info.create_system = 3  # Unix, whose modes these are
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (stat.S_IFREG | (0o755 if is_executable else 0o644)) << 16
            opened.writestr(info, data)
    return buffer.getvalue()


def files_in(folder: Path) -> Iterator[tuple[str, Path]]:
    """Name in the archive and path of each file. A link counts as what it leads to, which has to be in the folder.

    Raises PackingError.
    """
    for count, path in enumerate(_walk(folder, folder.resolve(), ())):
        if count == FILES_MAX:
            raise PackingError(f"{folder} has more than {FILES_MAX} files")
        yield path.relative_to(folder).as_posix(), path


def _walk(folder: Path, root: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    real = folder.resolve()
    if real in above:
        raise PackingError(f"the link {folder} leads to a folder that it is in")
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise PackingError(f"{folder}: {error.strerror}") from None
    for entry in entries:
        path = Path(entry.path)
        if entry.is_symlink() and not path.resolve().is_relative_to(root):
            raise PackingError(f"the link {path} leads out of the folder")
        if entry.is_dir():
            if entry.name not in LEFT_OUT and not (path / "pyvenv.cfg").exists():
                yield from _walk(path, root, (*above, real))
        elif entry.is_file():
            if entry.name not in _LEFT_OUT_FILES and path.suffix != ".pyc":
                yield path
        else:
            raise PackingError(f"{path} is no file")


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > CONTENT_MAX_BYTES:
            raise PackingError(f"{path} has more than {CONTENT_MAX_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise PackingError(f"{path}: {error.strerror}") from None


def _is_executable(path: Path) -> bool:
    return bool(path.stat().st_mode & 0o100)
