"""The process that workers are forked from: one interpreter, started once, that never runs a handler.

`python -m runtime.workers.zygote FD PID`: FD is the control socket, PID the broker's process. It holds no thread, no
loop and no broker state, so that forking it is safe and cheap. It ends with the broker, and its workers with it.
"""

import gc
import importlib
import os
import select
import shutil
import signal
import socket
import sys

import msgspec

from runtime.model.function import FunctionSpec
from runtime.sandbox.cgroups import Group
from runtime.sandbox.detect import Sandbox, SandboxError, own_tmp
from runtime.workers import child, handler, linux, orphans
from runtime.workers.frames import (
    MAX_CONTROL_BYTES,
    ExitedHead,
    Frame,
    Kind,
    Order,
    Preparation,
    SpawnedHead,
    WorkerHead,
    decode_message,
    encode,
)

_worker_heads = msgspec.json.Decoder(WorkerHead)


class Child:
    """A worker as its parent knows it."""

    def __init__(
        self, worker: int, pid: int, pidfd: int, log_stream: str, group: Group | None, tmp: str | None
    ) -> None:
        self.worker = worker
        self.pid = pid
        self.pidfd = pidfd
        self.log_stream = log_stream
        self.group = group
        self.tmp = tmp

    def kill(self) -> None:
        """Ends the worker and its process group. Until it is reaped its number cannot mean another process."""
        os.kill(self.pid, signal.SIGKILL)
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it had not become a group yet, or its group is gone


