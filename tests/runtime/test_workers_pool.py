"""Sharing, keeping, and giving back: the pool around its workers."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from msgspec import structs
from workers_support import ECHO, PATIENCE_S, PIDS, alive, children, gone, pids

import runtime
from runtime.errors import InvalidParameterError, PoolBusyError, PoolClosedError, PreloadError
from runtime.model.invocation import Status
from runtime.workers.pool import WorkerPool


def waiting_at(gate):
    return f"def handler(event, context):\n    print('in', event, '.')\n    {gate.code}\n    return event"


async def invoke_all(pool, specs, event=b"null"):
    return await asyncio.wait_for(asyncio.gather(*(pool.invoke(spec, event) for spec in specs)), PATIENCE_S)


async def test_events_of_one_function_run_at_the_same_time_up_to_the_cap(make_pool, function, printed, gate):
    pool = await make_pool(3)
    spec = function(waiting_at(gate))
    running = [asyncio.create_task(pool.invoke(spec, str(n).encode())) for n in range(5)]
    await printed.until(" .", times=3)
    stats = pool.stats()
    assert (stats.workers, stats.waiting) == (3, 2)
    assert stats.functions[spec.qualified_arn].busy == 3
    gate.let_through(5)
    assert [outcome.payload for outcome in await asyncio.gather(*running)] == [b"0", b"1", b"2", b"3", b"4"]
    assert pool.stats().functions[spec.qualified_arn].cold_starts == 3


async def test_one_worker_takes_a_functions_events_in_order(make_pool, function, printed):
    pool = await make_pool(1)
    spec = function("def handler(event, context): print(event)")
    await asyncio.gather(*(pool.invoke(spec, str(n).encode()) for n in range(8)))
    assert printed.text().split() == [str(n) for n in range(8)]


async def test_functions_take_turns_at_the_cap(make_pool, function, printed, gate):
    """One place, three functions: each gets every third turn, whoever has queued most."""
    pool = await make_pool(1)
    specs = {name: function(waiting_at(gate), name=name) for name in "abc"}
    order = ["a"] * 4 + ["b", "b", "c"]
    running = [asyncio.create_task(pool.invoke(specs[name], b"0")) for name in order]
    gate.let_through(len(order))
    await asyncio.wait_for(asyncio.gather(*running), PATIENCE_S)
    assert [name for name, _, data in printed.entries if b"in" in data] == ["a", "b", "c", "a", "b", "a", "a"]


async def test_a_busy_function_leaves_room_for_another(make_pool, function, printed, gate):
    pool = await make_pool(2)
    greedy, modest = function(waiting_at(gate), name="greedy"), function(ECHO, name="modest")
    running = [asyncio.create_task(pool.invoke(greedy, b"1")) for _ in range(6)]
    await printed.until(" .", times=2)
    late = asyncio.create_task(pool.invoke(modest, b"2"))
    await asyncio.sleep(0)
    gate.let_through(1)
    assert (await asyncio.wait_for(late, PATIENCE_S)).ok
    assert pool.stats().functions[greedy.qualified_arn].waiting == 4
    gate.let_through(5)
    await asyncio.gather(*running)


async def test_a_resting_worker_makes_room_for_another_function(make_pool, function):
    pool = await make_pool(2)
    specs = [function(PIDS, name=name) for name in "abc"]
    (a, _), (b, _), (c, _) = [await pids(pool, spec) for spec in specs]
    assert not alive(a)
    assert alive(b)
    assert alive(c)
    assert pool.stats().workers == 2


async def test_resting_workers_end_after_the_timeout(make_pool, function, clock):
    pool = await make_pool(2, idle_timeout_s=60.0, clock=clock)
    first, second = function(PIDS, name="a"), function(PIDS, name="b")
    (a, _) = await pids(pool, first)
    clock.advance(40)
    (b, _) = await pids(pool, second)
    assert len(clock.armed) == 1
    clock.advance(20)
    await gone(a)
    assert alive(b)
    assert (await pids(pool, second))[0] == b
    clock.advance(59)
    assert alive(b)
    clock.advance(1)
    await gone(b)
    while pool.stats().workers:
        await pool._change()
    assert clock.armed == []


async def test_an_old_worker_takes_no_more_events(make_pool, function, clock):
    """Neither one that rests nor one that is kept: its credentials are about to end."""
    pool = await make_pool(2, worker_max_age_s=60.0, idle_timeout_s=600.0, clock=clock)
    spec = function(PIDS)
    pool.keep(spec, 1)
    (first, _) = await pids(pool, spec)
    clock.advance(59)
    assert (await pids(pool, spec))[0] == first
    clock.advance(1)
    (second, _) = await pids(pool, spec)
    assert second != first
    await gone(first)
    assert (await pids(pool, spec))[0] == second


async def test_a_changed_function_gets_new_workers(pool, function, printed, gate):
    old = function(f"import os\ndef handler(event, context):\n    print('.')\n    {gate.code}\n    return os.getpid()")
    running = asyncio.create_task(pool.invoke(old, b"null"))
    await printed.until(".")
    new = function(PIDS, environment={"NEW": "1"})
    pid, _ = await pids(pool, new)
    gate.let_through()
    before = int((await running).payload)
    assert before != pid
    assert (await pids(pool, new))[0] == pid
    await gone(before)
    assert (await pids(pool, function(PIDS, environment={"NEW": "1"}, code_sha256="2")))[0] != pid


async def test_retire_ends_warm_workers_and_forget_drops_the_counters(pool, function):
    spec = function(PIDS)
    pid, _ = await pids(pool, spec)
    pool.retire(spec.qualified_arn)
    assert (await pids(pool, spec))[0] != pid
    pool.forget(spec.qualified_arn)
    pool.forget("unknown")
    assert pool.stats().functions == {}


async def test_warm(make_pool, function):
    pool = await make_pool(3)
    spec = function(PIDS)
    assert await pool.warm(spec, 2) == 2
    assert await pool.warm(spec, 2) == 2
    stats = pool.stats().functions[spec.qualified_arn]
    assert (stats.idle, stats.cold_starts, stats.invocations) == (2, 2, 0)
    assert (await pool.invoke(spec, b"null")).init_duration_ms is not None
    assert await pool.warm(spec, 9) == 3
    assert await pool.warm(function("1 / 0", name="bad"), 1) == 0


async def test_a_caller_that_leaves_the_queue_takes_its_event_along(make_pool, function, printed, gate):
    pool = await make_pool(1)
    spec = function(waiting_at(gate))
    first = asyncio.create_task(pool.invoke(spec, b"1"))
    await printed.until("in 1")
    second, third = (asyncio.create_task(pool.invoke(spec, event)) for event in (b"2", b"3"))
    await asyncio.sleep(0)
    second.cancel()
    gate.let_through(2)
    assert [(await task).payload for task in (first, third)] == [b"1", b"3"]
    assert second.cancelled()
    assert "in 2" not in printed.text()


async def test_a_caller_that_leaves_a_running_event_lets_it_finish(make_pool, function, printed, gate):
    pool = await make_pool(1)
    spec = function(waiting_at(gate))
    running = asyncio.create_task(pool.invoke(spec, b"1"))
    await printed.until("in 1")
    running.cancel()
    following = asyncio.create_task(pool.invoke(spec, b"2"))
    gate.let_through(2)
    outcome = await following
    assert outcome.payload == b"2"
    assert outcome.init_duration_ms is None  # the same, warm worker
    stats = pool.stats().functions[spec.qualified_arn]
    assert (stats.invocations, stats.cold_starts) == (2, 1)


async def test_the_queue_is_bounded(make_pool, function, printed, gate):
    pool = await make_pool(1, max_waiting=2)
    spec = function(waiting_at(gate))
    running = [asyncio.create_task(pool.invoke(spec, b"1")) for _ in range(2)]
    await printed.until("in 1")
    running.append(asyncio.create_task(pool.invoke(spec, b"1")))
    await asyncio.sleep(0)
    with pytest.raises(PoolBusyError, match="2 invocations wait"):
        await pool.invoke(spec, b"1")
    gate.let_through(3)
    assert all(outcome.ok for outcome in await asyncio.gather(*running))


async def test_close_lets_what_runs_finish_and_refuses_the_rest(function, printed, gate):
    pool = WorkerPool(1, sink=printed)
    await pool.start()
    spec = function(waiting_at(gate))
    running = asyncio.create_task(pool.invoke(spec, b"1"))
    await printed.until("in 1")
    waiting = asyncio.create_task(pool.invoke(spec, b"2"))
    await asyncio.sleep(0)
    closing = asyncio.create_task(pool.close())
    with pytest.raises(PoolClosedError):
        await waiting
    gate.let_through()
    assert (await running).payload == b"1"
    await closing
    with pytest.raises(PoolClosedError):
        await pool.invoke(spec, b"3")
    with pytest.raises(PoolClosedError):
        await pool.warm(spec, 1)
    assert children() == set()
    await pool.close()


async def test_close_ends_what_does_not_finish(function, printed, gate, monkeypatch):
    monkeypatch.setattr("runtime.workers.pool.DRAIN_S", 0.0)
    source = f"""
        import os, subprocess
        def handler(event, context):
            child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
            print(os.getpid(), os.getppid(), child.pid, ".")
            {gate.code}
    """
    async with WorkerPool(1, sink=printed) as pool:
        running = asyncio.create_task(pool.invoke(function(source), b"null"))
        await printed.until(" .")
    outcome = await running
    assert outcome.status is Status.EXITED
    assert b"signal: killed" in outcome.payload
    assert not any(alive(int(word)) for word in printed.text().split()[:3])


async def test_everything_ends_with_a_broker_that_is_killed(function, tmp_path):
    source = """
        import os, subprocess
        def handler(event, context):
            child = subprocess.Popen(["sleep", "1000"])
            return [os.getpid(), os.getppid(), child.pid]
    """
    spec = function(source)
    broker = f"""
        import asyncio
        from runtime.model.function import FunctionSpec
        from runtime.workers.pool import WorkerPool
        async def main():
            async with WorkerPool(1) as pool:
                spec = FunctionSpec(name="f", handler="handler:handler", paths={spec.paths!r})
                print((await pool.invoke(spec, b"null")).payload.decode(), flush=True)
                await asyncio.Event().wait()
        asyncio.run(main())
    """
    environment = os.environ | {"PYTHONPATH": str(Path(runtime.__file__).parents[1])}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(broker), stdout=subprocess.PIPE, env=environment
    )
    numbers = json.loads(await asyncio.wait_for(process.stdout.readline(), PATIENCE_S))
    assert all(alive(number) for number in numbers)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await gone(*numbers)


async def test_nothing_leaks_over_many_lives(make_pool, function):
    pool = await make_pool(2)
    await pool.invoke(function(ECHO), b"1")
    before = len(os.listdir("/proc/self/fd"))
    crash = "import os\ndef handler(event, context): os._exit(1)"
    await invoke_all(pool, [function(crash, name=f"n{n % 4}") for n in range(40)])
    assert (await pool.invoke(function(ECHO), b"1")).ok
    assert len(os.listdir("/proc/self/fd")) == before
    zygote = children().pop()
    assert len(os.listdir(f"/proc/{zygote}/fd")) <= 8
    assert len(children(zygote)) == 1


async def test_idle_zygotes_of_preloading_functions_are_bounded(make_pool, function, tmp_path, monkeypatch):
    monkeypatch.setattr("runtime.workers.pool.MAX_ZYGOTES", 2)
    pool = await make_pool(1)
    for name in "abc":
        spec = function(ECHO, name=name, preload=("handler",))
        assert (await pool.invoke(spec, b"1")).ok
        assert pool.stats().zygotes == 2
    assert (await pool.invoke(function(ECHO, name="a", preload=("handler",)), b"1")).ok


async def test_a_pool_that_cannot_preload_does_not_start():
    pool = WorkerPool(1, preload=("nowhere_at_all",))
    with pytest.raises(PreloadError, match="nowhere_at_all"):
        await pool.start()
    assert children() == set()


@pytest.mark.parametrize(
    "settings", [{"max_workers": 0}, {"environment": {"A": "x" * 4096}}, {"preload": ("x" * 8193,)}]
)
def test_settings_are_checked(settings):
    with pytest.raises(InvalidParameterError) as caught:
        WorkerPool(**({"max_workers": 1} | settings))
    assert caught.value.field in settings


async def test_the_largest_order_is_one_message(make_pool, function):
    worst = "\x01" * 4094
    pool = await make_pool(environment={"AA": worst})
    spec = function("import os\ndef handler(event, context): return len(os.environ['BB'])", environment={"BB": worst})
    many = (*spec.paths, *(f"/{n:03}" + '"' * 156 for n in range(100)))
    assert (await pool.invoke(structs.replace(spec, paths=many), b"null")).payload == b"4094"


async def test_no_descriptors_left_is_an_error_of_that_invoke_only(pool, function, monkeypatch):
    def refuse():
        raise OSError(24, "Too many open files")

    spec = function(ECHO)
    with monkeypatch.context() as patch:
        patch.setattr("runtime.workers.process.os.pipe", refuse)
        with pytest.raises(OSError, match="Too many open files"):
            await pool.invoke(spec, b"1")
    assert (await pool.invoke(spec, b"1")).ok


async def test_stats(pool, function):
    spec, failing = function(ECHO), function("def handler(event, context): raise ValueError", name="bad")
    for _ in range(3):
        await pool.invoke(spec, b"1")
    await pool.invoke(failing, b"1")
    stats = pool.stats()
    sound, bad = stats.functions[spec.qualified_arn], stats.functions[failing.qualified_arn]
    assert (stats.workers, stats.waiting, stats.zygotes, stats.zygote_restarts) == (2, 0, 1, 0)
    assert (sound.invocations, sound.errors, sound.timeouts, sound.cold_starts, sound.idle) == (3, 0, 0, 1, 1)
    assert (bad.invocations, bad.errors) == (1, 1)
    assert sum(sound.duration_counts) == 3
    assert 0 < sound.duration_ms_max <= sound.duration_ms_total


async def test_events_are_whole_under_concurrency(make_pool, function):
    pool = await make_pool(2)
    specs = [function(ECHO, name=name) for name in "ab"]
    events = [json.dumps([n, "x" * (n * 1000)]).encode() for n in range(60)]
    outcomes = await asyncio.gather(*(pool.invoke(specs[n % 2], event) for n, event in enumerate(events)))
    assert [json.loads(outcome.payload) for outcome in outcomes] == [json.loads(event) for event in events]


async def test_kept_workers_outlast_their_rest(make_pool, function):
    pool = await make_pool(3, idle_timeout_s=0.05)
    spec = function(ECHO)
    pool.keep(spec, 2)
    await pool.warm(spec, 3)
    async with asyncio.timeout(PATIENCE_S):
        while pool.stats().workers != 2:
            await pool._change()
    assert pool._rest_timer is None  # nobody is left who rests against a clock
    pool.keep(spec, 0)
    async with asyncio.timeout(PATIENCE_S):
        while pool.stats().workers:
            await pool._change()
