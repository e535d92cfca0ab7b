"""What of the sandbox this machine gives; tried once, when a zygote starts, by doing it."""

import os
import shutil
import tempfile

from runtime.model.sandbox import SandboxReport, SandboxSettings, Switch
from runtime.sandbox import cgroups, kernel, view

_TMP_PREFIX = "streamcore-tmp-"


class SandboxError(RuntimeError):
    """A protection that is required is not to be had."""


class Sandbox:
    """What is in force for the workers of a zygote."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self._missing: dict[str, str] = {}
        abi = self._landlock()
        namespaces = self._namespaces()
        self.cgroups = self._find_cgroups()
        version = self.cgroups.version if self.cgroups is not None else ""
        self.report = SandboxReport(
            landlock_abi=abi, namespaces=namespaces, cgroups=version, missing=dict(self._missing)
        )
        for name, reason in self._missing.items():
            if getattr(settings, name) is Switch.REQUIRED:
                if self.cgroups is not None:
                    self.cgroups.close()
                raise SandboxError(f"{name} is required but not to be had: {reason}")

    def _landlock(self) -> int:
        if self.settings.landlock is Switch.OFF:
            self._missing["landlock"] = "switched off"
            return 0
        try:
            return kernel.landlock_abi()
        except OSError as error:
            self._missing["landlock"] = str(error.strerror)
            return 0

    def _namespaces(self) -> bool:
        reason = "switched off" if self.settings.namespaces is Switch.OFF else _try_view()
        if reason:
            self._missing["namespaces"] = reason
            _sweep_tmp()
        return not reason

    def _find_cgroups(self) -> cgroups.Cgroups | None:
        if self.settings.cgroups is Switch.OFF:
            self._missing["cgroups"] = "switched off"
            return None
        try:
            return cgroups.find()
        except cgroups.CgroupError as error:
            self._missing["cgroups"] = str(error)
            return None


def _try_view() -> str:
    """Why a process cannot have a view of its own; empty if one could."""
    reader, writer = os.pipe()
    try:
        pid = os.fork()
        if pid == 0:
            _try_in_child(writer)
        os.close(writer)
        reason = os.read(reader, 512).decode()
        os.waitpid(pid, 0)
    finally:
        os.close(reader)
    return reason


def _try_in_child(writer: int) -> None:
    try:
        view.enter("/usr", ("/usr/bin", "/etc"), 1, (), ())  # any folders do
    except OSError as error:
        os.write(writer, str(error).encode()[:512])
    finally:
        os._exit(0)


def own_tmp() -> str:
    """A new folder in place of /tmp, for a function that cannot have a file system of its own."""
    return tempfile.mkdtemp(prefix=f"{_TMP_PREFIX}{os.getpid()}-")


def _sweep_tmp() -> None:
    """Removes the folders of zygotes that were killed before they could."""
    for entry in list(os.scandir(tempfile.gettempdir())):
        pid = entry.name.removeprefix(_TMP_PREFIX).partition("-")[0]
        ours = entry.name.startswith(_TMP_PREFIX) and entry.stat(follow_symlinks=False).st_uid == os.getuid()
        if ours and pid.isdigit() and not os.path.exists(f"/proc/{pid}"):
            shutil.rmtree(entry.path, ignore_errors=True)
