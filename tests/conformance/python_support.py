"""Python programs as clients, each in a virtual environment of its own inside the checkout: they pin old botocores."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from node_support import CACHE


def environment_with(*packages: str) -> Path:
    """The folder of programs of an environment with these packages; the test is skipped, by name, without them."""
    folder = CACHE / "-".join(package.replace("/", "_") for package in packages)
    programs = folder / "bin"
    if not (folder / ".ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(programs / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        if subprocess.run(pip, capture_output=True, timeout=600, check=False).returncode:
            pytest.skip(f"{', '.join(packages)} cannot be installed here")
        (folder / ".ready").touch()
    return programs
