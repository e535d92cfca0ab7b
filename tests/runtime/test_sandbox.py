"""What keeps functions in, and the faults that it is there for."""

import asyncio
import json
import os
import shutil
import sys
import textwrap
import time
import uuid
from pathlib import Path

import pytest
from workers_support import ECHO, PATIENCE_S, alive, children, gone

from runtime.errors import PreloadError
from runtime.model.function import FunctionSpec
from runtime.model.invocation import Status
from runtime.model.sandbox import SandboxReport, SandboxSettings, Switch
from runtime.sandbox import cgroups
from runtime.sandbox.detect import Sandbox
from runtime.workers import spawner
from runtime.workers.pool import WorkerPool

OFF = SandboxSettings(landlock=Switch.OFF, namespaces=Switch.OFF, cgroups=Switch.OFF)


@pytest.fixture(scope="module")
def machine():
    """What this machine gives."""
    sandbox = Sandbox(SandboxSettings())
    if sandbox.cgroups is not None:
        sandbox.cgroups.close()
    return sandbox.report


@pytest.fixture
def needs(machine):
    def check(*names):
        for name in names:
            if name in machine.missing:
                pytest.skip(f"{name}: {machine.missing[name]}")

    return check


@pytest.fixture
def uploaded(function):
    """A function of AWS's kind, in Python: `runtime` puts it into the sandbox."""

    def build(source, name="f", **settings):
        return function(source, name, handler="handler.handler", runtime="python3.12", **settings)

    return build


@pytest.fixture
def node(tmp_path):
    """The same in Node.js."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")

    def build(source, name="n", **settings):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "index.js").write_text(textwrap.dedent(source))
        settings.setdefault("timeout_ms", 20_000)
        return FunctionSpec(name=name, handler="index.h", runtime="nodejs20.x", paths=(str(folder),), **settings)

    return build


async def value_of(pool, spec, event=None):
    outcome = await asyncio.wait_for(pool.invoke(spec, json.dumps(event).encode()), PATIENCE_S)
    assert outcome.ok, outcome
    return json.loads(outcome.payload)


def is_there(path):
    return os.path.exists(path)


def children_of_all():
    """Descendants of this process."""
    found, fresh = set(), children()
    while fresh:
        found |= fresh
        fresh = {child for pid in fresh for child in children(pid)} - found
    return found


def left_behind(zygotes):
    """Groups and folders of these zygotes, which have ended; others on this machine are their own brokers' affair."""
    # os.walk, as the groups of other processes come and go meanwhile, at which a glob fails.
    walked = os.walk("/sys/fs/cgroup")
    groups = {Path(folder, name) for folder, names, _ in walked for name in names if name.startswith("streamcore-")}
    found = groups | set(Path("/tmp").glob("streamcore-tmp-*"))
    return {path for path in found if zygote_of(path) in zygotes and not is_there(f"/proc/{zygote_of(path)}")}


def zygote_of(path):
    return path.name.removeprefix("streamcore-").removeprefix("tmp-").partition("-")[0]


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch):
    started, execute = set(), spawner._execute

    def noted(control_fd):
        process = execute(control_fd)
        started.add(str(process.pid))
        return process

    monkeypatch.setattr(spawner, "_execute", noted)
    yield
    end_s = time.monotonic() + PATIENCE_S
    while (left := left_behind(started)) and time.monotonic() < end_s:
        time.sleep(0.05)
    assert left == set()


async def test_the_report_is_the_machines(pool, machine):
    assert pool.sandbox_report == machine


def test_the_report_in_words():
    report = SandboxReport(landlock_abi=6, cgroups="v2", missing={"namespaces": "not permitted"})
    assert str(report) == "Landlock ABI 6, cgroups v2, no namespaces (not permitted)"
    assert str(SandboxReport()) == "none"


async def test_all_switched_off(make_pool, uploaded):
    pool = await make_pool(sandbox=OFF)
    assert str(pool.sandbox_report) == (
        "no landlock (switched off), no namespaces (switched off), no cgroups (switched off)"
    )
    source = """
        import os
        def handler(event, context):
            niceness = os.getpriority(os.PRIO_PROCESS, 0)
            return [os.environ["LAMBDA_TASK_ROOT"], os.environ["TMPDIR"], os.getcwd(), niceness]
    """
    spec = uploaded(source)
    root, tmp, cwd, niceness = await value_of(pool, spec)
    assert niceness == 12  # 128 MB are a fourteenth of a processor
    assert root == cwd == spec.paths[0]
    assert is_there(tmp)
    pool.retire(spec.qualified_arn)
    while pool.stats().workers:
        await pool._change()
    assert not is_there(tmp)


