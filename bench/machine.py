"""What a result must say about where it was measured."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.servers import ROOT

_MEMORY_FILESYSTEMS = frozenset({"tmpfs", "ramfs", "devtmpfs"})


def _first_match(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1].strip() if found else "unknown"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def filesystem_of(folder: Path, mounts: str | None = None) -> str:
    """The type of the filesystem `folder` is on: the longest mount point that leads to it."""
    lines = (mounts if mounts is not None else Path("/proc/mounts").read_text()).splitlines()
    points = [(Path(fields[1]), fields[2]) for line in lines if len(fields := line.split()) > 2]
    inside = [(len(point.parts), kind) for point, kind in points if folder.resolve().is_relative_to(point)]
    return max(inside)[1] if inside else "unknown"


def is_in_memory(filesystem: str) -> bool:
    """Whether syncing to this filesystem costs nothing, which would make every synced number a lie."""
    return filesystem in _MEMORY_FILESYSTEMS


def describe_machine(folder: Path) -> dict[str, object]:
    return {
        "cpu": _first_match(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text()),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "memory_bytes": int(_first_match(r"^MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())) * 1024,
        "filesystem": filesystem_of(folder),
    }


def describe_commit() -> dict[str, object]:
    return {"commit": _git("rev-parse", "HEAD") or "unknown", "modified": bool(_git("status", "--porcelain"))}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def library_versions() -> dict[str, str]:
    """Of the packages that matter for a comparison; "absent" is an answer too (redis is faster with hiredis)."""
    return {name: _version(name) for name in ("aiohttp", "hiredis", "lmdb", "msgspec", "redis", "uvloop")}
