"""Runtime and handler of a folder of code, where its files leave no doubt."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Final, NamedTuple

#: Files that are looked into, by AWS's and the common templates' names, and what a handler is called.
PYTHON_FILES: Final = ("lambda_function.py", "app.py", "main.py", "handler.py", "index.py")
NODE_FILES: Final = tuple(f"{name}.{end}" for name in ("index", "app", "handler") for end in ("mjs", "js", "cjs"))
FILES: Final = (*PYTHON_FILES, *NODE_FILES, "bootstrap")
_PYTHON_HANDLERS: Final = ("lambda_handler", "handler")
_NODE_HANDLERS: Final = ("handler", "lambdaHandler")
_EXPORTED: Final = (
    r"(?m)^\s*(?:module\.)?exports\.{0}\s*=",
    r"(?m)^\s*export\s+(?:const|let|var|(?:async\s+)?function)\s+{0}\b",
    r"export\s*\{{[^}}]*\b{0}\b[^}}]*\}}",
    r"module\.exports\s*=\s*\{{[^}}]*\b{0}\b",
)


class Guess(NamedTuple):
    """`language` is python, nodejs or provided."""

    language: str
    handler: str


def guess(files: Mapping[str, str]) -> list[Guess]:
    """All that a folder's top files could be; one is certain. `files` are those of FILES that are there, as text."""
    found = []
    if "bootstrap" in files:
        found.append(Guess("provided", "bootstrap"))
    for name in PYTHON_FILES:
        defined = _defined(files[name]) if name in files else set()
        found += [Guess("python", f"{name[:-3]}.{each}") for each in _PYTHON_HANDLERS if each in defined]
    for name in NODE_FILES:
        if name in files:
            exported = [each for each in _NODE_HANDLERS if _is_exported(files[name], each)]
            found += [Guess("nodejs", f"{name.rpartition('.')[0]}.{each}") for each in exported]
    return found


def _defined(source: str) -> set[str]:
    """Names that a module defines or assigns; none of one that does not parse."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return set()
    found = {each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
    for each in body:
        if isinstance(each, ast.Assign):
            found |= {target.id for target in each.targets if isinstance(target, ast.Name)}
    return found


def _is_exported(source: str, name: str) -> bool:
    return any(re.search(form.format(name), source) for form in _EXPORTED)
