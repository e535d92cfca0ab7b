"""What is run for a function that our own interpreter does not run."""

import msgspec

TASK = "{task}"
"""Stands, in arguments and variables, for the folder where the function finds its code."""
OPT = "{opt}"
"""Stands for the folder of its merged layers."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A command that speaks the Runtime API. Frozen and plain: it travels to the process that runs it.

    `argv[0]` is an absolute path; `folders` are what it needs to read beside the system's own folders. `environment`
    are variables that the function may set itself, too; then its own value counts. `build` is run first, outside of
    the function's bounds, unless the file `artifact` is there: commands of our own, in a new folder that becomes
    `artifact`'s.
    """

    argv: tuple[str, ...]
    folders: tuple[str, ...] = ()
    environment: dict[str, str] = {}
    build: tuple[tuple[str, ...], ...] = ()
    artifact: str = ""


def filled(text: str, task: str, opt: str) -> str:
    """`text` with the real folders in it."""
    return text.replace(TASK, task).replace(OPT, opt)
