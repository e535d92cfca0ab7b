"""What `streamcore serve` offers: services that come late are known by what their requests have."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from streamcore import services

#: (a service, what its requests are known by once it is loaded)
SERVICES: list[tuple[Callable[[Any], Any], Callable[[Any], set[str]]]] = [
    (services.lambda_, lambda bound: {a.template.split("/")[1] for a in bound.service.actions.values()}),
    (services.scheduler, lambda bound: {a.template.split("/")[1] for a in bound.service.actions.values()}),
    (
        services.api_gateway,
        lambda bound: {a.template.split("/")[1].partition("?")[0] for a in bound.service.actions.values()},
    ),
    (services.api_gateway_v2, lambda bound: {a.template.split("/")[1] for a in bound.service.actions.values()}),
    (services.logs, lambda service: {service.target_prefix}),
    (services.event_bridge, lambda service: {service.target_prefix}),
    (services.cloudwatch, lambda service: {service.target_prefix}),
    (services.cloudwatch_query, lambda service: {service.version}),
    (services.ec2, lambda service: {service.version}),
]


@pytest.mark.parametrize(("service", "known_by"), SERVICES, ids=[service.__name__ for service, _ in SERVICES])
def test_keys_are_those_of_the_service(service: Any, known_by: Any) -> None:
    deferred = service(Mock())
    assert set(deferred.keys) == known_by(deferred.load())


def test_the_largest_body_is_lambdas() -> None:
    actions = services.lambda_(Mock()).load().service.actions.values()
    assert max(action.body_max_bytes for action in actions) == services.LAMBDA_BODY_MAX_BYTES


def test_nothing_is_imported_before_it_is_asked_for() -> None:
    late = ["runtime.api.lambda_", "runtime.api.logs", "runtime.api.events", "runtime.api.scheduler"]
    late += ["runtime.api.cloudwatch", "runtime.api.s3.actions", "runtime.api.apigateway", "runtime.gateway.service"]
    late += ["runtime.sources.rest_api", "runtime.sources.schedule", "runtime.api.source_table"]
    late += ["runtime.api.apigatewayv2", "runtime.gateway.httpapi", "runtime.model.httpapi", "jwt", "regex"]
    program = f"import sys, streamcore.composition; print([name for name in {late} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.strip() == "[]"
