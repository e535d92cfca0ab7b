"""Archives from outside: what is refused, what is kept; the store through kills and restarts."""

from __future__ import annotations

import asyncio
import os
import stat
import struct
import warnings
from pathlib import Path

import pytest
from zips import FILE, LINK, zipped

from runtime.errors import InvalidValueError
from runtime.functions import code as code_module
from runtime.functions.archive import ENTRIES_MAX, unpack
from runtime.functions.code import CodeStore

DAMAGED = "Could not unzip uploaded file. Please check your file, then try to upload again."
APP = ("app.py", b"x = 1\n", FILE)


def corrupt(archive: bytes, at: int) -> bytes:
    return archive[:at] + bytes([archive[at] ^ 0xFF]) + archive[at + 1 :]


def encrypted(archive: bytes) -> bytes:
    at = archive.index(b"PK\x01\x02")
    return archive[: at + 8] + struct.pack("<H", 1) + archive[at + 10 :]


BAD = {
    "up and out": [("../evil.py", b"", FILE)],
    "up in the middle": [("a/../../evil.py", b"", FILE)],
    "absolute": [("/etc/evil", b"", FILE)],
    "no name": [("./", b"", stat.S_IFDIR | 0o755)],
    "a link out": [("evil", b"../../etc/passwd", LINK)],
    "an absolute link": [("evil", b"/etc/passwd", LINK)],
    "an empty link": [("evil", b"", LINK)],
    "a long link": [("evil", b"a/" * 3000, LINK)],
    "a link with a zero byte": [("evil", b"a\0b", LINK)],
    "links through links": [
        ("top/x", b"", FILE),
        ("s/t/u", b"../../top", LINK),
        ("evil", b"s/t/u/../../..", LINK),
    ],
    "a file below a link": [("dir", b".", LINK), ("dir/x", b"", FILE)],
    "a file and a folder of one name": [("a", b"", FILE), ("a/b", b"", FILE)],
    "a device": [("evil", b"", stat.S_IFBLK | 0o666)],
    "a fifo": [("evil", b"", stat.S_IFIFO | 0o666)],
    "a name beyond what file systems take": [("x" * 300, b"", FILE)],
}


@pytest.mark.parametrize("case", BAD)
def test_archives_that_are_refused(tmp_path: Path, case: str) -> None:
    (tmp_path / "zip").write_bytes(zipped([APP, *BAD[case]]))
    (tmp_path / "home").mkdir()
    with pytest.raises(InvalidValueError) as caught:
        unpack(tmp_path / "zip", tmp_path / "home" / "tree", 1_000_000)
    assert str(caught.value) == DAMAGED
    assert {path.name for path in tmp_path.iterdir()} == {"zip", "home"}
    assert {path.name for path in (tmp_path / "home").iterdir()} == {"tree"}


