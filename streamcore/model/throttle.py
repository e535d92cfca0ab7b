"""Per-shard limits as token buckets with debt.

A bucket holds one second's worth of tokens. It is refilled in whole-second steps counted from the first use after it
was full, so a shard under overload passes exactly its rate in every second, from the first second on; a bucket that
trickled would pass its burst on top. A take is allowed while any token is left and may leave a debt, which later
seconds pay: record sizes do not add up to whole seconds, and a read knows its size only afterwards (AWS: a read of
10 MiB blocks the shard's reads for five seconds).
"""

from __future__ import annotations

from math import ceil

from streamcore.model import limits


class Bucket:
    """One limit: `rate` tokens per second. `now` is monotonic, in seconds."""

    __slots__ = ("_refill_at", "rate", "tokens")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.tokens = rate
        self._refill_at = 0.0

    def refill(self, now: float) -> None:
        """Adds what the seconds since the last refill gave."""
        if self.tokens == self.rate:
            self._refill_at = now + 1.0
        elif now >= self._refill_at:
            steps = int(now - self._refill_at) + 1
            was_full = self.tokens + (steps - 1) * self.rate >= self.rate  # a whole second ago already
            self.tokens = min(self.rate, self.tokens + steps * self.rate)
            self._refill_at = now + 1.0 if was_full else self._refill_at + steps

    def wait_s(self, now: float) -> float:
        """Seconds until a take is allowed again; 0.0 when it is allowed now."""
        self.refill(now)
        if self.tokens > 0:
            return 0.0
        seconds_short = -self.tokens // self.rate  # whole refills needed beyond the next one
        return self._refill_at - now + seconds_short

    def __repr__(self) -> str:
        return f"<Bucket {self.tokens}/{self.rate}>"


class WriteBudget:
    """1 MiB/s and 1,000 records/s into a shard; a record's size is its data and its key in UTF-8."""

    __slots__ = ("bytes", "records")

    def __init__(
        self,
        bytes_per_s: int = limits.SHARD_WRITE_BYTES_PER_S,
        records_per_s: int = limits.SHARD_WRITE_RECORDS_PER_S,
    ) -> None:
        self.bytes = Bucket(bytes_per_s)
        self.records = Bucket(records_per_s)

    def take(self, sizes: list[int], now: float) -> list[bool] | None:
        """Takes the records of one request, in order: which pass, or None when all do."""
        self.bytes.refill(now)
        self.records.refill(now)
        total = sum(sizes)
        if len(sizes) <= self.records.tokens and total <= self.bytes.tokens:
            self.records.tokens -= len(sizes)
            self.bytes.tokens -= total
            return None
        passed = [self._take_one(size) for size in sizes]
        return None if all(passed) else passed

    def _take_one(self, size: int) -> bool:
        if self.records.tokens <= 0 or self.bytes.tokens <= 0:
            return False
        self.records.tokens -= 1
        self.bytes.tokens -= size
        return True


class ReadBudget:
    """2 MiB/s and 5 GetRecords calls per second out of a shard, shared by all its readers."""

    __slots__ = ("bytes", "calls")

    def __init__(
        self, bytes_per_s: int = limits.SHARD_READ_BYTES_PER_S, calls_per_s: int = limits.SHARD_READS_PER_S
    ) -> None:
        self.bytes = Bucket(bytes_per_s)
        self.calls = Bucket(calls_per_s)

    def wait_ms(self, now: float) -> int:
        """Milliseconds until a call may read."""
        return ceil(1000 * max(self.bytes.wait_s(now), self.calls.wait_s(now)))

    def take_call(self, now: float) -> bool:
        """Whether a call may read now. A refused call takes nothing and returns no data."""
        self.bytes.refill(now)
        self.calls.refill(now)
        if self.calls.tokens <= 0 or self.bytes.tokens <= 0:
            return False
        self.calls.tokens -= 1
        return True

    def charge(self, size_bytes: int) -> None:
        """What the call returned; may leave a debt."""
        self.bytes.tokens -= size_bytes
