"""A cgroup for each worker: memory that the kernel ends it for, a share of the processors, a number of processes.

Below the zygote's own group, where its files may be written: `streamcore-<pid>/<worker>`. The outer group weighs as
much as the machine, so that workers compete with each other and not with the broker.
Sources: https://docs.kernel.org/admin-guide/cgroup-v1/ and cgroup-v2.html
"""

import errno
import os
from collections.abc import Iterable
from contextlib import suppress

FULL_CPU_MB = 1769  # AWS Lambda: the memory that comes with one whole processor
MAX_PROCESSES = 1024  # AWS Lambda quota: processes and threads
_PREFIX = "streamcore-"
_BROKER = "streamcore-broker"
_CONTROLLERS = ("memory", "cpu", "pids")


class CgroupError(OSError):
    """There is no cgroup of ours that limits could be set in; the text says why."""


class Group:
    """One worker's group: a folder for each hierarchy."""

    def __init__(self, folders: list[str]) -> None:
        self._folders = folders

    def open(self) -> list[int]:
        """Descriptors to `join` by, for a process that will soon be unable to open them."""
        return [os.open(f"{folder}/cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for folder in self._folders]

    def out_of_memory(self) -> bool:
        """Whether the kernel has killed a process of the group for want of memory."""
        return any(
            line.split() not in ([b"oom_kill", b"0"], [])
            for name in ("memory.events", "memory.oom_control")
            for line in _read(f"{self._folders[0]}/{name}").splitlines()
            if line.startswith(b"oom_kill ")
        )

    def members(self) -> set[int]:
        """Processes in it, but for dead ones that nobody has waited for."""
        return {int(pid) for folder in self._folders for pid in _read(f"{folder}/cgroup.procs").split()}

    def remove(self) -> None:
        """Ends the group; its processes must have ended."""
        for folder in self._folders:
            with suppress(OSError):
                os.rmdir(folder)


class Cgroups:
    """The groups of one zygote."""

    def __init__(self, version: str, bases: list[str]) -> None:
        self.version = version
        self._bases = bases  # the memory controller's first; with v2 they are one
        self._outer = [f"{base}/{_PREFIX}{os.getpid()}" for base in bases]
        try:
            self._prepare()
        except OSError:
            self.close()
            raise

    def create(self, name: str, memory_mb: int, limit_mb: int) -> Group:
        """A group with a limit of `limit_mb`, and the processors' share of `memory_mb`. Raises `OSError`."""
        folders = [f"{outer}/{name}" for outer in self._outer]
        group = Group(folders)
        try:
            for folder in folders:
                os.mkdir(folder)
            for file, value in self._limits(memory_mb, limit_mb):
                _write_first(folders, file, value)
        except OSError:
            group.remove()
            raise
        return group

    def close(self) -> None:
        """Removes what is left; all processes must have ended."""
        for outer in self._outer:
            _remove_tree(outer)

    def _limits(self, memory_mb: int, limit_mb: int) -> list[tuple[str, int]]:
        limit_bytes = limit_mb * 1024 * 1024
        if self.version == "v2":
            weight = min(10_000, max(1, round(100 * memory_mb / FULL_CPU_MB)))
            limits = [("memory.max", limit_bytes), ("memory.oom.group", 1), ("pids.max", MAX_PROCESSES)]
            return [*limits, ("cpu.weight", weight)]
        weight = max(2, round(1024 * memory_mb / FULL_CPU_MB))
        return [("memory.limit_in_bytes", limit_bytes), ("pids.max", MAX_PROCESSES), ("cpu.shares", weight)]

    def _prepare(self) -> None:
        processors = os.cpu_count() or 1
        for outer in self._outer:
            os.mkdir(outer)
        if self.version == "v2":
            _pass_on(self._bases[0])
            _pass_on(self._outer[0])
            _write(f"{self._outer[0]}/cpu.weight", str(min(10_000, 100 * processors)))
        else:
            _write_first(self._outer, "cpu.shares", 1024 * processors)


def join(fds: Iterable[int]) -> None:
    """Moves this process into the group whose files these are, and closes them.

    The first of many moves waits for the whole machine (an RCU grace period, some 15 ms): do it beside other work.
    """
    for fd in fds:
        with suppress(OSError):
            os.write(fd, b"0")
        os.close(fd)


def find(root: str = "/sys/fs/cgroup", own: str = "/proc/self/cgroup") -> Cgroups:
    """The groups that this process may make. Raises `CgroupError`."""
    places = places_in(_read(own).decode())
    try:
        if "memory" in _read(f"{root}{places.get('', '/')}/cgroup.controllers").decode().split():  # else all are v1's
            bases = [root + places[""].removesuffix(f"/{_BROKER}").rstrip("/")]
            _sweep(bases)
            return Cgroups("v2", bases)
        missing = [name for name in _CONTROLLERS if name not in places or not os.path.isdir(f"{root}/{name}")]
        if missing:
            raise CgroupError(f"no controller for {', '.join(missing)}")
        bases = [f"{root}/{name}{places[name].rstrip('/')}" for name in _CONTROLLERS]
        _sweep(bases)
        return Cgroups("v1", bases)
    except CgroupError:
        raise
    except OSError as error:
        raise CgroupError(f"{error.filename or root}: {error.strerror}") from error


def places_in(text: str) -> dict[str, str]:
    """Where a process is in each hierarchy, by its /proc/<pid>/cgroup; the empty name is that of v2 (cgroups(7))."""
    places = {}
    for line in text.splitlines():
        _, names, path = line.split(":", 2)
        for name in names.split(","):
            places[name] = path
    return places


def _pass_on(folder: str) -> None:
    """Has groups below a group of v2 limited, too."""
    try:
        for controller in _CONTROLLERS:
            _write(f"{folder}/cgroup.subtree_control", f"+{controller}")
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        _make_room(folder)
        _pass_on(folder)


def _make_room(folder: str) -> None:
    """v2 passes controllers on only from a group that has no processes of its own: ours move into one below it.

    That is what systemd's `Delegate=yes` asks a service for. Raises `CgroupError` where others live there, too.
    """
    broker = os.getppid()
    pids = [int(pid) for pid in _read(f"{folder}/cgroup.procs").split()]
    if any(pid not in (broker, os.getpid()) and parent_of(pid) != broker for pid in pids):
        raise CgroupError(f"{folder} has other processes, too; a service of its own (systemd: Delegate=yes) would do")
    if not pids:
        raise CgroupError(f"{folder} cannot pass its controllers on")
    os.makedirs(f"{folder}/{_BROKER}", exist_ok=True)
    for pid in pids:
        _write(f"{folder}/{_BROKER}/cgroup.procs", str(pid))


def parent_of(pid: int) -> int:
    """The parent of a process, 0 if it is gone (proc(5))."""
    stat = _read(f"/proc/{pid}/stat")
    # The command's name stands in parentheses and may hold anything: the fields count from its end.
    return int(stat[stat.rindex(b")") + 2 :].split(b" ", 2)[1]) if stat else 0


def _sweep(bases: list[str]) -> None:
    """Removes groups of zygotes that were killed before they could."""
    for base in bases:
        for entry in list(os.scandir(base)):
            pid = entry.name.removeprefix(_PREFIX)
            if entry.name != pid and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
                _remove_tree(entry.path)


def _remove_tree(folder: str) -> None:
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            if entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    os.rmdir(entry.path)
        os.rmdir(folder)


def _write_first(folders: list[str], file: str, value: int) -> None:
    """Into the one hierarchy that has such a file."""
    controller = file.partition(".")[0]
    folder = folders[_CONTROLLERS.index(controller)] if len(folders) > 1 else folders[0]
    _write(f"{folder}/{file}", str(value))


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""
