"""Ten thousand invocations over HTTP, with every fault among them: the broker stays quick, and nothing is left."""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
import statistics
import time
import zipfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from broker_process import BrokerProcess

from runtime.sandbox.cgroups import places_in
from streamcore.client import Client
from streamcore.client.aws import AwsClient
from streamcore.deploy.functions import archived, deploy

Starter = Callable[..., Awaitable[BrokerProcess]]

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

INVOCATIONS = 10_000
CALLERS = 8
PROBES_PER_S = 50
SETTLE_S = 60.0


class Fault(NamedTuple):
    """Source of a handler's body, how many of the invocations it is, and the error that is told ("" for none)."""

    body: str
    count: int
    error: str
    timeout_s: int = 30
    memory_mb: int = 256


FAULTS = {
    "raises": Fault("raise ValueError('no')", 600, "ValueError"),
    "unserialisable": Fault("return {1, 2}", 200, "Runtime.MarshalError"),
    "no-utf-8": Fault("os.write(1, bytes(range(256)))", 200, ""),
    "exits": Fault("os._exit(3)", 150, "Runtime.ExitError"),
    "segfault": Fault("ctypes.string_at(0)", 150, "Runtime.ExitError"),
    "closes": Fault("os.closerange(0, 64)", 100, "Runtime.ExitError"),
    "floods": Fault("for _ in range(8): os.write(1, b'x' * 1048575 + b'\\n')", 60, ""),
    "deletes-tmp": Fault("shutil.rmtree('/tmp', ignore_errors=True)", 100, ""),
    "fills-tmp": Fault("open(f'/tmp/{time.time_ns()}', 'wb').write(bytes(1 << 20))", 100, ""),
    "forks": Fault(
        "[os.setsid() or time.sleep(1000) for _ in range(3) if os.fork() == 0]; return 1", 40, ""
    ),
    "hogs": Fault("x = []\n    while True: x.append(bytearray(1 << 24))", 20, "MemoryError", memory_mb=128),
    "hangs": Fault("time.sleep(1000)", 10, "Sandbox.Timedout", timeout_s=1),
    "forks-and-hangs": Fault(
        "[os.setsid() or time.sleep(1000) for _ in range(3) if os.fork() == 0]; time.sleep(1000)",
        10,
        "Sandbox.Timedout",
        timeout_s=1,
    ),
    "ignores-sigterm": Fault(
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    while True: time.sleep(1000)",
        10,
        "Sandbox.Timedout",
        timeout_s=1,
    ),
}  # fmt: skip
SOURCE = "import ctypes, os, shutil, signal, time\ndef handler(event, context):\n    {}\n"


async def create(client: AwsClient, name: str, fault: Fault) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("app.py", SOURCE.format(fault.body))
    about = {"Runtime": "python3.12", "Handler": "app.handler", "Role": "arn:aws:iam::000000000000:role/r"}
    limits = {"Timeout": fault.timeout_s, "MemorySize": fault.memory_mb}
    await deploy(client, name, archived(archive.getvalue()), {**about, **limits}, create={})


async def invoke(client: AwsClient, name: str, told: Counter[str]) -> None:
    """Counts what came of it."""
    path = f"/2015-03-31/functions/{name}/invocations"
    answer = await client.send("lambda", "Invoke", "POST", path, body=b'"x"')
    error = ""
    if "x-amz-function-error" in answer.headers:
        error = json.loads(answer.body)["errorType"]
    told[f"{name}: {error}"] += 1


async def probe(url: str, stop: asyncio.Event) -> list[float]:
    """How long PutRecord takes, in milliseconds, at a steady rate."""
    took: list[float] = []
    body = {"StreamName": "probe", "PartitionKey": "k", "Data": "eA=="}
    async with AwsClient(url, account="000000000000", region="us-east-1") as client:
        due = time.monotonic()
        while not stop.is_set():
            due = max(due + 1 / PROBES_PER_S, time.monotonic())
            sent = time.monotonic()
            await client.target("kinesis", "Kinesis_20131202.PutRecord", body)
            took.append((time.monotonic() - sent) * 1000)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
    return took


async def probed(url: str, work: Awaitable[None]) -> list[float]:
    stop = asyncio.Event()
    probing = asyncio.ensure_future(probe(url, stop))
    try:
        await work
    finally:
        stop.set()
    return await probing


