"""The audit log: who did what with which resource, and by which statement; lines of JSON, bounded on the disk.

    {"time":"2024-01-31T12:00:00.000Z","principal":"arn:aws:iam::…:user/ann","access_key":"AKIA…","source":"10.0.0.7",
     "action":"kinesis:CreateStream","resource":"arn:…","allowed":true,"by":"identity-based policy … #1","request":"…"}

Secrets, tokens and payloads are not in it. What is refused is always there; what is allowed, for actions on data
(records, objects, invocations) only when the setting says so: that would be a line per record.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any, Final

import msgspec

from streamcore.clock import Clock, Timer

log = logging.getLogger(__name__)

#: Lines are written together, at the latest after this time, or when so many bytes wait.
FLUSH_AFTER_S: Final = 0.2
_HELD_MAX_BYTES: Final = 256 * 1024
_TEXT_MAX: Final = 1024


class AuditLog:
    """Appends to `path`; at `max_bytes` the file becomes `path.1`, that one `path.2`, up to `files` files in all."""

    def __init__(self, path: Path, clock: Clock, *, max_bytes: int, files: int) -> None:
        self._path = path
        self._clock = clock
        self._max_bytes = max_bytes
        self._files = files
        self._lines: list[bytes] = []
        self._held = 0
        self._timer: Timer | None = None
        self._encoder = msgspec.json.Encoder()
        self._failed = False
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._fd = self._open()

    def _open(self) -> int:
        fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self._size = os.fstat(fd).st_size
        return fd

    def write(self, entry: dict[str, Any]) -> None:
        """Takes one entry; long texts are cut."""
        cut = {key: value[:_TEXT_MAX] if isinstance(value, str) else value for key, value in entry.items()}
        line = self._encoder.encode(cut) + b"\n"
        self._lines.append(line)
        self._held += len(line)
        if self._held >= _HELD_MAX_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = self._clock.call_later(FLUSH_AFTER_S, self.flush)

    def flush(self) -> None:
        """Writes what waits. A disk that is full loses entries, and says so once in the program's log."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines, self._held = b"".join(self._lines), [], 0
        if not lines:
            return
        try:
            if self._size and self._size + len(lines) > self._max_bytes:
                self._rotate()
            self._size += os.write(self._fd, lines)
            self._failed = False
        except OSError as error:
            if not self._failed:
                log.error("the audit log cannot be written: %s: %s", self._path, error.strerror)
            self._failed = True

    def _rotate(self) -> None:
        os.close(self._fd)
        for number in range(self._files - 1, 0, -1):
            older = self._path.with_name(f"{self._path.name}.{number}")
            newer = self._path if number == 1 else self._path.with_name(f"{self._path.name}.{number - 1}")
            if newer.exists():
                newer.replace(older)
        if self._files == 1:
            self._path.unlink(missing_ok=True)
        self._fd = self._open()

    def close(self) -> None:
        self.flush()
        os.close(self._fd)