async def test_folders_of_a_killed_zygote_are_swept(make_pool, uploaded):
    source = "import os\ndef handler(event, context): return [os.environ['TMPDIR'], os.getppid()]"
    pool = await make_pool(sandbox=OFF)
    tmp, zygote = await value_of(pool, uploaded(source))
    os.kill(zygote, 9)
    while pool.stats().workers:
        await pool._change()
    await gone(zygote)
    assert is_there(tmp)
    await value_of(pool, uploaded(source))
    assert not is_there(tmp)


async def test_what_is_required_and_not_to_be_had_stops_the_pool(monkeypatch, machine):
    name = next(iter(machine.missing), None)
    if name is None:
        pytest.skip("this machine gives all protections")
    pool = WorkerPool(1, sandbox=SandboxSettings(**{name: Switch.REQUIRED}))
    with pytest.raises(PreloadError, match=f"{name} is required but not to be had"):
        await pool.start()


# The view

ROOT = Path(__file__).resolve().parents[2]

VIEW = """
    import os
    def handler(event, context):
        os.makedirs("/tmp/" + event, exist_ok=True)
        open(f"/tmp/{event}/file", "a").write("x")
        size = os.statvfs("/tmp")
        return {
            "file": __file__, "cwd": os.getcwd(), "root": os.environ["LAMBDA_TASK_ROOT"],
            "tmp": sorted(os.listdir("/tmp")), "kept": open(f"/tmp/{event}/file").read(),
            "tmp_mb": size.f_blocks * size.f_frsize >> 20,
        }
"""


async def test_a_function_sees_what_it_sees_on_aws(pool, uploaded, needs):
    needs("namespaces")
    spec, name = uploaded(VIEW, tmp_mb=600), f"mine-{uuid.uuid4()}"
    # An interpreter that lies below /tmp itself is shown there, too.
    shown = {Path(place).parts[2] for place in (sys.prefix, sys.base_prefix, ROOT) if Path(place).parts[1] == "tmp"}
    expected = {"file": "/var/task/handler.py", "cwd": "/var/task", "root": "/var/task"}
    expected |= {"tmp": sorted([*shown, name]), "tmp_mb": 600}
    assert await value_of(pool, spec, name) == expected | {"kept": "x"}
    assert await value_of(pool, spec, name) == expected | {"kept": "xx"}  # /tmp survives between invocations
    assert not is_there(f"/tmp/{name}")


async def test_tmp_is_full_when_it_is_full(pool, uploaded, needs):
    needs("namespaces")
    source = """
        def handler(event, context):
            block = b"x" * 1048576
            with open("/tmp/big", "wb") as file:
                try:
                    for n in range(600):
                        file.write(block)
                except OSError as error:
                    return [n, error.errno]
    """
    blocks, number = await value_of(pool, uploaded(source, memory_mb=512))
    assert (500 < blocks <= 512, number) == (True, 28)


@pytest.mark.parametrize("count", [1, 3])
async def test_layers_are_one_folder(pool, uploaded, needs, tmp_path, count):
    needs("namespaces")
    layers = []
    for number in range(count):
        folder = tmp_path / f"layer {number},:" / "x"
        (folder / "python").mkdir(parents=True)
        (folder / "python" / f"only{number}.py").write_text(f"value = {number}")
        (folder / "python" / "shared.py").write_text(f"value = {number}")
        layers.append(str(folder))
    source = f"""
        import os, shared
        {"; ".join(f"import only{n}" for n in range(count))}
        def handler(event, context): return [shared.value, shared.__file__, len(os.listdir("/opt/python"))]
    """
    last = count - 1  # the last layer lies on top
    assert await value_of(pool, uploaded(source, layers=tuple(layers))) == [last, "/opt/python/shared.py", count + 1]


async def test_layers_without_a_view(make_pool, uploaded, tmp_path):
    pool = await make_pool(sandbox=OFF)
    for number in range(2):
        (tmp_path / f"l{number}" / "python").mkdir(parents=True)
        (tmp_path / f"l{number}" / "python" / "shared.py").write_text(f"value = {number}")
    layers = tuple(str(tmp_path / f"l{number}") for number in range(2))
    spec = uploaded("import shared\ndef handler(e, c): return shared.value", layers=layers)
    assert await value_of(pool, spec) == 1


