"""Programs in Java, built by Maven in the cache."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest
from node_support import CACHE, HERE


class JavaProgram:
    """A Maven project of this folder, compiled; skips by name what the machine lacks."""

    def __init__(self, project: str) -> None:
        maven = shutil.which("mvn")
        if maven is None or shutil.which("java") is None:
            pytest.skip("Maven or Java is not installed")
        target = CACHE / project
        shutil.copytree(HERE / project, target, dirs_exist_ok=True)
        build = [maven, "-q", "-B", "compile", "dependency:build-classpath", "-Dmdep.outputFile=classpath.txt"]
        built = subprocess.run(build, cwd=target, capture_output=True, text=True, timeout=900, check=False)
        if built.returncode and "Could not resolve" in built.stdout:
            pytest.skip(f"what {project} needs cannot be had from Maven")
        assert built.returncode == 0, built.stdout + built.stderr
        self._paths = [str(target / "target" / "classes"), *(target / "classpath.txt").read_text().strip().split(":")]

    def native(self, name: str) -> str:
        """The folder of a native library among the dependencies."""
        return next(os.path.dirname(path) for path in self._paths if name in os.path.basename(path))

    def run(self, main: str, *arguments: str, options: tuple[str, ...] = (), timeout_s: float = 120) -> None:
        """Runs a class; it says `ok` in its last line when all is well."""
        done = subprocess.run(
            ["java", *options, "-cp", os.pathsep.join(self._paths), main, *arguments],
            capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout.splitlines()[-1:]) == (0, ["ok"]), done.stdout + done.stderr
