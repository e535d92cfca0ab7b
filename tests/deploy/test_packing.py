"""Folders as archives, and what is guessed of them."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest

from streamcore.deploy import packing
from streamcore.deploy.errors import PackingError
from streamcore.deploy.model.guess import Guess, guess


def make(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def names_in(archive: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.namelist()


def test_what_goes_in(tmp_path: Path) -> None:
    make(
        tmp_path,
        *("app.py", "lib/x.py", "node_modules/a/index.js", "env/data", ".env"),
        *(
            ".git/config",
            "__pycache__/app.pyc",
            "lib/__pycache__/x.pyc",
            "x.pyc",
            ".venv/a",
            "env2/pyvenv.cfg",
            "env2/b",
        ),
    )
    (tmp_path / "link.py").symlink_to("app.py")
    archive = packing.archive_of(tmp_path)
    assert names_in(archive) == [".env", "app.py", "env/data", "lib/x.py", "link.py", "node_modules/a/index.js"]


def test_the_same_files_are_the_same_bytes(tmp_path: Path) -> None:
    first = packing.archive_of(make(tmp_path / "a", "app.py", "bootstrap"))
    again = make(tmp_path / "b", "bootstrap", "app.py")
    os.utime(again / "app.py", (1, 1))
    assert packing.archive_of(again) == first
    (again / "bootstrap").chmod(0o755)
    executable = packing.archive_of(again)
    assert executable != first
    with zipfile.ZipFile(io.BytesIO(executable)) as opened:
        assert opened.getinfo("bootstrap").external_attr >> 16 == 0o100755


def test_archives_are_taken_as_they_are(tmp_path: Path) -> None:
    archive = packing.archive_of(make(tmp_path / "a", "x"))
    (tmp_path / "f.zip").write_bytes(archive)
    assert packing.archive_of(tmp_path / "f.zip") == archive


def test_what_cannot_be_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(tmp_path / "a", "x")
    with pytest.raises(PackingError, match="no folder or archive"):
        packing.archive_of(tmp_path / "nowhere")
    with pytest.raises(PackingError, match=r"neither a folder nor a \.zip"):
        packing.archive_of(folder / "x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackingError, match="no files to pack"):
        packing.archive_of(tmp_path / "empty")
    (folder / "out").symlink_to("/etc/passwd")
    with pytest.raises(PackingError, match="leads out of the folder"):
        packing.archive_of(folder)
    (folder / "out").unlink()
    (folder / "self").symlink_to(folder)
    with pytest.raises(PackingError, match="a folder that it is in"):
        packing.archive_of(folder)
    (folder / "self").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(PackingError, match="is no file"):
        packing.archive_of(folder)
    (folder / "pipe").unlink()
    monkeypatch.setattr(packing, "CONTENT_MAX_BYTES", 0)
    with pytest.raises(PackingError, match="more than 0 bytes"):
        packing.archive_of(folder)
    monkeypatch.setattr(packing, "FILES_MAX", 0)
    with pytest.raises(PackingError, match="more than 0 files"):
        packing.archive_of(folder)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"lambda_function.py": "def lambda_handler(e, c): pass"}, ["lambda_function.lambda_handler"]),
        ({"app.py": "async def handler(e, c): pass"}, ["app.handler"]),
        ({"main.py": "import x\nhandler = x.make()"}, ["main.handler"]),
        ({"app.py": "def other(): pass"}, []),
        ({"app.py": "def handler("}, []),
        ({"app.py": "class A:\n    def handler(self): pass"}, []),
        ({"app.py": "def handler(e, c): pass\ndef lambda_handler(e, c): pass"}, ["app.lambda_handler", "app.handler"]),
        ({"index.js": "exports.handler = async () => 1"}, ["index.handler"]),
        ({"index.js": "module.exports = { a, handler }"}, ["index.handler"]),
        ({"index.mjs": "export const handler = async () => 1"}, ["index.handler"]),
        ({"app.mjs": "export async function lambdaHandler() {}"}, ["app.lambdaHandler"]),
        ({"handler.cjs": "module.exports.handler = 1"}, ["handler.handler"]),
        ({"index.mjs": "export { handler }"}, ["index.handler"]),
        ({"index.js": "const handler = 1"}, []),
        ({"bootstrap": ""}, ["bootstrap"]),
        ({}, []),
    ],
)
def test_guesses(files: dict[str, str], expected: list[str]) -> None:
    assert [each.handler for each in guess(files)] == expected


def test_a_guess_has_its_language() -> None:
    assert guess({"index.js": "exports.handler = 1", "app.py": "handler = 1"}) == [
        Guess("python", "app.handler"),
        Guess("nodejs", "index.handler"),
    ]
