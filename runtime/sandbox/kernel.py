"""The system calls of the sandbox that the standard library does not have; all raise `OSError`."""

import ctypes
import os

CLONE_NEWNS, CLONE_NEWUSER = 0x0002_0000, 0x1000_0000  # <linux/sched.h>

# <sys/mount.h>
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MS_NOATIME, MS_NODIRATIME, MS_RELATIME = 1024, 2048, 1 << 21

_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446
_LANDLOCK_CREATE_RULESET_VERSION = 1
_LANDLOCK_RULE_PATH_BENEATH = 1
_CAPABILITY_VERSION_3 = 0x2008_0522

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class _Ruleset(ctypes.Structure):
    _fields_ = (("fs", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("access", ctypes.c_uint64), ("fd", ctypes.c_int32))


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def unshare(flags: int) -> None:
    """Leaves namespaces that were shared with the parent."""
    _check(_libc.unshare(flags), "unshare")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """mount(2)."""
    texts = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    _check(_libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3]), f"mount {target}")


def drop_capabilities() -> None:
    """Gives up every right of the superuser; with `no_new_privs` no program brings them back (capabilities(7))."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(header, nothing), "capset")


def landlock_abi() -> int:
    """The version of Landlock that the kernel speaks."""
    return _check(
        _libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), _LANDLOCK_CREATE_RULESET_VERSION),
        "Landlock",
    )


def landlock_ruleset(fs: int, scoped: int) -> int:
    """A descriptor of a new list; what `fs` names is denied unless a rule allows it."""
    # Older kernels know a shorter structure, and take a longer one only if the rest of it is zero.
    rules = _Ruleset(fs, 0, scoped)
    size = ctypes.c_size_t(ctypes.sizeof(rules) if scoped else 8)
    return _check(_libc.syscall(_LANDLOCK_CREATE_RULESET, ctypes.byref(rules), size, 0), "landlock_create_ruleset")


def landlock_allow(ruleset: int, fd: int, access: int) -> None:
    """Allows `access` to what `fd` stands for and all below it."""
    rule = _PathBeneath(access, fd)
    arguments = (ruleset, _LANDLOCK_RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    _check(_libc.syscall(_LANDLOCK_ADD_RULE, *arguments), "landlock_add_rule")


def landlock_restrict(ruleset: int) -> None:
    """Puts the list in force for this process and all it starts, for good."""
    _check(_libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")
