"""A file system as a function finds it on AWS: code at /var/task, merged layers at /opt, a /tmp of its own.

A user and a mount namespace, so no rights are needed. /tmp is a tmpfs of the function's size: full when it is full,
and gone with the last process of the sandbox. Its pages are memory of the sandbox, for which the cgroup makes room.
"""

import os
from collections.abc import Iterable
from typing import NamedTuple

from runtime.sandbox import kernel
from runtime.sandbox.kernel import MS_BIND, MS_NODEV, MS_NOSUID, MS_PRIVATE, MS_RDONLY, MS_REC, MS_REMOUNT

TASK, OPT, TMP = "/var/task", "/opt", "/tmp"
COVERED = ("/tmp", "/var")
_STAGE = "/var/.layers"

# What a mount is bound to stay when it comes from a namespace with more rights (mount_namespaces(7)).
_KEPT_FLAGS = (
    (os.ST_NOSUID, kernel.MS_NOSUID),
    (os.ST_NODEV, kernel.MS_NODEV),
    (os.ST_NOEXEC, kernel.MS_NOEXEC),
    (os.ST_NOATIME, kernel.MS_NOATIME),
    (os.ST_NODIRATIME, kernel.MS_NODIRATIME),
    (os.ST_RELATIME, kernel.MS_RELATIME),
)


class Roots(NamedTuple):
    """Where a function finds its things; `layers` are folders to be searched, the first one first."""

    task: str
    layers: tuple[str, ...]
    tmp: str


def enter(task: str, layers: tuple[str, ...], tmp_mb: int, kept: Iterable[str], hidden: Iterable[str]) -> Roots:
    """Gives this process such a view. `kept` are folders that stay where they are, `hidden` ones that become empty.

    Raises `OSError`; the process is then in between, and must end.
    """
    _unshare()
    sources = _open((task, *layers))
    keeping = _open(path for path in kept if path.startswith(tuple(f"{root}/" for root in COVERED)))
    _tmpfs(TMP, f"size={tmp_mb}m,mode=1777")
    _tmpfs("/var", "size=1m,mode=755")
    for folder in (TASK, "/var/tmp", "/var/log", "/var/lib", "/var/cache"):
        os.mkdir(folder)
    os.symlink("/run", "/var/run")
    _bind(sources[0][1], TASK)
    found = _merge([fd for _, fd in sources[1:]], layers, kept)
    for path, fd in keeping:
        os.makedirs(path, exist_ok=True)
        _bind(fd, path)
    for path in hidden:
        if os.path.isdir(path):
            _tmpfs(path, "size=4k,mode=000")
    for _, fd in (*sources, *keeping):
        os.close(fd)
    os.chdir(TASK)
    return Roots(TASK, found, TMP)


def _unshare() -> None:
    uid, gid = os.getuid(), os.getgid()
    kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
    _write("/proc/self/setgroups", "deny")  # else an unprivileged process may not map its group
    _write("/proc/self/uid_map", f"{uid} {uid} 1")
    _write("/proc/self/gid_map", f"{gid} {gid} 1")
    kernel.mount("none", "/", None, MS_REC | MS_PRIVATE)


def _open(paths: Iterable[str]) -> list[tuple[str, int]]:
    """Before anything is covered: what lies below a cover is reached by its descriptor then."""
    return [(path, os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)) for path in paths]


def _merge(fds: list[int], layers: tuple[str, ...], kept: Iterable[str]) -> tuple[str, ...]:
    """All layers as one folder at /opt, the last on top; or as they are, where /opt is needed for something else."""
    if not fds:
        return ()
    if not os.path.isdir(OPT) or any(path == OPT or path.startswith(f"{OPT}/") for path in kept):
        return tuple(reversed(_staged(fds)))
    if len(fds) == 1:
        _bind(fds[0], OPT)
    else:
        lower = ":".join(reversed(_staged(fds)))
        kernel.mount("overlay", OPT, "overlay", MS_RDONLY | MS_NOSUID | MS_NODEV, f"lowerdir={lower}")
    return (OPT,)


def _staged(fds: list[int]) -> list[str]:
    """Layers under short names, which an overlay's option can hold whatever their own are."""
    os.mkdir(_STAGE)
    names = [f"{_STAGE}/{number}" for number in range(len(fds))]
    for name, fd in zip(names, fds, strict=True):
        os.mkdir(name)
        _bind(fd, name)
    return names


def _tmpfs(target: str, options: str) -> None:
    kernel.mount("tmpfs", target, "tmpfs", MS_NOSUID | MS_NODEV, options)


def _bind(fd: int, target: str) -> None:
    """Read-only. Two steps: the kernel takes the flag only when the mount is there."""
    kernel.mount(f"/proc/self/fd/{fd}", target, None, MS_BIND | MS_REC)
    present = os.statvfs(target).f_flag
    flags = sum(mount for state, mount in _KEPT_FLAGS if present & state)
    kernel.mount(None, target, None, MS_BIND | MS_REMOUNT | MS_RDONLY | flags)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
