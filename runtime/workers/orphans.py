"""Descendants that left their worker's process group (daemons, new sessions) still end with the worker.

The zygote is their parent once their own is gone (`linux.adopt_orphans`); whose they were is told by the user namespace
that each sandboxed worker has of its own, and by a variable of their environment that is unique to each worker. Only a
started program shows that environment: without a sandbox, a daemon that is a mere fork of its worker, or replaced the
variable, lives until the zygote ends.

A cgroup does not tell all: a worker joins its own beside its first work, and what was forked before that is not in it.
"""

import os
import select
import signal

from runtime.sandbox.cgroups import Group, parent_of

_MARK = b"AWS_LAMBDA_LOG_STREAM_NAME="


def home_of(pid: int) -> str:
    """The user namespace of a process, as long as it is not reaped; empty when it is ours, or cannot be told."""
    home = _namespace(pid)
    return "" if home == _namespace(os.getpid()) else home


def end(workers: set[int], log_stream: str | None, home: str = "") -> None:
    """Kills and reaps the adopted processes of the worker with that log stream and namespace; all of them for `None`.

    `workers` are the processes that were not adopted but forked here. Repeats, because a process that ends leaves its
    own children behind.
    """
    while adopted := [pid for pid in _children() if pid not in workers and _belongs(pid, log_stream, home)]:
        for pid in adopted:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def end_group(group: Group) -> None:
    """Kills what is left in a worker's cgroup, wherever it has hidden; those that become ours are reaped by `end`."""
    while members := group.members():
        for pid in members:
            try:
                os.kill(pid, signal.SIGKILL)
                _await(pid)
            except ProcessLookupError:
                pass  # it has just ended


def _await(pid: int) -> None:
    """Until a process has ended, whoever is to reap it."""
    pidfd = os.pidfd_open(pid)
    try:
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        poller.poll()
    finally:
        os.close(pidfd)


def _children() -> list[int]:
    own_pid = os.getpid()
    return [int(name) for name in os.listdir("/proc") if name.isdigit() and parent_of(int(name)) == own_pid]


def _namespace(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/ns/user")
    except OSError:
        return ""


def _belongs(pid: int, log_stream: str | None, home: str) -> bool:
    if log_stream is None or (home and _namespace(pid) == home):
        return True
    environment = _read(f"/proc/{pid}/environ")
    return not environment or _MARK + log_stream.encode() in environment.split(b"\0")  # none: it is already dead


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""  # it ended in between, or it is not ours