async def test_hidden_folders_are_covered(make_pool, uploaded, needs, tmp_path):
    needs("namespaces")
    hidden = Path.home() / f".streamcore-test-{os.getpid()}"
    hidden.mkdir()
    try:
        (hidden / "secret").write_text("s")
        settings = SandboxSettings(landlock=Switch.OFF, hidden=(str(hidden),))
        pool = await make_pool(sandbox=settings)
        source = "import os\ndef handler(event, context): return os.path.exists(event)"
        assert await value_of(pool, uploaded(source), str(hidden / "secret")) is False
    finally:
        shutil.rmtree(hidden)


# What is out of reach

TRIES = {
    "read the broker's data": "open(event + '/data.mdb').read()",
    "list the broker's data": "os.listdir(event)",
    "write outside of /tmp": "open(event + '/new', 'w')",
    "write its own code": "open(__file__, 'a')",
    "write beside its code": "open(os.path.dirname(__file__) + '/new', 'w')",
    "write to /usr": "open('/usr/streamcore-test', 'w')",
    "read the machine's secrets": "open('/etc/shadow').read()",
    "read another function's code": "open(event + '/../other/handler.py').read()",
    "read the broker's memory": "open(f'/proc/{os.environ[\"BROKER\"]}/mem', 'rb')",
    "read the broker's environment": "open(f'/proc/{os.environ[\"BROKER\"]}/environ', 'rb').read()",
    "reach the broker's files through /proc": "os.listdir(f'/proc/{os.environ[\"BROKER\"]}/root')",
    "kill the broker": "os.kill(int(os.environ['BROKER']), 0)",
    "kill the zygote": "os.kill(os.getppid(), 0)",
    "mount": "check(libc.mount(b'none', b'/tmp', b'tmpfs', 0, None))",
    "unmount": "check(libc.umount2(b'/tmp', 2))",
    "become somebody else": "os.setuid(12345)",
}


@pytest.mark.parametrize("name", TRIES)
async def test_out_of_reach(make_pool, uploaded, function, needs, tmp_path, name):
    needs("landlock", "namespaces")
    pool = await make_pool(environment={"BROKER": str(os.getpid())})
    data = tmp_path / "data"
    data.mkdir()
    (data / "data.mdb").write_text("records")
    function(ECHO, name="other")
    source = f"""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        def check(result):
            if result < 0:
                raise OSError(ctypes.get_errno(), "refused")
        def handler(event, context):
            try:
                {TRIES[name]}
            except OSError as error:
                return type(error).__name__
    """
    # Under the function's own view of /tmp the broker's folder is not even there.
    assert await value_of(pool, uploaded(source), str(data)) in ("PermissionError", "FileNotFoundError", "OSError")
    assert list(data.iterdir()) == [data / "data.mdb"]


async def test_landlock_alone_keeps_the_data_out_of_reach(make_pool, uploaded, needs, tmp_path):
    needs("landlock")
    pool = await make_pool(sandbox=SandboxSettings(namespaces=Switch.OFF))
    source = """
        import os, tempfile
        def handler(event, context):
            tempfile.NamedTemporaryFile("w").write("x")
            try:
                open(event)
            except PermissionError:
                return "refused"
    """
    secret = tmp_path / "secret"
    secret.write_text("s")
    assert await value_of(pool, uploaded(source), str(secret)) == "refused"


async def test_the_same_for_node(pool, node, needs, tmp_path):
    needs("landlock", "namespaces")
    (tmp_path / "secret").write_text("s")
    source = """
        const fs = require('fs');
        const tried = (act) => { try { act(); return 'done' } catch (error) { return error.code } };
        exports.h = async (event) => [
            tried(() => fs.readFileSync(event)), tried(() => fs.writeFileSync('/usr/x', '')),
            tried(() => fs.readFileSync('/etc/shadow')), tried(() => process.kill(process.ppid, 0)),
            tried(() => fs.writeFileSync('/tmp/x', 'x')), __dirname,
        ];
    """
    found = await value_of(pool, node(source), str(tmp_path / "secret"))
    assert found == ["ENOENT", "EACCES", "EACCES", "EPERM", "done", "/var/task"]


