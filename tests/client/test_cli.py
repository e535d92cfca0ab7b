"""The `streamcore` command, as people use and misuse it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

import streamcore
from streamcore.composition import Composition
from streamcore.config import settings

ROOT = Path(streamcore.__file__).parent.parent
SHARD = "shardId-000000000000"


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


async def run(*arguments: str, stdin: str = "", **environ: str) -> Outcome:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "streamcore", *arguments,
        cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environ},
    )  # fmt: skip
    async with asyncio.timeout(30):
        out, err = await process.communicate(stdin.encode())
    assert process.returncode is not None
    return Outcome(process.returncode, out.decode(), err.decode())


@pytest.fixture
async def url(tmp_path: Path) -> AsyncIterator[str]:
    composition = await Composition.start(settings(data=str(tmp_path / "data"), port=0, limits="off"))
    yield composition.url
    await composition.stop()


async def test_a_streams_life(url: str) -> None:
    async def stream(*arguments: str, stdin: str = "") -> Outcome:
        return await run("stream", *arguments, stdin=stdin, STREAMCORE_ENDPOINT=url)

    made = await stream("create", "orders", "--shards", "2", "--limits", "off")
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith("orders is ACTIVE with 2 shards: arn:aws:kinesis:us-east-1:000000000000:stream/orders")
    listed = await stream("list")
    assert listed.out.split()[:4] == ["orders", "ACTIVE", "2", "shards"]
    described = await stream("describe", "orders")
    assert f"{SHARD} open   0 - {2**127 - 1}\n" in described.out
    assert "retention_hours:  24\n" in described.out

    put = await stream("put", "orders", "--key", "k", "first", "second")
    assert [line.split()[0] for line in put.out.splitlines()] == [put.out.split()[0]] * 2
    lines = await stream("put", "orders", "--separator", ":", stdin="k:third\nk:fourth\n")
    assert (lines.code, len(lines.out.splitlines())) == (0, 2)
    tailed = await stream("tail", "orders", "--from", "trim_horizon", "--count", "4")
    assert [line.partition("\t")[2] for line in tailed.out.splitlines()] == ["first", "second", "third", "fourth"]
    assert all(line.split("\t")[0].endswith(" k") for line in tailed.out.splitlines())

    assert (await stream("delete", "orders")).out == "orders is deleted\n"
    assert (await stream("list")).out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("stream", "describe", "nope"), 1, "stream_not_found: Stream nope"),
        (("stream", "put", "nope", "x"), 1, "stream_not_found"),
        (("stream", "tail", "nope"), 1, "stream_not_found"),
        (("stream", "create", "a b"), 1, "validation_failed"),
        (("stream", "create", "s", "--shards", "0"), 2, "--shards"),
        (("stream", "put"), 2, "Missing argument 'NAME'"),
        (("stream", "frob"), 2, "No such command 'frob'"),
    ],
)
async def test_wrong_uses(url: str, arguments: tuple[str, ...], code: int, words: str) -> None:
    outcome = await run(*arguments, STREAMCORE_ENDPOINT=url)
    assert outcome.code == code
    assert words in outcome.err
    assert "Traceback" not in outcome.err


@pytest.mark.parametrize(
    ("arguments", "environ", "words"),
    [
        (("stream", "--endpoint", "http://127.0.0.1:9", "list"), {}, "http://127.0.0.1:9 did not answer"),
        (("serve", "--limits", "sometimes"), {}, "the arguments: Invalid enum value 'sometimes'"),
        (("serve", "--config", "/nowhere.toml"), {}, "/nowhere.toml: No such file"),
        (("serve", "--port", "0"), {"STREAMCORE_DRAIN_S": "-1"}, "drain_s"),
        (("serve", "--port", "0", "--data", "/dev/null/x"), {}, "cannot start"),
        (("serve", "--port", "0", "--host", "256.0.0.1", "--allow-anonymous-network"), {}, "cannot start"),
        (("serve", "--port", "0", "--host", "0.0.0.0"), {}, 'Set auth = "enforce", or allow_anonymous_network = true'),
        (("serve", "--port", "0", "--host", "::", "--auth", "observe"), {}, "anybody who connects may do everything"),
    ],
)
async def test_what_cannot_work_says_why(
    tmp_path: Path, arguments: tuple[str, ...], environ: dict[str, str], words: str
) -> None:
    outcome = await run(*arguments, **{"STREAMCORE_DATA": str(tmp_path / "data"), **environ})
    assert outcome.code == 1
    assert words in outcome.err
    assert "Traceback" not in outcome.err


async def test_a_volume_of_another_format(tmp_path: Path) -> None:
    volume = tmp_path / "data" / "volume"
    volume.mkdir(parents=True)
    (volume / "data.mdb").write_bytes(b"hello" * 5000)
    outcome = await run("serve", "--port", "0", "--data", str(tmp_path / "data"))
    assert outcome.code == 1
    assert "has format" in outcome.err
    assert "Traceback" not in outcome.err


async def test_a_port_that_is_taken(url: str, tmp_path: Path) -> None:
    outcome = await run("serve", "--port", url.rpartition(":")[2], "--data", str(tmp_path / "other"))
    assert outcome.code == 1
    assert "cannot start" in outcome.err
    assert "Traceback" not in outcome.err
