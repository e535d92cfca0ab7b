"""Powertools' data classes read the events of every source, property by property."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from node_support import HERE, ROOT
from python_support import environment_with
from test_conformance_python import run

from runtime.sources.registry import sources

pytestmark = [pytest.mark.conformance, pytest.mark.timeout(900)]

GOLDEN = ROOT / "tests" / "sources" / "golden"
_HTTP_API = "KeyError", "of HTTP APIs, which share the class"
_NESTED = "JSONDecodeError", "the body of the example is no notification"
#: source → property that cannot be read → (how it fails, why that is right)
UNREADABLE: dict[str, dict[str, tuple[str, str]]] = {
    "authorizer_request": {
        "authorization_token": _HTTP_API,
        "identity_source": _HTTP_API,
        "version": _HTTP_API,
    },
    "rest_api": {"version": _HTTP_API},
    "s3_event_bridge": {"detail.object.version_id": ("KeyError", "the bucket has no versions")},
    "s3_removed": {
        "record.s3.get_object.size": ("KeyError", "an object that is gone has none"),
        "records[0].s3.get_object.size": ("KeyError", "an object that is gone has none"),
    },
    "sqs": {"records[0].decoded_nested_s3_event": _NESTED, "records[0].decoded_nested_sns_event": _NESTED},
}
#: source → a property that handlers look at, and what it is
TELLING: dict[str, tuple[str, Any]] = {
    "authorizer_http": ("identity_source[0]", "incoming-client-token"),
    "authorizer_http_v1": ("authorization_token", "incoming-client-token"),
    "authorizer_request": ("request_context.resource_path", "/{proxy+}"),
    "authorizer_token": ("authorization_token", "incoming-client-token"),
    "event_bridge": ("source", "com.example.shop"),
    "function_url": ("request_context.http.method", "POST"),
    "http_api": ("request_context.authorizer.jwt_scopes[0]", "scope1"),
    "http_api_v1": ("request_context.authorizer.scopes[0]", "scope1"),
    "kinesis": ("records[1].kinesis.partition_key", 'k"é'),
    "rest_api": ("request_context.stage", "prod"),
    "s3_event": ("object_key", "test/a@b c.jpg"),
    "s3_event_bridge": ("detail.object.key", "test/a@b c.jpg"),
    "s3_removed": ("record.event_name", "ObjectRemoved:Delete"),
    "schedule": ("detail_type", "Scheduled Event"),
    "scheduler": ("source", "aws.scheduler"),
    "sns": ("sns_message", "example message"),
    "sqs": ("records[0].body", "Hello from SQS!"),
}


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Powertools read of each golden event."""
    programs = environment_with("aws-lambda-powertools[tracer]")
    files = [str(GOLDEN / f"{name}.json") for name in sources()]
    script = str(HERE / "powertools_reader.py")
    read: dict[str, Any] = json.loads(
        run(programs, [str(programs / "python"), script, *files], Path(tmp_path_factory.mktemp("home")))
    )
    return read


@pytest.mark.parametrize("name", sources())
def test_powertools_read_it(answers: dict[str, Any], name: str) -> None:
    failed = {path: text.partition(":")[0] for path, text in answers[name]["failed"].items()}
    assert failed == {path: how for path, (how, _) in UNREADABLE.get(name, {}).items()}
    path, value = TELLING[name]
    assert answers[name]["found"][path] == value
