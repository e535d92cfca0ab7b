"""What the actions about stages and deployments share."""

from __future__ import annotations

from runtime.model.apigateway.values import Stage


def new_stage(name: str, deployment_id: str, now: float) -> Stage:
    """One that nothing is said of yet."""
    return Stage(
        deployment_id=deployment_id,
        stage_name=name,
        cache_cluster_enabled=False,
        cache_cluster_status="NOT_AVAILABLE",
        method_settings={},
        tracing_enabled=False,
        created_date=now,
        last_updated_date=now,
    )
