"""Finds what runs a language on this machine; anew each time, for it costs microseconds, and things get installed."""

import os
import shutil
import sys
from pathlib import Path

BOOTSTRAPS = Path(__file__).parent / "bootstraps"
"""Our clients of the Runtime API, as source."""

_SYSTEM = ("/", "/usr", "/usr/local")


def find(name: str) -> str | None:
    """The absolute path of a program, links followed; scripts (version managers' stand-ins) do not count."""
    for folder in os.get_exec_path():
        path = os.path.realpath(os.path.join(folder, name))
        if os.path.isfile(path) and os.access(path, os.X_OK) and not _is_script(path):
            return path
    return None


def folders_of(program: str) -> tuple[str, ...]:
    """What a program needs to read beside the system's folders: where it was installed."""
    home = os.path.dirname(os.path.dirname(program))
    return () if home in _SYSTEM else (home,)


def python(release: str) -> str | None:
    """The interpreter of a release ("3.12"); None when our own runs it, as the same release or the only one."""
    if release == f"{sys.version_info.major}.{sys.version_info.minor}":
        return None
    return find(f"python{release}")


def cache() -> str:
    """Where what we compile is kept: the user's cache, or a folder of the system's /tmp that is the user's alone."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    if os.path.isabs(base) and _can_write(base):
        return os.path.join(base, "streamcore", "runtimes")
    return os.path.join("/var/tmp", f"streamcore-{os.getuid()}")


def has(name: str) -> bool:
    """Whether a program is there at all, a script or not."""
    return shutil.which(name) is not None


def _is_script(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return True


def _can_write(folder: str) -> bool:
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    return os.access(folder, os.W_OK)
