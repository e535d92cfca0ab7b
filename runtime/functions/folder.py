"""Code that is run where it lies: S3Bucket="hot-reload", S3Key="/absolute/folder" (LocalStack's convention).

Whether a folder has changed is asked of its files' times and sizes at each invocation, not of inotify: it needs no
watches (which are limited), holds for every file system, cannot miss a change that was made just before the invocation,
and costs nothing while nobody invokes. About 2 us per file; a function in production has its code in the store.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from runtime.errors import InvalidValueError

BUCKET: Final = "hot-reload"
FILES_MAX: Final = 10_000
#: What interpreters and tools write beside the code, and what is too large to be looked through.
SKIPPED: Final = frozenset({"__pycache__", ".git", ".venv", "node_modules", ".mypy_cache", ".pytest_cache"})


def check_folder(path: str, allowed: Sequence[str] | None = None) -> str:
    """The folder that a key names; where only those below `allowed` may be used, as it is called without links. Raises
    InvalidValueError: not absolute, not allowed, not there, too many files."""
    if not path.startswith("/") or "\0" in path:
        raise InvalidValueError(f"S3Key of the bucket {BUCKET} must be the absolute path of a folder; got {path[:300]}")
    if allowed is not None:
        path = os.path.realpath(path)
        if not any(Path(path).is_relative_to(os.path.realpath(each)) for each in allowed):
            raise InvalidValueError(
                f"The folder {path[:300]} is not below one of those from which code may be run where it lies (setting "
                "code_folders)."
            )
    if not Path(path).is_dir():
        raise InvalidValueError(f"There is no folder {path[:300]} on the machine of this endpoint.")
    if not fingerprint(path):
        raise InvalidValueError(f"The folder {path[:300]} has more than {FILES_MAX} files.")
    return os.path.normpath(path)


def fingerprint(path: str) -> str:
    """Another text for another state of the folder; empty when it has more files than are looked at."""
    digest, left = hashlib.sha256(), FILES_MAX
    folders = [path]
    while folders:
        for entry in _entries(folders.pop()):
            left -= 1
            if left < 0:
                return ""
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            found = entry.stat(follow_symlinks=False)
            digest.update(
                f"{entry.path}\0{found.st_mtime_ns}\0{found.st_size}\0{found.st_ino}\n".encode(errors="replace")
            )
    return digest.hexdigest()


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted((entry for entry in found if entry.name not in SKIPPED), key=lambda entry: entry.name)
    except OSError:  # gone in between, or not ours to read
        return []