# Memory, processors, processes


async def test_what_eats_memory_is_ended_by_the_kernel(pool, uploaded, needs):
    needs("cgroups", "namespaces")
    source = """
        import ctypes, os
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        def handler(event, context):
            # A shared mapping is no private data: no limit of the process itself counts it.
            size = 900 << 20
            at = libc.mmap(None, ctypes.c_size_t(size), 3, 0x21, -1, ctypes.c_long(0))
            for offset in range(0, size, 4096):
                ctypes.memset(at + offset, 1, 1)
    """
    spec = uploaded(source, memory_mb=128)
    outcome = await asyncio.wait_for(pool.invoke(spec, b"null", request_id="R"), PATIENCE_S)
    assert outcome.status is Status.OUT_OF_MEMORY
    assert json.loads(outcome.payload) == {
        "errorType": "Runtime.OutOfMemory",
        "errorMessage": "RequestId: R Error: Runtime exited with error: signal: killed",
    }
    assert outcome.max_memory_mb == 128
    assert (await pool.invoke(uploaded(ECHO, "g"), b"1")).ok


async def test_node_that_eats_memory(pool, node, needs):
    needs("cgroups")
    source = "exports.h = async () => { const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1)) }"
    outcome = await asyncio.wait_for(pool.invoke(node(source), b"null"), PATIENCE_S)
    assert (outcome.status, outcome.max_memory_mb) == (Status.OUT_OF_MEMORY, 128)
    outcome = await asyncio.wait_for(
        pool.invoke(node("exports.h = async () => { const a = []; for (;;) a.push({}) }", "heap"), b"null"), PATIENCE_S
    )
    assert outcome.status is Status.EXITED  # V8 gives up before the kernel has to
    assert b"signal: aborted" in outcome.payload
    assert (await pool.invoke(node("exports.h = async () => 1", "ok"), b"1")).ok


async def test_limits_are_in_the_workers_group(pool, uploaded, machine, needs):
    needs("cgroups")
    spec = uploaded("def handler(event, context): return open('/proc/self/cgroup').read()", memory_mb=1769)
    controllers = ("memory", "cpu", "pids") if machine.cgroups == "v1" else ("",)
    places = {}
    async with asyncio.timeout(PATIENCE_S):  # a worker joins beside its first work
        while not all("streamcore-" in places.get(name, "") for name in controllers):
            places = cgroups.places_in(await value_of(pool, spec))
    if machine.cgroups == "v1":
        memory, cpu, pids = (Path(f"/sys/fs/cgroup/{name}{places[name]}") for name in ("memory", "cpu", "pids"))
        assert int((memory / "memory.limit_in_bytes").read_text()) == (1769 + 512) << 20
        assert int((cpu / "cpu.shares").read_text()) == 1024
        assert int((pids / "pids.max").read_text()) == 1024


def test_cgroups_v2_in_a_folder_of_our_own(tmp_path):
    """The files of version 2, as far as a plain folder can stand in for them."""
    root, own = tmp_path / "cgroup", tmp_path / "own"
    base = root / "service"
    base.mkdir(parents=True)
    own.write_text("0::/service\n")
    (base / "cgroup.controllers").write_text("cpu memory pids")
    found = cgroups.find(str(root), str(own))
    assert found.version == "v2"
    group = found.create("7", 1769, 2281)
    folder = base / f"streamcore-{os.getpid()}" / "7"
    read = {path.name: path.read_text() for path in folder.iterdir()}
    assert read == {"memory.max": str(2281 << 20), "memory.oom.group": "1", "pids.max": "1024", "cpu.weight": "100"}
    assert not group.out_of_memory()
    (folder / "memory.events").write_text("low 0\noom 1\noom_kill 2\n")
    assert group.out_of_memory()


