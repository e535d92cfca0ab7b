"""How the two actions about account settings tell the commitment."""

from __future__ import annotations

from streamcore.api.aws.service import Call
from streamcore.api.aws.shapes import Shape, Timestamp
from streamcore.model.account import Commitment, CommitmentStatus


class MinimumThroughputBillingCommitmentOutput(Shape, frozen=True, kw_only=True):
    status: CommitmentStatus
    started_at: Timestamp | None = None
    ended_at: Timestamp | None = None
    earliest_allowed_end_at: Timestamp | None = None


class AccountSettingsOutput(Shape, frozen=True, kw_only=True):
    minimum_throughput_billing_commitment: MinimumThroughputBillingCommitmentOutput


def settings_output(call: Call, commitment: Commitment) -> AccountSettingsOutput:
    return AccountSettingsOutput(
        minimum_throughput_billing_commitment=MinimumThroughputBillingCommitmentOutput(
            status=commitment.status(call.broker.clock.now_ms()),
            started_at=_time(commitment.started_ms),
            ended_at=_time(commitment.ended_ms),
            earliest_allowed_end_at=_time(commitment.earliest_end_ms),
        )
    )


def _time(at_ms: int | None) -> Timestamp | None:
    return None if at_ms is None else Timestamp(at_ms)