def test_damaged_archives(tmp_path: Path) -> None:
    good = zipped([APP, ("data", bytes(range(256)) * 50, FILE)])
    bad = [good[:-1], good[: len(good) // 2], b"PK\x03\x04", b"\0" * 100, corrupt(good, 40), encrypted(good)]
    for number, data in enumerate(bad):
        (tmp_path / "zip").write_bytes(data)
        with pytest.raises(InvalidValueError, match="Could not unzip"):
            unpack(tmp_path / "zip", tmp_path / f"tree{number}", 1_000_000)


def test_bombs_end_at_the_bound(tmp_path: Path) -> None:
    honest = zipped([("zeros", bytes(2_000_000), FILE)])
    lying = honest.replace(struct.pack("<I", 2_000_000), struct.pack("<I", 1000))
    assert lying != honest
    (tmp_path / "honest").write_bytes(honest)
    with pytest.raises(InvalidValueError) as caught:
        unpack(tmp_path / "honest", tmp_path / "a", 1_000_000)
    assert str(caught.value) == "Unzipped size must be smaller than 1000000 bytes"
    assert list((tmp_path / "a").iterdir()) == []  # it is refused by what it declares
    (tmp_path / "lying").write_bytes(lying)
    with pytest.raises(InvalidValueError):
        unpack(tmp_path / "lying", tmp_path / "b", 1_000_000)
    assert sum(path.stat().st_size for path in (tmp_path / "b").iterdir()) <= 1_000_000


def test_too_many_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.functions.archive.ENTRIES_MAX", 3)
    (tmp_path / "zip").write_bytes(zipped([(f"f{number}", b"", FILE) for number in range(4)]))
    with pytest.raises(InvalidValueError, match="Could not unzip"):
        unpack(tmp_path / "zip", tmp_path / "tree", 1_000_000)
    assert ENTRIES_MAX == 65_536


def test_what_comes_out(tmp_path: Path) -> None:
    entries = [
        ("bin/run", b"#!/bin/sh\n", stat.S_IFREG | 0o755),
        ("evil", b"", stat.S_IFREG | 0o4755),
        ("closed", b"", stat.S_IFREG | 0o001),
        ("plain", b"12345", stat.S_IFREG),
        ("empty/", b"", stat.S_IFDIR | 0o700),
        ("bin/link", b"run", LINK),
        ("up", b"bin/../plain", LINK),
        ("dangling", b"nowhere", LINK),
    ]
    (tmp_path / "zip").write_bytes(zipped(entries))
    tree = tmp_path / "tree"
    assert unpack(tmp_path / "zip", tree, 1_000_000) == 15
    assert stat.S_IMODE((tree / "bin/run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tree / "evil").stat().st_mode) == 0o755  # nothing becomes setuid
    assert (tree / "closed").stat().st_mode & stat.S_IRUSR
    assert stat.S_IMODE((tree / "plain").stat().st_mode) == 0o644
    assert (tree / "empty").is_dir()
    assert os.readlink(tree / "bin/link") == "run"
    assert (tree / "up").read_bytes() == b"12345"
    assert (tree / "dangling").is_symlink()


# ---------------------------------------------------------------- the store


async def test_code_is_kept_once(tmp_path: Path) -> None:
    store = CodeStore(tmp_path)
    async with store.kept(zipped([APP])) as code, store.kept(zipped([APP])) as again:
        assert code == again
        assert (code.size_bytes, code.unzipped_bytes) == (len(zipped([APP])), 6)
        assert (store.tree(code.digest) / "app.py").read_bytes() == APP[1]
        assert await store.read(code.digest) == zipped([APP])
        await store.remove(code.digest)  # not while somebody is about to use it
        assert store.tree(code.digest).exists()
    await store.remove(code.digest)
    await store.remove(code.digest)
    assert list((tmp_path / "code").iterdir()) == []
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_what_is_refused_leaves_nothing(tmp_path: Path) -> None:
    store = CodeStore(tmp_path)
    for archive, text in ((b"", "non-empty"), (b"nonsense", "Could not unzip"), (zipped([APP]), "must be smaller")):
        with pytest.raises(InvalidValueError, match=text):
            async with store.kept(archive, 100):
                raise AssertionError("it was kept")
    assert not (tmp_path / "code").exists()
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_a_kill_in_the_middle_leaves_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    store = CodeStore(tmp_path)
    async with store.kept(zipped([("other.py", b"", FILE)])) as other:
        pass

    def killed(*_: object) -> int:
        raise Killed

    monkeypatch.setattr(code_module, "unpack", killed)
    monkeypatch.setattr(code_module, "remove_tree", lambda folder: None)  # nobody is left to clean up
    with pytest.raises(Killed):
        async with store.kept(zipped([APP])):
            raise AssertionError("it was kept")
    monkeypatch.undo()
    assert len(list((tmp_path / "incoming").iterdir())) == 1
    store = CodeStore(tmp_path)
    await store.start([other.digest])
    assert [home.name for home in (tmp_path / "code").iterdir()] == [other.digest]
    async with store.kept(zipped([APP])) as code:
        assert (store.tree(code.digest) / "app.py").exists()
    await store.start([])
    assert list((tmp_path / "code").iterdir()) == []


async def test_a_broker_in_memory_keeps_code_in_a_folder_that_goes(tmp_path: Path) -> None:
    store = CodeStore(None)
    await store.close()  # nothing was ever kept
    async with store.kept(zipped([APP])) as code:
        folder = store.tree(code.digest).parents[2]
    assert folder.exists()
    await store.close()
    assert not folder.exists()


async def test_unpacking_does_not_hold_the_loop(tmp_path: Path) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    with warnings.catch_warnings():
        async with CodeStore(tmp_path).kept(zipped([(f"f{n}", os.urandom(100_000), FILE) for n in range(20)])):
            pass
    counting.cancel()
    assert turns > 10
