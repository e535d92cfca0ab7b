"""Output, which comes in pieces of any size, as log events.

AWS makes an event of each line that a process writes to its plain output, with the line's end; only the runtimes'
framed protocol keeps several lines together, and a worker's pipe does not have it. So here an event is a line.
"""

from __future__ import annotations

from runtime.model.log_lines import EVENT_MAX_BYTES


class LineSplitter:
    """Cuts one stream of output into lines; a line that is not complete waits for its end, or for `flush`."""

    __slots__ = ("_kept", "_limit_bytes")

    def __init__(self, limit_bytes: int = EVENT_MAX_BYTES) -> None:
        self._kept = b""
        self._limit_bytes = limit_bytes

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._kept

    def feed(self, data: bytes) -> list[str]:
        """The lines that are complete now, their ends included; what is no UTF-8 is replaced by U+FFFD."""
        *lines, rest = (self._kept + data).split(b"\n")
        events = [text for line in lines for text in self._texts(line + b"\n")]
        while len(rest) >= self._limit_bytes:
            piece, rest = self._cut(rest)
            events += self._texts(piece)
        self._kept = rest
        return events

    def flush(self) -> list[str]:
        """What waits, as it is; nothing comes after it."""
        rest, self._kept = self._kept, b""
        return self._texts(rest) if rest else []

    def _texts(self, line: bytes) -> list[str]:
        texts = []
        if len(line) * 3 > self._limit_bytes:
            line = _text(line).encode()  # what is replaced has three bytes
        while len(line) > self._limit_bytes:
            piece, line = self._cut(line)
            texts.append(_text(piece))
        return [*texts, _text(line)]

    def _cut(self, line: bytes) -> tuple[bytes, bytes]:
        """At the limit, but not inside a character: its following bytes are 10xxxxxx."""
        at = self._limit_bytes
        while at > self._limit_bytes - 4 and line[at : at + 1] and line[at] & 0xC0 == 0x80:
            at -= 1
        return line[:at], line[at:]


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")
