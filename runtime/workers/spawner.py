"""The broker's handle of a zygote: starts it, orders workers from it, hears of their end and of its own."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from pathlib import Path
from typing import Protocol

import msgspec

from runtime.errors import FrameError
from runtime.model.sandbox import SandboxReport
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
from runtime.workers.process import Worker, WorkerState

STOP_S = 2.0  # how long a zygote may take to end its workers; AWS gives a function's shutdown the same
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH")


class SpawnerOwner(Protocol):
    """Who is told that a zygote has ended."""

    def spawner_lost(self, spawner: "Spawner") -> None: ...


class Spawner:
    """One zygote and the workers that came from it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, preparation: Preparation, owner: SpawnerOwner) -> None:
        self.preparation = preparation
        self.workers: dict[int, Worker] = {}
        self.ready: asyncio.Future[SandboxReport] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.unfit: bytes | None = None  # error payload: its modules could not be preloaded
        self._loop = loop
        self._owner = owner
        self._outbox: deque[tuple[bytes, tuple[int, ...]]] = deque()

    @property
    def pid(self) -> int:
        """Of the zygote."""
        return self._process.pid

    @property
    def was_ready(self) -> bool:
        """Whether it ever got as far as forking workers."""
        return self.ready.done() and not self.ready.cancelled() and self.ready.exception() is None

    def start(self) -> None:
        """Starts the interpreter; orders may be given at once, they wait in its socket. Raises `OSError`."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with theirs:
                self._process = _execute(theirs.fileno())
            self._pidfd = self._watch()
        except OSError:
            self._control.close()
            raise
        self._control.setblocking(False)
        self._loop.add_reader(self._control, self._receive)
        self._loop.add_reader(self._pidfd, self._end)
        self._send(Kind.PREPARE, None, msgspec.json.encode(self.preparation))

    def spawn(self, worker: Worker, order: Order, fds: tuple[int, ...]) -> None:
        """Orders a worker, and takes over `fds`; `worker.exited` is called in the end, whatever happens."""
        self.workers[worker.number] = worker
        self._send(Kind.SPAWN, WorkerHead(worker.number), msgspec.json.encode(order), fds)

    def kill(self, number: int) -> None:
        """Ends a worker and its process group; nothing happens if it has ended."""
        if number in self.workers:
            self._send(Kind.KILL, WorkerHead(number))

    def dismiss(self) -> None:
        """Asks the zygote to end its workers and itself; `ended` follows."""
        with contextlib.suppress(OSError):  # it has ended already: then `ended` is on its way
            self._control.shutdown(socket.SHUT_WR)

    async def stop(self) -> None:
        """Ends the zygote and all its workers: orderly within `STOP_S`, else at once."""
        self.dismiss()
        await asyncio.wait([self.ended], timeout=STOP_S)
        if not self.ended.done():
            self._process.kill()
            await self.ended

    def _watch(self) -> int:
        try:
            return os.pidfd_open(self._process.pid)
        except OSError:
            self._process.kill()
            self._process.wait()
            raise

    def _send(
        self, kind: Kind, head: msgspec.Struct | None = None, body: bytes = b"", fds: tuple[int, ...] = ()
    ) -> None:
        waiting = bool(self._outbox)
        self._outbox.append((encode(kind, head, len(body)) + body, fds))
        if not waiting:
            self._flush()
            if self._outbox:
                self._loop.add_writer(self._control, self._flush)

    def _flush(self) -> None:
        try:
            while self._outbox:
                message, fds = self._outbox[0]
                socket.send_fds(self._control, [message], fds)
                self._drop()
        except (BlockingIOError, InterruptedError):
            return
        except OSError:  # it has ended; `_end` is on its way, and tells the workers
            while self._outbox:
                self._drop()
        self._loop.remove_writer(self._control)

    def _drop(self) -> None:
        for fd in self._outbox.popleft()[1]:
            os.close(fd)

    def _receive(self) -> bool:
        try:
            message = self._control.recv(MAX_CONTROL_BYTES)
            if message:
                self._obey(decode_message(message))
        except (BlockingIOError, InterruptedError):
            return False
        except (ConnectionError, FrameError, msgspec.DecodeError):  # not the process we started: end it, `_end` follows
            self._process.kill()
            message = b""
        if not message:
            self._loop.remove_reader(self._control)
        return bool(message)

    def _obey(self, frame: Frame) -> None:
        if frame.kind == Kind.READY:
            self.ready.set_result(msgspec.json.decode(frame.body, type=SandboxReport))
        elif frame.kind == Kind.UNFIT:
            self.unfit = frame.body
        elif frame.kind == Kind.SPAWNED:
            spawned = msgspec.json.decode(frame.head, type=SpawnedHead)
            self.workers[spawned.worker].pid = spawned.pid
        elif frame.kind == Kind.REFUSED:
            refused = msgspec.json.decode(frame.head, type=WorkerHead)
            self.workers.pop(refused.worker).exited(1, 0, lost=True)
        elif frame.kind == Kind.EXITED:
            exited = msgspec.json.decode(frame.head, type=ExitedHead)
            self.workers.pop(exited.worker).exited(
                exited.exit_code, exited.max_rss_kb, out_of_memory=exited.out_of_memory
            )

    def _end(self) -> None:
        """The zygote has ended: what it had still reported counts, then its workers are gone with it."""
        self._loop.remove_reader(self._pidfd)
        while self._receive():
            pass
        self._process.wait()
        self._close()
        if not self.ready.done():
            self.ready.cancel()
        self.ended.set_result(None)
        self._owner.spawner_lost(self)
        while self.workers:
            _, worker = self.workers.popitem()
            _kill_group(worker)
            worker.exited(-signal.SIGKILL, 0, lost=True)

    def _close(self) -> None:
        while self._outbox:
            self._drop()
        self._loop.remove_reader(self._control)
        self._loop.remove_writer(self._control)
        self._control.close()
        os.close(self._pidfd)


def _kill_group(worker: Worker) -> None:
    """After the zygote's death: the worker has died with it, what it had started may not have.

    A group's number is not given to a new process while the group has members, so this meets them or nobody.
    """
    if worker.pid is not None and worker.state is not WorkerState.DEAD:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)


def _execute(control_fd: int) -> subprocess.Popen[bytes]:
    """A new program, never a fork of the broker: an LMDB environment and a running loop must not be inherited."""
    root = str(Path(__file__).resolve().parents[2])
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    environment |= {"LANG": "en_US.UTF-8", "PYTHONPATH": root}
    # -P: the folder the broker was started in is no place to import from. -X utf8: the same text everywhere.
    command = [sys.executable, "-P", "-X", "utf8", "-m", "runtime.workers.zygote", str(control_fd), str(os.getpid())]
    return subprocess.Popen(
        command,
        env=environment,
        pass_fds=(control_fd,),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,  # the terminal's interrupt is the broker's to answer
    )
