"""For the worker tests: a gate that handlers wait at, a clock that is moved by hand, looks at processes."""

import asyncio
import json
import os
from pathlib import Path

PATIENCE_S = 20.0  # nothing waits this long: it turns a hang into a failure


class Printed:
    """Collects what functions print, and lets a test wait for a text."""

    def __init__(self):
        self.entries = []
        self.told = []  # all that a sink hears, in order
        self._waiters = []

    def output(self, spec, log_stream, data):
        self.entries.append((spec.name, log_stream, data))
        self.told.append(("output", log_stream, data))
        for waiter in self._waiters:
            waiter.set()

    def began(self, spec, log_stream, request_id):
        self.told.append(("began", log_stream, request_id))

    def ended(self, spec, log_stream, outcome):
        self.told.append(("ended", log_stream, outcome.request_id, outcome.status))

    def text(self, function=None):
        return b"".join(data for name, _, data in self.entries if function in (None, name)).decode()

    async def until(self, text, times=1, function=None):
        changed = asyncio.Event()
        self._waiters.append(changed)
        async with asyncio.timeout(PATIENCE_S):
            while self.text(function).count(text) < times:
                await changed.wait()
                changed.clear()


class Gate:
    """Handlers stop at it (`Gate.CODE`); each `let_through` frees one."""

    def __init__(self, path: Path):
        os.mkfifo(path)
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    @property
    def code(self):
        return f"open({str(self.path)!r}, 'rb', buffering=0).read(1)"

    def let_through(self, count=1):
        os.write(self._fd, b"." * count)

    def close(self):
        os.close(self._fd)


class Timer:
    def __init__(self, when, callback):
        self.when, self.callback, self.cancelled = when, callback, False

    def cancel(self):
        self.cancelled = True


class ManualClock:
    """Stands still until `advance`."""

    def __init__(self):
        self.now = 1000.0
        self.timers = []

    def time(self):
        return self.now

    def call_at(self, when, callback):
        timer = Timer(when, callback)
        self.timers.append(timer)
        return timer

    @property
    def armed(self):
        return [timer for timer in self.timers if not timer.cancelled]

    def advance(self, seconds):
        self.now += seconds
        for timer in sorted(self.armed, key=lambda timer: timer.when):
            if timer.when <= self.now and not timer.cancelled:
                self.timers.remove(timer)
                timer.callback()


def children(pid=None):
    """Processes whose parent is `pid` (this one by default)."""
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path(f"/proc/{name}/stat").read_bytes()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(stat[stat.rindex(b")") + 2 :].split()[1]) == (pid or os.getpid()):
                found.add(int(name))
    return found


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def descriptors():
    return {name: os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if _is_open(name)}


def _is_open(name):
    return os.path.lexists(f"/proc/self/fd/{name}")


async def gone(*numbers):
    """Waits, on the kernel's word, until processes have ended."""
    loop = asyncio.get_running_loop()
    for number in numbers:
        try:
            fd = os.pidfd_open(number)
        except ProcessLookupError:
            continue
        ended = asyncio.Event()
        loop.add_reader(fd, ended.set)
        try:
            await asyncio.wait_for(ended.wait(), PATIENCE_S)
        finally:
            loop.remove_reader(fd)
            os.close(fd)


ECHO = "def handler(event, context): return event"
PIDS = "import os\ndef handler(event, context): return [os.getpid(), os.getppid()]"


async def pids(pool, spec):
    """Numbers of a worker and its zygote; the function is `PIDS`."""
    return json.loads((await pool.invoke(spec, b"null")).payload)