def test_cgroups_v2_where_the_broker_is_in_the_way(tmp_path, monkeypatch):
    """A group passes its limits on only when no process is in it: ours move one down, others' are left alone."""
    base, own = tmp_path / "service", tmp_path / "own"
    base.mkdir()
    own.write_text("0::/service/streamcore-broker\n")
    (base / "streamcore-broker").mkdir()
    for folder in (base, base / "streamcore-broker"):
        (folder / "cgroup.controllers").write_text("cpu memory pids")
    (base / "cgroup.procs").write_text(f"{os.getppid()}\n{os.getpid()}\n")
    written, write = [], cgroups._write

    def refuse_once(path, text):
        written.append((path, text))
        if path == f"{base}/cgroup.subtree_control" and len(written) == 1:
            raise OSError(16, "Device or resource busy", path)
        write(path, text)

    monkeypatch.setattr(cgroups, "_write", refuse_once)
    assert cgroups.find(str(tmp_path), str(own)).version == "v2"
    assert [text for path, text in written if path == f"{base}/streamcore-broker/cgroup.procs"] == [
        str(os.getppid()),
        str(os.getpid()),
    ]
    shutil.rmtree(base / f"streamcore-{os.getpid()}")
    written.clear()
    (base / "cgroup.procs").write_text("1\n")
    with pytest.raises(cgroups.CgroupError, match="has other processes, too"):
        cgroups.find(str(tmp_path), str(own))


@pytest.mark.parametrize("text", ["", "0::/\n", "4:memory:/x\n3:pids:/x\n"])
def test_without_a_cgroup_of_ours_the_reason_is_said(tmp_path, text):
    (tmp_path / "own").write_text(text)
    with pytest.raises(cgroups.CgroupError, match="no controller for"):
        cgroups.find(str(tmp_path), str(tmp_path / "own"))


async def test_groups_of_a_killed_zygote_are_swept(make_pool, uploaded, needs):
    needs("cgroups")
    pool = await make_pool()
    source = "import os\ndef handler(event, context): return os.getppid()"
    zygote = await value_of(pool, uploaded(source))
    os.kill(zygote, 9)
    while pool.stats().workers:
        await pool._change()
    await gone(zygote)
    await value_of(pool, uploaded(source))


# Faults that end a process or its world, in each language

PYTHON_FAULTS = {
    "forks and hangs": (
        "import os, time\ndef handler(event, context):\n    for _ in range(3):\n"
        "        if os.fork() == 0:\n            os.setsid(); time.sleep(1000)\n    time.sleep(1000)",
        Status.TIMED_OUT,
    ),
    "ignores SIGTERM": (
        "import signal, time\ndef handler(event, context):\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "    while True: time.sleep(1000)",
        Status.TIMED_OUT,
    ),
    "deletes /tmp": (
        "import shutil\ndef handler(event, context): shutil.rmtree('/tmp', ignore_errors=True); open('/tmp/x', 'w')",
        Status.SUCCESS,
    ),
    "prints no UTF-8": ("import os\ndef handler(event, context): os.write(1, bytes(range(256)))", Status.SUCCESS),
    "unserialisable": ("def handler(event, context): return {1, 2}", Status.FUNCTION_ERROR),
    "segmentation fault": ("import ctypes\ndef handler(event, context): ctypes.string_at(0)", Status.EXITED),
    "closes its descriptors": ("import os\ndef handler(event, context): os.closerange(0, 64)", Status.EXITED),
}


@pytest.mark.parametrize("name", PYTHON_FAULTS)
async def test_faults_in_python(pool, uploaded, name):
    source, status = PYTHON_FAULTS[name]
    spec = uploaded(source, timeout_ms=300 if status is Status.TIMED_OUT else 20_000)
    outcome = await asyncio.wait_for(pool.invoke(spec, b"null"), PATIENCE_S)
    assert outcome.status is status, outcome
    assert (await pool.invoke(uploaded(ECHO, "g"), b"1")).ok


async def test_children_that_hide_end_with_their_worker(pool, uploaded, needs, printed):
    needs("cgroups")
    source = """
        import os, time
        def handler(event, context):
            if os.fork() == 0:
                os.setsid()
                os.execve("/bin/sleep", ["sleep", "1000"], {})  # neither its group nor its environment tells
            time.sleep(0.2)  # the worker's group may be joined only now
            child = os.fork()
            if child == 0:
                os.setsid()
                os.execve("/bin/sleep", ["sleep", "1000"], {})
            print("pids", child, ".")
            time.sleep(1000)
    """
    spec = uploaded(source, timeout_ms=1000)
    outcome = await asyncio.wait_for(pool.invoke(spec, b"null"), PATIENCE_S)
    assert outcome.status is Status.TIMED_OUT
    assert not alive(int(printed.text().split()[1]))