async def run_all(client: AwsClient, names: list[str], told: Counter[str]) -> None:
    left = iter(names)

    async def caller() -> None:
        for name in left:
            await invoke(client, name, told)

    await asyncio.gather(*(caller() for _ in range(CALLERS)))


class Left(NamedTuple):
    """What a broker holds: its processes, descriptors, control groups, mounts, folders in /tmp, and memory in MiB."""

    processes: int
    descriptors: int
    groups: int
    mounts: int
    folders: int
    memory_mb: int


def descendants(pid: int) -> set[int]:
    parents: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(name)] = int(stat[stat.rindex(b")") + 2 :].split()[1])
    found, fresh = set[int](), {pid}
    while fresh:
        found |= fresh
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
    return found - {pid}


def left(broker: int) -> Left:
    family = descendants(broker) | {broker}
    places = places_in(Path(f"/proc/{broker}/cgroup").read_text())
    bases = [Path(f"/sys/fs/cgroup/{name}{place}") for name, place in places.items()]
    groups = [path for base in bases for pid in family if (path := base / f"streamcore-{pid}").is_dir()]
    folders = [path.name.split("-")[2] for path in Path("/tmp").glob("streamcore-tmp-*")]
    status = Path(f"/proc/{broker}/status").read_text()
    return Left(
        processes=len(family),
        descriptors=len(os.listdir(f"/proc/{broker}/fd")),
        groups=sum(1 + sum(each.is_dir() for each in path.iterdir()) for path in groups),
        mounts=len(Path(f"/proc/{broker}/mounts").read_text().splitlines()),
        folders=sum(pid in {str(each) for each in family} for pid in folders),
        memory_mb=int(status.partition("RssAnon:")[2].split()[0]) // 1024,
    )


async def settled(broker: int, most: Left) -> Left:
    """As soon as it is no more than that, else what there is after a while."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        found = left(broker)
        if all(now <= then for now, then in zip(found[:-1], most[:-1], strict=True)) or time.monotonic() > deadline:
            return found
        await asyncio.sleep(0.25)


def summary(took: list[float]) -> str:
    return f"p50 {statistics.median(took):.2f} ms, p99 {statistics.quantiles(took, n=100)[98]:.2f} ms, of {len(took)}"


async def test_ten_thousand_invocations_with_faults(start: Starter) -> None:
    broker = await start("--workers", "4")
    faults = [name for name, fault in FAULTS.items() for _ in range(fault.count)]
    names = faults + ["good"] * (INVOCATIONS - len(faults))
    random.Random(1).shuffle(names)
    async with Client(broker.url) as native:
        await native.create_stream("probe", limits="off")
    async with AwsClient(broker.url, account="000000000000", region="us-east-1") as client:
        await create(client, "good", Fault("return event", 0, ""))
        for name, fault in FAULTS.items():
            await create(client, name, fault)
        all_good = ["good"] * 500  # every worker is one of them then
        warm = ["good"] * 2000 + [name for name in FAULTS for _ in range(5)]
        await run_all(client, warm, Counter())
        await run_all(client, all_good, Counter())
        before = left(broker.pid)
        quiet = await probed(broker.url, asyncio.sleep(5))
        good = await probed(broker.url, run_all(client, ["good"] * 5000, Counter()))
        told: Counter[str] = Counter()
        began = time.monotonic()
        faulty = await probed(broker.url, run_all(client, names, told))
        seconds = time.monotonic() - began
        await run_all(client, all_good, Counter())
        after = await settled(broker.pid, before)
    print(f"\nquiet: {summary(quiet)}\ngood only: {summary(good)}\nwith faults: {summary(faulty)}")
    print(f"{INVOCATIONS} invocations in {seconds:.0f} s\nbefore {before}\nafter  {after}\n{dict(told)}")
    expected = {f"{name}: {fault.error}": fault.count for name, fault in FAULTS.items()}
    assert told == expected | {"good: ": INVOCATIONS - len(faults)}
    # As quick as amid the same load without faults, within the noise of a shared machine.
    assert statistics.median(faulty) <= 2 * statistics.median(good) + 5
    assert statistics.quantiles(faulty, n=100)[98] <= 2 * statistics.quantiles(good, n=100)[98] + 50
    grown = {
        name: (then, now)
        for name, then, now in zip(Left._fields[:-1], before[:-1], after[:-1], strict=True)
        if now > then
    }
    assert grown == {}
    assert after.memory_mb <= before.memory_mb + 32
