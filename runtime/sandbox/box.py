"""Puts a freshly forked worker into its sandbox. The order matters: what a step takes away the next must not need."""

import math
import os
import resource
import sys
from collections.abc import Iterable

from runtime.model.function import FunctionSpec
from runtime.model.sandbox import SandboxReport, SandboxSettings
from runtime.sandbox import cgroups, kernel, landlock, view
from runtime.sandbox.view import Roots

MAX_OPEN_FILES = 1024  # AWS Lambda quota: file descriptors


def interpreter_folders() -> list[str]:
    """What our own interpreter reads: its library, and where packages are installed."""
    installed = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    return [sys.prefix, sys.base_prefix, *installed]


def confine(
    spec: FunctionSpec, settings: SandboxSettings, report: SandboxReport, folders: Iterable[str], own_tmp: str | None
) -> Roots:
    """For a function of AWS's kind: its view, then its list; returns where it finds its things.

    `folders` are those of what runs it. `own_tmp` is its /tmp where there are no namespaces. Raises `OSError`.
    """
    task, folders = spec.paths[0] if spec.paths else "/", list(folders)
    if report.namespaces and spec.paths:
        roots = view.enter(task, spec.layers, spec.tmp_mb, folders, settings.hidden)
        _limit(resource.RLIMIT_NPROC, cgroups.MAX_PROCESSES)  # of this user namespace, not of the user
    else:
        roots = Roots(task, tuple(reversed(spec.layers)), own_tmp or "/tmp")
        os.chdir(task)
    kernel.drop_capabilities()
    if report.landlock_abi:
        landlock.restrict(report.landlock_abi, [*folders, *spec.paths, roots.task, *roots.layers], [roots.tmp])
    return roots


def share(memory_mb: int) -> None:
    """The processors' share of a function where there is no cgroup for it: one step of niceness is a quarter."""
    steps = math.log(cgroups.FULL_CPU_MB / memory_mb) / math.log(1.25)
    os.setpriority(os.PRIO_PROCESS, 0, min(19, max(0, round(steps))))


def limit(data_mb: int | None) -> None:
    """Limits of the process itself; `data_mb` bounds its memory, in the sense of RLIMIT_DATA."""
    if data_mb is not None:
        # DATA, not AS: address space that is only reserved (allocator arenas, mapped libraries) is not memory used.
        _limit(resource.RLIMIT_DATA, data_mb * 1024 * 1024)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)


def _limit(which: int, value: int) -> None:
    _, most = resource.getrlimit(which)
    value = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(which, (value, value))
