"""A list of what a process may open. Everything else fails with EACCES, for it and for all it starts.

Only paths are listed: what was open before stays open, and the network is not concerned.
Source: https://docs.kernel.org/userspace-api/landlock.html
"""

import os
from collections.abc import Iterable

from runtime.sandbox import kernel

# <linux/landlock.h>
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_ALL_OF_ABI_1 = (1 << 13) - 1
_REFER, _TRUNCATE = 1 << 13, 1 << 14  # since ABI 2 and 3
_SCOPE_ABSTRACT_SOCKETS, _SCOPE_SIGNALS = 1, 2  # since ABI 6

_READ = _EXECUTE | _READ_FILE | _READ_DIR

SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/proc")
SYSTEM_DATA = ("/sys/devices/system", "/sys/fs/cgroup", "/sys/kernel/mm")
# Not all of /etc: it is where secrets are, too.
_ETC = """
    alternatives ca-certificates ca-certificates.conf crypto-policies gai.conf group host.conf hosts ld.so.cache
    ld.so.conf ld.so.conf.d localtime mime.types mono nsswitch.conf os-release passwd pki protocols resolv.conf services
    ssl/certs ssl/openssl.cnf timezone
"""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


def system_paths() -> list[str]:
    """What programs read everywhere."""
    etc = [f"/etc/{name}" for name in _ETC.split()]
    java = [entry.path for entry in os.scandir("/etc") if entry.name.startswith("java-")]
    # Often a link to a file of the resolver's, elsewhere.
    return [*SYSTEM_FOLDERS, *SYSTEM_DATA, *etc, *java, os.path.realpath("/etc/resolv.conf")]


def restrict(abi: int, readable: Iterable[str], writable: Iterable[str]) -> None:
    """Puts the list in force: the system's folders and `readable` to read and run, `writable` for everything.

    Paths that are not there are left out. `no_new_privs` must be set. Raises `OSError`.
    """
    everything = _ALL_OF_ABI_1 | (_REFER if abi >= 2 else 0) | (_TRUNCATE if abi >= 3 else 0)
    scoped = _SCOPE_ABSTRACT_SOCKETS | _SCOPE_SIGNALS if abi >= 6 else 0
    ruleset = kernel.landlock_ruleset(everything, scoped)
    try:
        for path in (*system_paths(), *readable):
            _allow(ruleset, path, _READ)
        for path in DEVICES:
            _allow(ruleset, path, (_READ_FILE | _WRITE_FILE | _TRUNCATE) & everything)
        for path in writable:
            _allow(ruleset, path, everything)
        kernel.landlock_restrict(ruleset)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not on this machine, or out of reach anyway
    try:
        if not os.path.isdir(f"/proc/self/fd/{fd}"):
            access &= _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
        kernel.landlock_allow(ruleset, fd, access)
    finally:
        os.close(fd)
