"""What a worker prints: read at once, remembered in its last 4 KiB, passed on within a budget, the rest counted."""

import asyncio
import fcntl
import os
from collections.abc import Callable

from runtime.model.invocation import LOG_TAIL_BYTES

READ_BYTES = 65_536


class Output:
    """The read end of a worker's output pipe. `emit` gets at most `budget_bytes` per invocation."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, fd: int, budget_bytes: int, emit: Callable[[bytes], None] | None
    ) -> None:
        os.set_blocking(fd, False)
        self._loop = loop
        self._fd = fd
        self._capacity_bytes = fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)
        self._budget_bytes = budget_bytes
        self._left_bytes = budget_bytes
        self._emit = emit
        self._tail = b""
        self.dropped_bytes = 0
        loop.add_reader(fd, self._read)

    def begin(self) -> None:
        """An invocation starts: what was printed before it does not count towards it."""
        self._left_bytes = self._budget_bytes

    def take_tail(self) -> bytes:
        """The end of what was printed since the last call, the pipe's content included.

        No more is read than a pipe holds: that was written before the answer, which is what counts, and a process
        that goes on printing cannot keep the broker here.
        """
        left = self._capacity_bytes
        while left > 0 and (size := self._read()):
            left -= size
        tail, self._tail = self._tail, b""
        return tail

    def close(self) -> None:
        """Lets go of the pipe."""
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _read(self) -> int:
        if self._fd < 0:
            return 0
        try:
            data = os.read(self._fd, READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return 0
        if data:
            self._keep(data)
        else:
            self.close()  # every writer has closed its end
        return len(data)

    def _keep(self, data: bytes) -> None:
        self._tail = (self._tail + data[-LOG_TAIL_BYTES:])[-LOG_TAIL_BYTES:]
        passed = data[: self._left_bytes]
        self._left_bytes -= len(passed)
        self.dropped_bytes += len(data) - len(passed)
        if passed and self._emit is not None:
            self._pass_on(passed)

    def _pass_on(self, data: bytes) -> None:
        assert self._emit is not None
        try:
            self._emit(data)
        except Exception as error:  # noqa: BLE001 - a failing log sink must not fail the invocation; the loop reports it
            self._loop.call_exception_handler({"message": "a sink for function output failed", "exception": error})
