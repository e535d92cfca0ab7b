"""Checksums of contents: the algorithms that S3 knows beside MD5, and how those of parts become one of the whole.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, Final, Protocol

import anycrc

from runtime.model.s3.errors import S3Error, invalid

#: What may be asked for, in AWS's order, with the bytes of each.
ALGORITHMS: Final[dict[str, int]] = {"CRC32": 4, "CRC32C": 4, "SHA1": 20, "SHA256": 32, "CRC64NVME": 8}
COMPOSITE: Final = "COMPOSITE"
FULL_OBJECT: Final = "FULL_OBJECT"
_POLYNOMIALS: Final = {"CRC32": 0xEDB88320, "CRC32C": 0x82F63B78, "CRC64NVME": 0x9A6C9329AC4BC9B5}


class Summing(Protocol):
    def update(self, data: bytes) -> None: ...

    def digest(self) -> bytes: ...


class _Crc32:
    def __init__(self) -> None:
        self._value = 0

    def update(self, data: bytes) -> None:
        self._value = zlib.crc32(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(4, "big")


@cache
def _model(name: str) -> Any:
    return anycrc.Model(name)


class _Crc:
    """CRCs that the standard library has not."""

    def __init__(self, name: str, size: int) -> None:
        self._model = _model(name)
        self._size = size
        self._value: int | None = None

    def update(self, data: bytes) -> None:
        self._value = self._model.calc(data) if self._value is None else self._model.calc(data, self._value)

    def digest(self) -> bytes:
        return int(self._value or 0).to_bytes(self._size, "big")


def summing(algorithm: str) -> Summing:
    """Something that sums up what it is fed."""
    match algorithm:
        case "CRC32":
            return _Crc32()
        case "CRC32C":
            return _Crc("CRC32C", 4)
        case "CRC64NVME":
            return _Crc("CRC64-NVME", 8)
    return hashlib.new(algorithm.lower(), usedforsecurity=False)


def checksum_of(algorithm: str, data: bytes) -> str:
    """Base64."""
    sums = summing(algorithm)
    sums.update(data)
    return b64encode(sums.digest()).decode()


def header_name(algorithm: str) -> str:
    return f"x-amz-checksum-{algorithm.lower()}"


def check_algorithm(name: str) -> str:
    """Raises S3Error: InvalidRequest."""
    upper = name.upper()
    if upper not in ALGORITHMS:
        raise S3Error(
            "InvalidRequest",
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
        )
    return upper


def given_in(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """(algorithm, base64) of the checksum among headers. Raises S3Error: InvalidRequest when there are several, or when
    it has not the bytes of its algorithm."""
    found = [(name, headers[header_name(name)].strip()) for name in ALGORITHMS if header_name(name) in headers]
    if len(found) > 1:
        raise S3Error(
            "InvalidRequest", "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
        )
    if not found:
        return None
    algorithm, value = found[0]
    raw = value.partition("-")[0]
    try:
        size = len(b64decode(raw, validate=True))
    except ValueError:
        size = -1
    if size != ALGORITHMS[algorithm]:
        raise S3Error("InvalidRequest", f"Value for {header_name(algorithm)} header is invalid.")
    return algorithm, value


def check_type(algorithm: str, type_: str) -> str:
    """The checksum type of a multipart upload, with S3's defaults. Raises S3Error: InvalidRequest."""
    if not type_:
        return FULL_OBJECT if algorithm == "CRC64NVME" else COMPOSITE
    if type_ not in (COMPOSITE, FULL_OBJECT):
        raise invalid("x-amz-checksum-type", type_, "Value for x-amz-checksum-type header is invalid.")
    fits = algorithm != "CRC64NVME" if type_ == COMPOSITE else algorithm in _POLYNOMIALS
    if not fits:
        raise S3Error(
            "InvalidRequest",
            f"The {type_} checksum type cannot be used with the {algorithm.lower()} checksum algorithm.",
        )
    return type_


def combined(algorithm: str, type_: str, parts: Iterable[tuple[str, int]]) -> str:
    """The checksum of a multipart object from those of its parts, (base64, bytes) each."""
    known = [(b64decode(checksum), size) for checksum, size in parts]
    if type_ == COMPOSITE:
        whole = b"".join(raw for raw, _ in known)
        return f"{checksum_of(algorithm, whole)}-{len(known)}"
    width = ALGORITHMS[algorithm]
    value = 0
    for raw, size in known:
        value = _crc_joined(value, int.from_bytes(raw, "big"), size, _POLYNOMIALS[algorithm], width * 8)
    return b64encode(value.to_bytes(width, "big")).decode()


def _crc_joined(first: int, second: int, second_bytes: int, polynomial: int, bits: int) -> int:
    """The CRC of two pieces in a row (as zlib's crc32_combine)."""
    return _times(_zeros(second_bytes, polynomial, bits), first) ^ second


@lru_cache(maxsize=64)
def _zeros(count: int, polynomial: int, bits: int) -> list[int]:
    """The matrix that appends so many zero bytes to what a CRC was made of. Most parts of an upload have one size."""
    result = [1 << i for i in range(bits)]
    power = [polynomial, *(1 << i for i in range(bits - 1))]  # a zero bit
    for _ in range(3):
        power = _squared(power)
    while count:
        if count & 1:
            result = [_times(power, row) for row in result]
        power = _squared(power)
        count >>= 1
    return result


def _times(matrix: list[int], vector: int) -> int:
    total = 0
    for row in matrix:
        if not vector:
            break
        if vector & 1:
            total ^= row
        vector >>= 1
    return total


def _squared(matrix: list[int]) -> list[int]:
    return [_times(matrix, row) for row in matrix]
