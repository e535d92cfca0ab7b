"""A worker process, from the fork to its end: runs one function, one event at a time, until its socket closes."""

import _thread
import os
import resource
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from typing import NamedTuple, NoReturn

import msgspec

from runtime.model.sandbox import SandboxReport, SandboxSettings
from runtime.sandbox import box, cgroups
from runtime.sandbox.view import Roots
from runtime.workers import environment, linux, logs, program
from runtime.workers.frames import READ_BYTES, AnswerHead, Decoder, Frame, InvokeHead, Kind, Order, encode
from runtime.workers.handler import Function, report

THREAD_STACK_BYTES = 2 * 1024 * 1024  # stacks count as memory when reserved; the usual 8 MiB would leave few threads
PROGRAM_DATA_MB = 1024  # what another runtime may reserve beyond the function's memory, where no cgroup counts it

_invoke_heads = msgspec.json.Decoder(InvokeHead)


class Setting(NamedTuple):
    """What the zygote gives its worker."""

    output_fd: int
    base_path: list[str]
    shared: frozenset[str]
    zygote_pid: int
    sandbox: SandboxSettings
    report: SandboxReport
    group_fds: list[int]
    own_tmp: str | None


def main(connection: socket.socket | None, order: Order, setting: Setting) -> NoReturn:
    """Never returns: the process ends here, with 0 when the broker has no more events for it, or becomes a program."""
    code = 1
    try:
        _detach(setting)
        if connection is None:
            code = program.EXIT_NOT_RUN
            _become(order, setting)
        roots = _settle(order, setting, box.interpreter_folders)
        _furnish(order, roots, setting)
        _thread.start_new_thread(cgroups.join, (setting.group_fds,))
        code = _live(connection, order)
    except SystemExit as end:
        code = _exit_code(end)
    except BaseException:  # noqa: BLE001 - the process ends either way; its log, or the broker's, says why
        traceback.print_exc()
    finally:
        _flush()
        # Not sys.exit: what the zygote has registered for its own end must not run here.
        os._exit(code)


def _detach(setting: Setting) -> None:
    os.setsid()
    linux.die_with_parent(setting.zygote_pid, signal.SIGKILL)
    linux.renounce_privileges()
    null_fd = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null_fd, 0), (setting.output_fd, 1), (setting.output_fd, 2)):
        os.dup2(source, target)
    os.close(null_fd)
    os.close(setting.output_fd)


def _settle(order: Order, setting: Setting, folders: Callable[[], list[str]]) -> Roots:
    """Into the sandbox. A function without a `runtime` is code of this program: it sees what the program sees."""
    spec = order.spec
    if spec.runtime:
        roots = box.confine(spec, setting.sandbox, setting.report, folders(), setting.own_tmp)
        # A change of what a process may do makes the kernel forget whose death it wanted to hear of.
        linux.die_with_parent(setting.zygote_pid, signal.SIGKILL)
        if not setting.group_fds:
            box.share(spec.memory_mb)
    else:
        if spec.paths and os.path.isdir(spec.paths[0]):
            os.chdir(spec.paths[0])
        roots = Roots(spec.paths[0] if spec.paths else os.getcwd(), (), tempfile.gettempdir())
    own_interpreter = order.program is None
    data_mb = spec.memory_mb if own_interpreter else spec.memory_mb + PROGRAM_DATA_MB
    box.limit(data_mb if own_interpreter or not setting.group_fds else None)
    return roots


def _become(order: Order, setting: Setting) -> NoReturn:
    assert order.program is not None
    program.build(order.program)
    cgroups.join(setting.group_fds)
    command = order.program
    roots = _settle(order, setting, lambda: [*command.folders, os.path.dirname(command.argv[0])])
    program.run(command, roots, environment.variables(order, roots, os.path.dirname(command.argv[-1])))


def _furnish(order: Order, roots: Roots, setting: Setting) -> None:
    """Environment, streams and import path, as a handler finds them."""
    found = environment.variables(order, roots, os.path.dirname(__file__))
    os.environ.clear()
    os.environ.update(found)
    time.tzset()
    tempfile.tempdir = None  # the zygote's, remembered
    threading.stack_size(THREAD_STACK_BYTES)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a TextIOWrapper, in a fresh interpreter
    sys.stderr.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # the same
    paths, base_path = list(order.spec.paths), setting.base_path
    if order.spec.runtime:
        paths = environment.python_paths(roots)
        base_path = [path for path in base_path if path.startswith((sys.prefix, sys.base_prefix)) or _installed(path)]
        _prefer_own(paths, setting.shared)
    sys.path[:] = [*paths, *base_path]
    for path in paths:  # what the zygote has seen in a folder may have changed since
        sys.path_importer_cache.pop(path, None)


def _prefer_own(paths: list[str], shared: frozenset[str]) -> None:
    """A package that a function brings along is the one it gets, as on AWS: then nothing preloaded is kept, since what
    was preloaded goes together."""
    brought = {entry.partition(".")[0] for path in paths if os.path.isdir(path) for entry in os.listdir(path)}
    if not shared.isdisjoint(brought):
        for name in [name for name in sys.modules if name.partition(".")[0] in shared]:
            del sys.modules[name]


def _installed(path: str) -> bool:
    return path.endswith(("site-packages", "dist-packages"))


def _live(connection: socket.socket, order: Order) -> int:
    requests = logs.install(order.spec.logging)
    try:
        function = Function(order)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a module raises on import is the answer
        payload = report(error, log_format=order.spec.logging.format)
        _flush()
        _send(connection, Kind.INIT_FAILED, None, payload)
        return 1
    _flush()
    _send(connection, Kind.STARTED)
    decoder = Decoder()
    while data := connection.recv(READ_BYTES):
        for frame in decoder.feed(data):
            _serve(connection, function, frame, requests)
    return 0


def _serve(connection: socket.socket, function: Function, frame: Frame, requests: logs.RequestFilter) -> None:
    head = _invoke_heads.decode(frame.head)
    requests.request_id = head.request_id
    if head.trace_id is not None:
        os.environ["_X_AMZN_TRACE_ID"] = head.trace_id
    kind, payload = function.answer(head, frame.body)
    _flush()  # the output is in the pipe before the answer is: the broker reads it with the answer
    _send(connection, kind, AnswerHead(head.request_id, _max_rss_kb()), payload)


def _send(connection: socket.socket, kind: Kind, head: AnswerHead | None = None, body: bytes = b"") -> None:
    start = encode(kind, head, len(body))
    if len(body) < READ_BYTES:
        connection.sendall(start + body)
    else:
        connection.sendall(start)
        connection.sendall(body)


def _max_rss_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _exit_code(end: SystemExit) -> int:
    """What the interpreter makes of the argument of `sys.exit`."""
    if end.code is None:
        return 0
    if isinstance(end.code, int):
        return end.code & 0xFF
    sys.stderr.write(f"{end.code}\n")
    return 1


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass  # closed or replaced by the handler: there is nothing left to write to
