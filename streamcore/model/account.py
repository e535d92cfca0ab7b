"""Settings of an account in a region: the commitment that on-demand streams can be kept warm with.

DISABLED ──enable──▶ ENABLED ──disable, a day after──▶ DISABLED
                        └──disable before that──▶ ENABLED_UNTIL_EARLIEST_ALLOWED_END ──the day ends──▶ DISABLED
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

#: "A minimum duration of 24 hours" (API reference, MinimumThroughputBillingCommitmentOutput).
COMMITMENT_MIN_MS: Final = 24 * 3_600_000
#: On-demand streams of an account (API reference of DescribeLimits).
ON_DEMAND_STREAMS_MAX: Final = 50


class CommitmentStatus(StrEnum):
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"
    ENABLED_UNTIL_EARLIEST_ALLOWED_END = "ENABLED_UNTIL_EARLIEST_ALLOWED_END"


class Commitment(msgspec.Struct, frozen=True, omit_defaults=True):
    """MinimumThroughputBillingCommitment; nothing is billed, but warm throughput depends on it as on AWS."""

    started_ms: int | None = None
    ended_ms: int | None = None

    def status(self, now_ms: int) -> CommitmentStatus:
        if self.started_ms is None or (self.ended_ms is not None and self.ended_ms <= now_ms):
            return CommitmentStatus.DISABLED
        if self.ended_ms is not None:
            return CommitmentStatus.ENABLED_UNTIL_EARLIEST_ALLOWED_END
        return CommitmentStatus.ENABLED

    def is_in_force(self, now_ms: int) -> bool:
        return self.status(now_ms) is not CommitmentStatus.DISABLED

    @property
    def earliest_end_ms(self) -> int | None:
        return None if self.started_ms is None else self.started_ms + COMMITMENT_MIN_MS

    def enabled(self, now_ms: int) -> Commitment:
        """In force from now, or further on when it still is."""
        return msgspec.structs.replace(self, ended_ms=None) if self.is_in_force(now_ms) else Commitment(now_ms)

    def disabled(self, now_ms: int) -> Commitment:
        """Ends now, or when its first day is over."""
        if self.started_ms is None or self.ended_ms is not None:
            return self
        return msgspec.structs.replace(self, ended_ms=max(now_ms, self.started_ms + COMMITMENT_MIN_MS))
