"""Processes that hang, die, are killed, or take too much: an outcome each, and the pool goes on."""

import asyncio
import json
import os
import signal

import pytest
from workers_support import ECHO, PATIENCE_S, PIDS, alive, gone, pids

from runtime.model.invocation import Status


async def test_timeout_ends_the_whole_process_group(make_pool, function, printed, clock):
    pool = await make_pool(clock=clock)
    source = """
        import os, subprocess
        def handler(event, context):
            child = subprocess.Popen(["sleep", "1000"])
            daemon = subprocess.Popen(["sleep", "1000"], start_new_session=True)
            print("pids", os.getpid(), child.pid, daemon.pid, ".")
            child.wait()
    """
    running = asyncio.create_task(pool.invoke(function(source, timeout_ms=1500), b"null", request_id="R"))
    await printed.until(" .")
    numbers = [int(word) for word in printed.text().split()[1:4]]
    assert all(alive(number) for number in numbers)
    clock.advance(1.4)
    clock.advance(0.1)
    outcome = await running
    assert outcome.status is Status.TIMED_OUT
    assert outcome.payload == (
        b'{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: R Error: Task timed out after 1.50 seconds"}'
    )
    assert outcome.duration_ms == pytest.approx(1500)
    assert b"pids" in outcome.log
    await gone(numbers[1])  # a member of the group is killed with it, and reaped by whoever adopts it
    assert not alive(numbers[0])
    assert not alive(numbers[2])
    assert (await pool.invoke(function(ECHO), b"1")).ok
    assert pool.stats().functions[function(ECHO).qualified_arn].timeouts == 1


async def test_loading_for_ever_times_out_after_both_limits(make_pool, function, printed, clock, gate):
    pool = await make_pool(clock=clock, init_limit_s=10.0)
    running = asyncio.create_task(pool.invoke(function(f"print('loading')\n{gate.code}", timeout_ms=1000), b"null"))
    await printed.until("loading")
    clock.advance(10.9)
    assert not running.done()
    clock.advance(0.1)
    outcome = await running
    assert outcome.status is Status.TIMED_OUT
    assert b"Task timed out after 1.00 seconds" in outcome.payload


IMPORTS = """
import ctypes, os, sys, threading
print('before')
def own_socket():
    links = {int(name): os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")}
    return next(fd for fd, link in links.items() if "socket:" in link)
"""
EXITS = {
    "sys.exit": ("sys.exit()", "without providing a reason"),
    "sys.exit 0": ("sys.exit(0)", "without providing a reason"),
    "sys.exit 3": ("sys.exit(3)", "with error: exit status 3"),
    "sys.exit text": ("sys.exit('last words')", "with error: exit status 1"),
    "os._exit": ("os._exit(127)", "with error: exit status 127"),
    "segmentation fault": ("ctypes.string_at(0)", "with error: signal: segmentation fault"),
    "abort": ("os.abort()", "with error: signal: aborted"),
    "killed": ("os.kill(os.getpid(), 9)", "with error: signal: killed"),
    "group killed": ("os.killpg(0, 9)", "with error: signal: killed"),
    "closes all it has": ("os.closerange(0, 100) or threading.Event().wait()", "with error: signal: killed"),
    "writes nonsense": (
        "os.write(own_socket(), b'nonsense') and threading.Event().wait()",
        "with error: signal: killed",
    ),
    "answers another": (
        'os.write(own_socket(), bytes([1, 19, 0, 32, 0, 0, 0, 0]) + b\'{"request_id":"x","max_rss_kb":1}\')'
        " and threading.Event().wait()",
        "with error: signal: killed",
    ),
}


@pytest.mark.parametrize("when", ["in the handler", "while loading"])
@pytest.mark.parametrize("name", EXITS)
async def test_processes_that_end(pool, function, name, when):
    act, reason = EXITS[name]
    source = f"def handler(event, context):\n    {act}" if when == "in the handler" else act
    outcome = await asyncio.wait_for(pool.invoke(function(IMPORTS + source), b"null", request_id="R"), PATIENCE_S)
    assert outcome.status is Status.EXITED
    expected = {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: R Error: Runtime exited {reason}"}
    assert json.loads(outcome.payload) == expected
    assert outcome.request_id == "R"
    if when == "in the handler" or name not in ("os._exit", "abort", "killed", "group killed", "segmentation fault"):
        assert outcome.log.startswith(b"before\n")
    assert (await pool.invoke(function(ECHO), b"1")).payload == b"1"


async def test_memory_error_is_reported_and_the_worker_replaced(pool, function):
    source = """
        import os
        def handler(event, context):
            return len(bytearray(event)) and os.getpid()
    """
    spec = function(source, memory_mb=128)
    first = await pool.invoke(spec, b"1000000")
    outcome = await pool.invoke(spec, b"140000000")
    assert outcome.status is Status.OUT_OF_MEMORY
    assert json.loads(outcome.payload)["errorType"] == "MemoryError"
    after = await pool.invoke(spec, b"1000000")
    assert after.ok
    assert after.payload != first.payload
    assert (await pool.invoke(function(source, memory_mb=256), b"140000000")).ok


async def test_the_most_memory_used_is_told(pool, function):
    outcome = await pool.invoke(function("def handler(event, context): len(b'x' * 60_000_000)"), b"null")
    assert 60 < outcome.max_memory_mb < 128


async def test_a_flood_of_output_is_drained_and_bounded(make_pool, function, printed):
    pool = await make_pool(output_limit_bytes=100_000)
    source = """
        import sys
        def handler(event, context):
            for _ in range(64):
                sys.stdout.write("x" * 1048576)
            print("end of it")
    """
    spec = function(source)
    outcome = await asyncio.wait_for(pool.invoke(spec, b"null"), PATIENCE_S)
    assert outcome.ok
    assert outcome.log == b"x" * (4096 - 10) + b"end of it\n"
    assert len(printed.text()) == 100_000
    assert pool.stats().functions[spec.qualified_arn].dropped_output_bytes == 64 * 1048576 + 10 - 100_000


async def test_output_after_the_budget_counts_anew_with_each_invoke(make_pool, function, printed):
    pool = await make_pool(output_limit_bytes=4)
    spec = function("def handler(event, context): print(event)")
    for word in ("first", "second"):
        assert (await pool.invoke(spec, json.dumps(word).encode())).log == f"{word}\n".encode()
    assert printed.text() == "firsseco"


async def test_a_sink_that_fails_does_not_fail_the_invocation(make_pool, function, printed):
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: reported.append(context["exception"]))
    error = RuntimeError("disk full")

    class Failing:
        def fail(self, *_):
            raise error

        began = output = ended = fail

    pool = await make_pool(sink=Failing())
    assert (await pool.invoke(function("def handler(event, context): print('x')"), b"null")).ok
    assert reported == [error] * 3


