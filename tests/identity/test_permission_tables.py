"""Every action of every service that is offered has its permission."""

from __future__ import annotations

import inspect
from typing import Any
from unittest.mock import Mock

import pytest

from runtime.api.apigateway import APIGATEWAY
from runtime.api.apigateway.permissions import PERMISSIONS as FOR_APIGATEWAY
from runtime.api.apigatewayv2 import APIGATEWAYV2
from runtime.api.cloudwatch import CLOUDWATCH
from runtime.api.cloudwatch.permissions import PERMISSIONS as FOR_CLOUDWATCH
from runtime.api.ec2 import EC2
from runtime.api.ec2.permissions import PERMISSIONS as FOR_EC2
from runtime.api.events import EVENTS
from runtime.api.events.permissions import PERMISSIONS as FOR_EVENTS
from runtime.api.http_api_permissions import PERMISSIONS as FOR_HTTP_APIS
from runtime.api.lambda_ import LAMBDA
from runtime.api.lambda_.permissions import PERMISSIONS as FOR_LAMBDA
from runtime.api.logs import LOGS
from runtime.api.logs.permissions import PERMISSIONS as FOR_LOGS
from runtime.api.s3.actions import S3
from runtime.api.s3.permissions import PERMISSIONS as FOR_S3
from runtime.api.scheduler import SCHEDULER
from runtime.api.scheduler.permissions import PERMISSIONS as FOR_SCHEDULER
from runtime.api.sns import SNS
from runtime.api.sns.permissions import PERMISSIONS as FOR_SNS
from runtime.api.sqs import SQS
from runtime.api.sqs.permissions import PERMISSIONS as FOR_SQS
from streamcore import services
from streamcore.api.aws.iam import IAM
from streamcore.api.aws.iam.permissions import PERMISSIONS as FOR_IAM
from streamcore.api.aws.kinesis import KINESIS
from streamcore.api.aws.kinesis.permissions import PERMISSIONS as FOR_KINESIS
from streamcore.api.aws.permissions import Permissions
from streamcore.api.aws.service import Service
from streamcore.api.aws.sts import STS
from streamcore.api.aws.sts.permissions import PERMISSIONS as FOR_STS
from streamcore.identity.guard import Guard, Mode

TABLES: list[tuple[Any, Permissions]] = [
    (KINESIS, FOR_KINESIS),
    (LAMBDA, FOR_LAMBDA),
    (S3, FOR_S3),
    (LOGS, FOR_LOGS),
    (EVENTS, FOR_EVENTS),
    (SCHEDULER, FOR_SCHEDULER),
    (CLOUDWATCH, FOR_CLOUDWATCH),
    (APIGATEWAYV2, FOR_HTTP_APIS),
    (IAM, FOR_IAM),
    (STS, FOR_STS),
    (SQS, FOR_SQS),
    (SNS, FOR_SNS),
    (EC2, FOR_EC2),
    (APIGATEWAY, FOR_APIGATEWAY),
]


@pytest.mark.parametrize(("service", "permissions"), TABLES, ids=[service.name for service, _ in TABLES])
def test_a_table_has_the_services_actions_and_no_others(service: Any, permissions: Permissions) -> None:
    assert permissions.name == service.name
    assert set(permissions.table) | permissions.free == set(service.actions)
    assert not set(permissions.table) & permissions.free


@pytest.mark.parametrize(("service", "permissions"), TABLES, ids=[service.name for service, _ in TABLES])
def test_an_actions_permission_is_of_its_service(service: Any, permissions: Permissions) -> None:
    prefix = permissions.prefix or permissions.name
    for name, permission in permissions.table.items():
        assert permission.action.startswith(f"{prefix}:"), name


def test_every_table_is_used() -> None:
    """What `streamcore serve` puts before the doors."""
    parts = Mock()
    parts.identity.guard = Mock(spec=Guard, resources={}, mode=Mode.ENFORCE)
    access = services.access(parts)
    assert access is not None
    for service, permissions in TABLES:
        assert access.of(service.name) is permissions
    assert set(parts.identity.guard.resources) == {"execute-api", "kinesis", "lambda", "s3", "sns", "sqs"}
    assert access.of("unheard").of("DoIt").action == "unheard:DoIt"


def test_every_service_that_is_offered_has_a_table() -> None:
    """Also one that comes later: whatever `streamcore serve` puts behind its endpoint."""
    offered = {S3.name}
    for protocol in services.endpoint(Mock())._protocols:
        offered |= _offered(protocol)
    offered |= _offered(services.endpoint(Mock())._fallback)
    assert offered == {service.name for service, _ in TABLES}


def _offered(protocol: Any) -> set[str]:
    """The names of a protocol's services, loaded for that."""
    found = {service.name for service in vars(protocol).get("_services", ()) if isinstance(service, Service)}
    for waiting in protocol._waiting._services.values():
        for deferred in waiting:
            loaded = deferred.load()
            found.add((loaded if isinstance(loaded, Service) else loaded.service).name)
    return found


@pytest.mark.parametrize(("service", "permissions"), TABLES, ids=[service.name for service, _ in TABLES])
def test_resources_are_found_from_members_that_there_are(service: Any, permissions: Permissions) -> None:
    """A resource rule that looks for a member that no input of its actions has would be `*` for ever."""
    from streamcore.api.aws.permissions import everything

    for name, permission in permissions.table.items():
        if permission.resources is everything or service is S3:
            continue
        closure = inspect.getclosurevars(permission.resources).nonlocals
        names = closure.get("names")
        if names is not None:
            fields = set(service.actions[name].input.__struct_fields__)
            assert fields & set(names), (service.name, name, names)


def test_the_page_is_what_the_registries_say() -> None:
    from pathlib import Path

    from streamcore.api.aws.iam.table import NOTES, render

    assert (Path(__file__).parents[2] / "docs" / "iam.md").read_text() == render()
    assert set(NOTES) <= set(IAM.actions) | set(STS.actions)
