"""What workers are kept in: what is asked for, and what the machine gives."""

import enum

import msgspec


class Switch(enum.Enum):
    """Whether a protection is used."""

    AUTO = "auto"  # where the kernel gives it
    OFF = "off"
    REQUIRED = "required"  # no function runs without it


class SandboxSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which protections are used, each on its own.

    `landlock`: a list of what the process may open, enforced by the kernel for it and all it starts. `namespaces`: a
    view of the file system of its own, with its code at /var/task, its layers at /opt, and a /tmp of bounded size.
    `cgroups`: memory, CPU share and number of processes, for it and all it starts. `hidden`: folders that are covered
    in that view, too (the broker's data). Functions without a `runtime` are code of this very program: they get cgroups
    only, and see what the program sees.
    """

    landlock: Switch = Switch.AUTO
    namespaces: Switch = Switch.AUTO
    cgroups: Switch = Switch.AUTO
    hidden: tuple[str, ...] = ()


class SandboxReport(msgspec.Struct, frozen=True, kw_only=True):
    """What is in force. `missing` says of each protection that is not why not.

    `landlock_abi` is 0 without Landlock; from 6 on it also keeps signals and abstract sockets inside the sandbox.
    `cgroups` is "v1", "v2" or empty.
    """

    landlock_abi: int = 0
    namespaces: bool = False
    cgroups: str = ""
    missing: dict[str, str] = {}

    def __str__(self) -> str:
        have = [
            f"Landlock ABI {self.landlock_abi}" if self.landlock_abi else "",
            "namespaces" if self.namespaces else "",
            f"cgroups {self.cgroups}" if self.cgroups else "",
        ]
        lacking = [f"no {name} ({reason})" for name, reason in self.missing.items()]
        return ", ".join([part for part in have if part] + lacking) or "none"
