"""How large records and puts may be, and what a put with `DryRun` looks at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec

from streamcore.api.aws.errors import AwsError
from streamcore.api.aws.kinesis.shapes import dry_run
from streamcore.api.aws.validation import violation, violations
from streamcore.errors import InvalidArgument, StreamNotActive
from streamcore.model import limits
from streamcore.model.hashing import parse_hash_key
from streamcore.model.stream import SERVING, StreamInfo

Data = Annotated[bytes, msgspec.Meta(min_length=0, max_length=limits.RECORD_MAX_BYTES_TOP)]


def oversized(stream: StreamInfo, datas: Sequence[bytes], path: str) -> AwsError:
    """The ValidationException for the records beyond the stream's own limit; `path` may hold a `{}` for the position.

    Real Kinesis reports this limit as if it were a constraint of the shape.
    """
    limit = stream.max_record_bytes
    return violations(
        [
            violation(
                f"'java.nio.HeapByteBuffer[pos=0 lim={len(data)} cap={len(data)}]'",
                path.format(position),
                f"Member must have length less than or equal to {limit}",
            )
            for position, data in enumerate(datas, 1)
            if len(data) > limit
        ][:10]
    )


def check_request_size(datas: Sequence[bytes], keys: Sequence[str]) -> None:
    """The records of one request, with their keys in UTF-8, have 10 MiB together (API reference of PutRecords)."""
    if sum(map(len, datas)) + len("".join(keys).encode()) > limits.PUT_RECORDS_MAX_BYTES:
        raise InvalidArgument(f"Records size exceeds {limits.PUT_RECORDS_MAX_BYTES // limits.MIB} MB limit")


def rehearse(stream: StreamInfo, datas: Sequence[bytes], hash_keys: Iterable[str | None], path: str) -> None:
    """Raises what the put would raise, else that the rehearsal went well."""
    if stream.status not in SERVING:
        raise StreamNotActive(stream=stream.name, account=stream.account, status=stream.status)
    if max(map(len, datas)) > stream.max_record_bytes:
        raise oversized(stream, datas, path)
    for hash_key in hash_keys:
        if hash_key is not None:
            parse_hash_key(hash_key)
    raise dry_run()