class Zygote:
    """Forks workers on request, and reports their end."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._poller = select.poll()
        self._poller.register(control, select.POLLIN)
        self._signals, self._signalled = socket.socketpair()
        self._signalled.setblocking(False)
        self._poller.register(self._signals, select.POLLIN)
        self._children: dict[int, Child] = {}  # by pidfd
        self._base_path = list(sys.path)
        self._shared: frozenset[str] = frozenset()  # packages that preloading has brought in

    def prepare(self) -> bool:
        """Imports what the workers will share; false if that failed, which has been reported then."""
        message = self._control.recv(MAX_CONTROL_BYTES)
        if not message:
            return False
        preparation = msgspec.json.decode(decode_message(message).body, type=Preparation)
        try:
            self._sandbox = Sandbox(preparation.sandbox)
        except SandboxError as error:
            self._send(Kind.UNFIT, body=handler.report(handler.FaultError("Runtime.SandboxError", str(error))))
            return False
        _hide()
        # From here on, and in the workers: the code's folder belongs to its author, several processes read it at once,
        # and a cached file of the same second and size would hide an edit.
        sys.dont_write_bytecode = True
        sys.path[:0] = preparation.paths
        before = _packages()
        try:
            for module in preparation.preload:
                importlib.import_module(module)
            self._shared = _packages() - before - sys.stdlib_module_names
            if len(os.listdir("/proc/self/task")) > 1:
                raise RuntimeError("a preloaded module has started a thread; threads do not survive a fork")
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever an import raises is the answer
            self._send(Kind.UNFIT, body=_unfit(error))
            self._close_groups()
            return False
        gc.collect()
        gc.freeze()  # what is shared stays shared: the collector of a worker writes to none of these pages
        self._send(Kind.READY, body=msgspec.json.encode(self._sandbox.report))
        return True

    def run(self) -> None:
        """Serves until the broker closes the control socket, or is dead; then ends what is left.

        The signal that tells of the broker's death is heard in the loop: raised at any other place it could cut the
        end short, and leave behind what the workers had started.
        """
        signal.signal(signal.SIGTERM, lambda number, frame: None)
        signal.set_wakeup_fd(self._signalled.fileno())
        try:
            while self._serve():
                pass
        finally:
            self._end()

    def _serve(self) -> bool:
        ready = {fd for fd, _ in self._poller.poll()}
        for fd in ready & self._children.keys():
            self._bury(self._children.pop(fd))
        if self._signals.fileno() in ready:
            return False
        return self._control.fileno() not in ready or self._hear()

    def _hear(self) -> bool:
        message, fds, _, _ = socket.recv_fds(self._control, MAX_CONTROL_BYTES, 2, socket.MSG_CMSG_CLOEXEC)
        if message:
            self._obey(decode_message(message), fds)
        return bool(message)

    def _obey(self, frame: Frame, fds: list[int]) -> None:
        worker = _worker_heads.decode(frame.head).worker
        if frame.kind == Kind.SPAWN:
            self._spawn(worker, msgspec.json.decode(frame.body, type=Order), fds)
        else:
            for one in self._children.values():
                if one.worker == worker:
                    one.kill()

    def _spawn(self, worker: int, order: Order, fds: list[int]) -> None:
        *sockets, output_fd = fds
        zygote_pid, group, tmp, group_fds = os.getpid(), None, None, []
        try:
            group = self._group(worker, order.spec)
            group_fds = group.open() if group is not None else []
            tmp = self._own_tmp(order.spec)
            pid = os.fork()
        except OSError as error:  # no memory, too many processes: the pool tries again or gives up
            sys.stderr.write(f"streamcore: cannot fork a worker: {error}\n")
            _clear(group, tmp)
            self._send(Kind.REFUSED, WorkerHead(worker))
            return
        if pid == 0:
            self._forget()
            sandbox = self._sandbox
            given = child.Setting(
                output_fd, self._base_path, self._shared, zygote_pid, sandbox.settings, sandbox.report, group_fds, tmp
            )
            child.main(socket.socket(fileno=sockets[0]) if sockets else None, order, given)
        for fd in (*fds, *group_fds):
            os.close(fd)
        self._adopt(Child(worker, pid, os.pidfd_open(pid), order.log_stream, group, tmp))

    def _group(self, worker: int, spec: FunctionSpec) -> Group | None:
        """A cgroup of its own. What is written to a /tmp in memory counts as memory, so there is room for it."""
        if self._sandbox.cgroups is None:
            return None
        tmp_mb = spec.tmp_mb if spec.runtime and self._sandbox.report.namespaces else 0
        return self._sandbox.cgroups.create(str(worker), spec.memory_mb, spec.memory_mb + tmp_mb)

    def _own_tmp(self, spec: FunctionSpec) -> str | None:
        """A folder in place of /tmp, for a function that cannot have a file system of its own."""
        if not spec.runtime or self._sandbox.report.namespaces:
            return None
        return own_tmp()

    def _adopt(self, one: Child) -> None:
        self._children[one.pidfd] = one
        self._poller.register(one.pidfd, select.POLLIN)
        self._send(Kind.SPAWNED, SpawnedHead(one.worker, one.pid))

    def _forget(self) -> None:
        """In the fork: lets go of what belongs to the zygote, so that its end and its siblings' stay theirs."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for sock in (self._control, self._signals, self._signalled):
            sock.close()
        for pidfd in self._children:
            os.close(pidfd)

    def _bury(self, one: Child) -> None:
        """Reaps a worker that has ended. Its group is killed first, while the number is still its own."""
        self._poller.unregister(one.pidfd)
        os.waitid(os.P_PIDFD, one.pidfd, os.WEXITED | os.WNOWAIT)
        one.kill()
        home = orphans.home_of(one.pid)
        _, status, usage = os.wait4(one.pid, 0)
        os.close(one.pidfd)
        if one.group is not None:
            orphans.end_group(one.group)
        orphans.end({other.pid for other in self._children.values()}, one.log_stream, home)
        out_of_memory = one.group is not None and one.group.out_of_memory()
        _clear(one.group, one.tmp)
        code = os.waitstatus_to_exitcode(status)
        self._send(Kind.EXITED, ExitedHead(one.worker, code, usage.ru_maxrss, out_of_memory))

    def _end(self) -> None:
        for one in self._children.values():
            one.kill()
        while self._children:
            self._bury(self._children.popitem()[1])
        orphans.end(set(), None)
        self._close_groups()

    def _close_groups(self) -> None:
        if self._sandbox.cgroups is not None:
            self._sandbox.cgroups.close()

    def _send(self, kind: Kind, head: msgspec.Struct | None = None, body: bytes = b"") -> None:
        try:
            self._control.sendall(encode(kind, head, len(body)) + body)
        except BrokenPipeError:
            pass  # the broker is gone: the next read says so, and everything ends


def _clear(group: Group | None, tmp: str | None) -> None:
    """Removes what a sandbox leaves behind; its processes have ended."""
    if group is not None:
        group.remove()
    if tmp is not None:
        shutil.rmtree(tmp, ignore_errors=True)


def _hide() -> None:
    """A function may have a package called "runtime" of its own: ours, loaded as far as it is needed, steps aside."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "runtime"]:
        del sys.modules[name]


def _packages() -> frozenset[str]:
    """The top-level names of what is imported."""
    return frozenset(name.partition(".")[0] for name in sys.modules)


def _unfit(error: BaseException) -> bytes:
    if isinstance(error, ImportError):
        return handler.report(handler.FaultError("Runtime.ImportModuleError", f"Unable to preload: {error}"))
    return handler.report(error)


def main() -> None:
    """Entry point; see the module's text."""
    control_fd, broker_pid = int(sys.argv[1]), int(sys.argv[2])
    # Deadly while modules are being imported, orderly afterwards: then `run` ends the workers' groups too.
    linux.die_with_parent(broker_pid, signal.SIGTERM)
    linux.adopt_orphans()
    os.set_inheritable(control_fd, False)
    zygote = Zygote(socket.socket(fileno=control_fd))
    if zygote.prepare():
        zygote.run()


if __name__ == "__main__":
    main()
