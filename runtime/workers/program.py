"""A worker that is another program: what runs between the fork and the moment when that program takes over."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from typing import NoReturn

from runtime.model.program import Program, filled
from runtime.sandbox.view import Roots

EXIT_NOT_RUN = 127  # a shell's answer to a command that is not there


def build(program: Program) -> None:
    """Makes what the program needs of our own, once for the machine. Raises `OSError`, `CalledProcessError`.

    Several workers may do so at once: each in a folder of its own, the first that is ready gives its folder the name.
    """
    if not program.build:
        return
    target = os.path.dirname(program.artifact)
    home = os.path.dirname(target)
    os.makedirs(home, mode=0o700, exist_ok=True)
    if os.stat(home).st_uid != os.getuid():
        raise PermissionError(f"{home} belongs to somebody else, who could change what is run")
    if os.path.exists(program.artifact):
        return
    folder = tempfile.mkdtemp(prefix=".new-", dir=home)
    try:
        for command in program.build:
            subprocess.run(command, cwd=folder, check=True, stdin=subprocess.DEVNULL)
        with contextlib.suppress(OSError):  # another was first: its folder is as good
            os.rename(folder, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(program: Program, roots: Roots, environment: dict[str, str]) -> NoReturn:
    """Becomes the program. Raises `OSError`."""
    tops = roots.layers or ("/opt",)
    having = (top for top in tops if os.path.exists(filled(program.argv[0], roots.task, top)))
    opt = next(having, tops[0])
    arguments = [filled(part, roots.task, opt) for part in program.argv]
    os.execve(arguments[0], arguments, environment)
