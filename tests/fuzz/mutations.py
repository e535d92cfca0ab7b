# ruff: noqa: E501
"""Damaged inputs: what is good, with bytes changed, doubled, cut, or taken from another. The same seed, the same inputs."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

#: What parsers stumble over: ends, signs, numbers at their edges, quotes, escapes, other languages' brackets.
TOKENS = [
    b"", b"\0", b"\n", b"\r\n", b"\r\n\r\n", b'"', b"'", b"\\", b"{", b"}", b"[", b"]", b"(", b")", b"<", b">", b"&", b"%",
    b"%00", b"%ff", b"%", b"$", b"${", b"#", b"*", b"?", b"/", b"../", b"//", b":", b";", b",", b".", b"-", b"-1", b"0",
    b"00", b"1e999", b"-0.0", b"9" * 30, b"2147483648", b"18446744073709551616", b"NaN", b"null", b"true", b"[]", b"{}",
    b"\xff", b"\xc3", b"\xed\xa0\x80", "é".encode(), "\U0001f600".encode(), b"a" * 300, b"(a+)+$", b"[" * 200, b"{" * 200,
    b"Content-Length", b"Transfer-Encoding: chunked", b"__proto__", b"\\u0000", b"\\ud800", b"=", b"==", b"AAAA",
]  # fmt: skip


class Mutator:
    """Gives damaged descendants of `seeds` without end."""

    def __init__(self, seeds: Sequence[bytes], seed: int) -> None:
        self._random = random.Random(seed)
        self._seeds = list(seeds)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        data = bytearray(self._random.choice(self._seeds))
        for _ in range(self._random.choice((0, 1, 1, 1, 2, 3, 5, 8))):
            self._damage(data)
        return bytes(data[:200_000])

    def _damage(self, data: bytearray) -> None:
        chance = self._random
        at = chance.randint(0, len(data))
        end = min(len(data), at + chance.choice((1, 1, 2, 4, 16, 100)))
        match chance.randrange(8):
            case 0:
                data[at:end] = b""
            case 1:
                data[at:at] = chance.choice(TOKENS)
            case 2:
                data[at:end] = chance.choice(TOKENS)
            case 3:
                data[at:at] = data[at:end] * chance.choice((1, 2, 50))
            case 4:
                del data[at:]
            case 5:
                other = chance.choice(self._seeds)
                data[at:] = other[chance.randint(0, len(other)) :]
            case 6 if data:
                data[at - 1] ^= 1 << chance.randrange(8)
            case _ if data:
                data[at - 1] = chance.randrange(256)