async def test_children_from_before_the_group_end_with_their_worker(pool, uploaded, needs, printed):
    """The worker joins its cgroup beside its first work; what is forked before that is in none, and shows no mark."""
    needs("namespaces")
    source = """
        import os, time
        def handler(event, context):
            if os.fork() == 0:
                os.setsid()
                time.sleep(1000)
            return "answered"
    """
    spec = uploaded(source)
    before = set(children_of_all())
    assert await value_of(pool, spec) == "answered"
    pool.retire(spec.qualified_arn)
    while pool.stats().workers:
        await pool._change()
    zygotes = children()
    assert {pid for pid in children_of_all() if pid not in before} <= zygotes


NODE_FAULTS = {
    "exits": ("exports.h = async () => process.exit(3)", Status.EXITED),
    "aborts": ("exports.h = async () => process.abort()", Status.EXITED),
    "hangs with children": (
        "const {spawn} = require('child_process');"
        "exports.h = () => new Promise(() => spawn('sleep', ['1000'], {detached: true}))",
        Status.TIMED_OUT,
    ),
    "loops": ("exports.h = () => { for (;;); }", Status.TIMED_OUT),
    "floods stdout": (
        "const s = 'x'.repeat(1 << 20);"
        "exports.h = async () => { for (let i = 0; i < 32; i++) require('fs').writeSync(1, s) }",
        Status.SUCCESS,
    ),
    "prints no UTF-8": (
        "exports.h = async () => { process.stdout.write(Buffer.from([255, 10])) }",
        Status.SUCCESS,
    ),
    "closes its descriptors": (
        "exports.h = async () => { for (let fd = 0; fd < 64; fd++) try { require('fs').closeSync(fd) } catch {} }",
        None,
    ),
}


@pytest.mark.parametrize("name", NODE_FAULTS)
async def test_faults_in_node(pool, node, name):
    source, status = NODE_FAULTS[name]
    spec = node(source, timeout_ms=800 if status in (Status.TIMED_OUT, None) else 20_000)
    outcome = await asyncio.wait_for(pool.invoke(spec, b"null"), PATIENCE_S)
    assert not outcome.ok if status is None else outcome.status is status, outcome
    assert (await pool.invoke(node("exports.h = async (event) => event", "ok"), b"1")).payload == b"1"


# What a sink hears


async def test_a_log_is_told_in_order(pool, uploaded, printed):
    spec = uploaded("print('loading')\ndef handler(event, context): print('running', event)")
    await pool.invoke(spec, b"1", request_id="A")
    await pool.invoke(spec, b"2", request_id="B")
    (stream,) = {entry[1] for entry in printed.told}
    assert [entry[:1] + entry[2:] for entry in printed.told] == [
        ("output", b"loading\n"),
        ("began", "A"),
        ("output", b"running 1\n"),
        ("ended", "A", Status.SUCCESS),
        ("began", "B"),
        ("output", b"running 2\n"),
        ("ended", "B", Status.SUCCESS),
    ]
    assert stream.startswith("20")


@pytest.mark.parametrize(
    ("source", "status"), [("print('x')\n1 / 0", Status.INIT_ERROR), ("import os\nos._exit(3)", Status.EXITED)]
)
async def test_a_log_is_told_of_what_could_not_be_loaded(pool, uploaded, printed, source, status):
    await pool.invoke(uploaded(source), b"1", request_id="A")
    told = [entry[:1] + entry[2:] for entry in printed.told if entry[0] != "output"]
    assert told == [("began", "A"), ("ended", "A", status)]
    assert [entry[0] for entry in printed.told][-2:] == ["began", "ended"]


async def test_variables_are_asked_for_at_each_start(make_pool, uploaded):
    asked = []

    def environment_of(spec):
        asked.append(spec.name)
        return {"AWS_ACCESS_KEY_ID": f"key{len(asked)}", "AWS_ENDPOINT_URL": "http://here"}

    pool = await make_pool(environment_of=environment_of)
    source = "import os\ndef handler(e, c): return [os.environ['AWS_ACCESS_KEY_ID'], os.environ['AWS_ENDPOINT_URL']]"
    spec = uploaded(source)
    assert await value_of(pool, spec) == ["key1", "http://here"]
    assert await value_of(pool, spec) == ["key1", "http://here"]
    pool.retire(spec.qualified_arn)
    assert await value_of(pool, spec) == ["key2", "http://here"]
