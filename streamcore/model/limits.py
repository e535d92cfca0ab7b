"""Amazon's limits, with where each comes from. Sizes in bytes, times in the unit of the suffix."""

from __future__ import annotations

from typing import Final

KIB: Final = 1024
MIB: Final = 1024 * 1024

# Kinesis developer guide, "Quotas and limits"; botocore kinesis/2013-12-02.
SHARD_WRITE_BYTES_PER_S: Final = 1 * MIB
SHARD_WRITE_RECORDS_PER_S: Final = 1000
SHARD_READ_BYTES_PER_S: Final = 2 * MIB
SHARD_READS_PER_S: Final = 5

PARTITION_KEY_MAX_CHARS: Final = 256
RECORD_MAX_BYTES_DEFAULT: Final = 1 * MIB
RECORD_MAX_BYTES_TOP: Final = 10 * MIB
PUT_RECORDS_MAX_ENTRIES: Final = 500
PUT_RECORDS_MAX_BYTES: Final = 10 * MIB
GET_RECORDS_MAX_ENTRIES: Final = 10_000
GET_RECORDS_MAX_BYTES: Final = 10 * MIB

ITERATOR_LIFETIME_MS: Final = 300_000
TOKEN_LIFETIME_MS: Final = 300_000

RETENTION_DEFAULT_HOURS: Final = 24
RETENTION_MIN_HOURS: Final = 24
RETENTION_MAX_HOURS: Final = 8760

STREAM_NAME_PATTERN: Final = r"[a-zA-Z0-9_.-]{1,128}"
SHARDS_MAX_PER_STREAM: Final = 10_000

# Ours: the native API's bounds.
NATIVE_PUT_MAX_ENTRIES: Final = 10_000
NATIVE_PUT_MAX_BYTES: Final = 10 * MIB
PRODUCER_ID_MAX_BYTES: Final = 64
PRODUCER_WINDOW: Final = 64
CONSUMER_NAME_MAX_BYTES: Final = 128
#: LMDB's bound on keys.
ROW_KEY_MAX_BYTES: Final = 511