async def test_killed_from_outside_while_idle(pool, function):
    spec = function(PIDS)
    pid, zygote = await pids(pool, spec)
    os.kill(pid, signal.SIGKILL)
    while pool.stats().workers:
        await pool._change()
    second, same_zygote = await pids(pool, spec)
    assert second != pid
    assert same_zygote == zygote


async def test_killed_from_outside_while_busy(pool, function, printed, gate):
    spec = function(f"import os\ndef handler(event, context):\n    print(os.getpid(), '.')\n    {gate.code}")
    running = asyncio.create_task(pool.invoke(spec, b"null", request_id="R"))
    await printed.until(" .")
    os.kill(int(printed.text().split()[0]), signal.SIGTERM)
    outcome = await running
    assert outcome.payload == (
        b'{"errorType":"Runtime.ExitError",'
        b'"errorMessage":"RequestId: R Error: Runtime exited with error: signal: terminated"}'
    )


async def test_zygote_killed_while_a_worker_is_busy(pool, function, printed, gate):
    source = f"""
        import os, subprocess
        def handler(event, context):
            child = subprocess.Popen(["sleep", "1000"])
            print(os.getpid(), os.getppid(), child.pid, ".")
            {gate.code}
    """
    running = asyncio.create_task(pool.invoke(function(source), b"null", request_id="R"))
    await printed.until(" .")
    pid, zygote, grandchild = (int(word) for word in printed.text().split()[:3])
    os.kill(zygote, signal.SIGKILL)
    outcome = await asyncio.wait_for(running, PATIENCE_S)
    assert outcome.status is Status.EXITED
    assert b"signal: killed" in outcome.payload
    await gone(pid, grandchild)
    second, other_zygote = await pids(pool, function(PIDS, name="g"))
    assert other_zygote != zygote
    assert second != pid
    assert pool.stats().zygote_restarts == 1


async def test_zygote_killed_while_all_is_idle(pool, function):
    spec = function(PIDS)
    _, zygote = await pids(pool, spec)
    os.kill(zygote, signal.SIGKILL)
    while pool.stats().workers:
        await pool._change()
    assert (await pids(pool, spec))[1] != zygote


async def test_zygote_killed_while_a_worker_loads_is_tried_again(pool, function, printed, gate):
    spec = function(f"import os\nprint(os.getppid(), '.')\n{gate.code}\n{ECHO}")
    running = asyncio.create_task(pool.invoke(spec, b"5"))
    await printed.until(" .")
    os.kill(int(printed.text().split()[0]), signal.SIGKILL)
    await printed.until(" .", times=2)
    gate.let_through(2)
    assert (await running).payload == b"5"


async def test_a_function_that_kills_the_zygote_each_time_it_loads_gets_an_outcome(pool, function):
    spec = function("import os, threading\nos.kill(os.getppid(), 9)\nthreading.Event().wait()")
    outcome = await asyncio.wait_for(pool.invoke(spec, b"null"), PATIENCE_S)
    assert outcome.status is Status.EXITED
    assert (await pool.invoke(function(ECHO, name="g"), b"1")).ok


async def test_a_crash_loop_does_not_hurt_others(make_pool, function):
    pool = await make_pool(2)
    crashing = function("import os\ndef handler(event, context): os._exit(9)", name="bad")
    sound = function(ECHO, name="good")
    outcomes = await asyncio.gather(*(pool.invoke(spec, b"1") for _ in range(15) for spec in (crashing, sound)))
    assert [outcome.ok for outcome in outcomes] == [False, True] * 15


async def test_a_handler_that_forks_and_returns_twice_answers_once(pool, function):
    source = "import os\ndef handler(event, context):\n    if os.fork():\n        os.wait()\n    return os.getpid()"
    outcome = await asyncio.wait_for(pool.invoke(function(source), b"null"), PATIENCE_S)
    assert outcome.status in (Status.SUCCESS, Status.EXITED)
    assert (await pool.invoke(function(ECHO, name="g"), b"1")).ok
