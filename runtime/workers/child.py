"""A worker process, from the fork to its end: runs one function, one event at a time, until its socket closes."""

import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from typing import NoReturn

import msgspec

from runtime.workers import linux, logs
from runtime.workers.frames import READ_BYTES, AnswerHead, Decoder, Frame, InvokeHead, Kind, Order, encode
from runtime.workers.handler import Function, report

MAX_OPEN_FILES = 1024  # AWS Lambda quota: file descriptors
THREAD_STACK_BYTES = 2 * 1024 * 1024  # stacks count as memory when reserved; the usual 8 MiB would leave few threads
KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LANG")

_invoke_heads = msgspec.json.Decoder(InvokeHead)


def main(connection: socket.socket, output_fd: int, order: Order, base_path: list[str], zygote_pid: int) -> NoReturn:
    """Never returns: the process ends here, with 0 when the broker has no more events for it."""
    code = 1
    try:
        _confine(order, output_fd, zygote_pid)
        _furnish(order, base_path)
        code = _live(connection, order)
    except SystemExit as end:
        code = _exit_code(end)
    except BaseException:  # noqa: BLE001 - the process ends either way; its log, or the broker's, says why
        traceback.print_exc()
    finally:
        _flush()
        # Not sys.exit: what the zygote has registered for its own end must not run here.
        os._exit(code)


def _confine(order: Order, output_fd: int, zygote_pid: int) -> None:
    os.setsid()
    linux.die_with_parent(zygote_pid, signal.SIGKILL)
    linux.renounce_privileges()
    null_fd = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((null_fd, 0), (output_fd, 1), (output_fd, 2)):
        os.dup2(source, target)
    os.close(null_fd)
    os.close(output_fd)
    memory_bytes = order.spec.memory_mb * 1024 * 1024
    # DATA, not AS: address space that is only reserved (allocator arenas, mapped libraries) is not memory used.
    for limit, value in ((resource.RLIMIT_DATA, memory_bytes), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (value, value))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = MAX_OPEN_FILES if most == resource.RLIM_INFINITY else min(MAX_OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))


def _furnish(order: Order, base_path: list[str]) -> None:
    """Environment, folder, streams and import path, as a handler finds them."""
    variables = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    os.environ.clear()
    os.environ.update(variables | order.variables | _variables(order) | order.spec.environment)
    time.tzset()
    threading.stack_size(THREAD_STACK_BYTES)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a TextIOWrapper, in a fresh interpreter
    sys.stderr.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # the same
    paths = order.spec.paths
    if paths and os.path.isdir(paths[0]):
        os.chdir(paths[0])
    sys.path[:] = [*paths, *base_path]
    for path in paths:  # what the zygote has seen in a folder may have changed since
        sys.path_importer_cache.pop(path, None)


def _variables(order: Order) -> dict[str, str]:
    """AWS developer guide, "defined runtime environment variables"; no credentials: those are the pool's to give."""
    spec = order.spec
    return {
        "_HANDLER": spec.handler,
        "AWS_DEFAULT_REGION": spec.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
        "AWS_LAMBDA_FUNCTION_NAME": spec.name,
        "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": order.log_stream,
        "AWS_REGION": spec.region,
        "LAMBDA_RUNTIME_DIR": os.path.dirname(__file__),
        "LAMBDA_TASK_ROOT": spec.paths[0] if spec.paths else os.getcwd(),
        "TZ": ":UTC",
    }


def _live(connection: socket.socket, order: Order) -> int:
    requests = logs.install()
    try:
        function = Function(order)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a module raises on import is the answer
        _send(connection, Kind.INIT_FAILED, None, report(error))
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
