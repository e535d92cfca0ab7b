"""What holds for every source of events, and where one differs from AWS's sample."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"

_OF_EDGES = "only edge-optimized APIs have CloudFront in front of them"
_LATER = "AWS tells it since 2018; its sample is older"
_NO_HTTP_API = "AWS's sample is that of an HTTP API with a route, an authorizer and mutual TLS; a function URL has none"
_HEADERS = "headers that are told as they come"
_REQUEST = "another request than the sample's"
_OWN_DETAIL = "the detail is that of the service that tells; the sample is of RDS"
_ATTRIBUTES = "the sample's message has no attributes"

#: source → `member.path: kind`, or the beginning of some with a `*` behind → why only one of the two has it
ACCEPTED: dict[str, dict[str, str]] = {
    "function_url": {
        "requestContext.authentication*": _NO_HTTP_API,
        "requestContext.authorizer*": _NO_HTTP_API,
        "pathParameters*": _NO_HTTP_API,
        "stageVariables*": _NO_HTTP_API,
        "headers.host: text": _HEADERS,
        "headers.user-agent: text": _HEADERS,
        "headers.content-type: text": _HEADERS,
    },
    "http_api": {
        "requestContext.authentication*": "there is no mutual TLS here",
        "headers.authorization: text": _HEADERS,
        "headers.content-type: text": _HEADERS,
        "headers.host: text": _HEADERS,
        "headers.user-agent: text": _HEADERS,
    },
    "http_api_v1": {
        "version: text": "HTTP APIs tell it, and AWS's sample is that of a REST API",
        "requestContext.authorizer*": "AWS's sample has none",
        "requestContext.domainName: text": _LATER,
        "requestContext.domainPrefix: text": _LATER,
        "requestContext.extendedRequestId: text": _LATER,
        "requestContext.identity.principalOrgId: null": _LATER,
        "headers.*": _REQUEST,
        "multiValueHeaders.*": _REQUEST,
        "multiValueQueryStringParameters.*": _REQUEST,
        "pathParameters.*": _REQUEST,
        "queryStringParameters.*": _REQUEST,
        "stageVariables.*": _REQUEST,
    },
    "rest_api": {
        "headers.CloudFront-*": _OF_EDGES,
        "headers.Via: text": _OF_EDGES,
        "headers.X-Amz-Cf-Id: text": _OF_EDGES,
        "multiValueHeaders.CloudFront-*": _OF_EDGES,
        "multiValueHeaders.Via*": _OF_EDGES,
        "multiValueHeaders.X-Amz-Cf-Id*": _OF_EDGES,
        "headers.Content-Type: text": _HEADERS,
        "headers.X-Amzn-Trace-Id: text": _HEADERS,
        "multiValueHeaders.Content-Type*": _HEADERS,
        "multiValueHeaders.X-Amzn-Trace-Id*": _HEADERS,
        "requestContext.deploymentId: text": _LATER,
        "requestContext.domainName: text": _LATER,
        "requestContext.domainPrefix: text": _LATER,
        "requestContext.extendedRequestId: text": _LATER,
        "requestContext.identity.principalOrgId: null": _LATER,
    },
    "s3_event_bridge": {"detail.*": _OWN_DETAIL},
    "scheduler": {
        "detail: object": "EventBridge Scheduler tells the detail as a text; AWS has no sample of it but the rule's",
        "detail: text": "as above",
    },
    "sqs": {"Records[].messageAttributes.*": _ATTRIBUTES, "Records[].md5OfMessageAttributes: text": _ATTRIBUTES},
}
_KINDS = {dict: "object", list: "array", str: "text", int: "number", float: "number", bool: "boolean"}


def check_golden(name: str, event: bytes) -> None:
    """The event is, byte for byte, what was written down."""
    file = GOLDEN / f"{name}.json"
    how = f"streamcore events show --source {name} > tests/sources/golden/{file.name}"
    assert file.exists(), f"there is no golden event of {name}; look at what this writes: {how}"
    assert event + b"\n" == file.read_bytes(), f"if the change is meant: {how}"


def check_members(name: str, event: Any, sample: Any) -> None:
    """Both have the same members of the same kinds, but for what ACCEPTED says; and it says no more than that."""
    differing = set(members(event)) ^ set(members(sample))
    accepted = ACCEPTED.get(name, {})
    assert {each for each in differing if not any(_is_meant(each, row) for row in accepted)} == set()
    assert [row for row in accepted if not any(_is_meant(each, row) for each in differing)] == []


def _is_meant(member: str, row: str) -> bool:
    return member.startswith(row[:-1]) if row.endswith("*") else member == row


def members(value: Any, path: str = "") -> Iterator[str]:
    """`Records[].kinesis.data: text`, … of all that is in a value."""
    if path:
        yield f"{path}: {'null' if value is None else _KINDS[type(value)]}"
    if isinstance(value, dict):
        for name, each in value.items():
            yield from members(each, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for each in value:
            yield from members(each, f"{path}[]")


def told_source(event: dict[str, Any]) -> str | None:
    """How an event names where it is from."""
    records = event.get("Records")
    top = records[0] if records else event
    found = top.get("eventSource") or top.get("EventSource") or top.get("source")
    assert found is None or isinstance(found, str)
    return found


def read(event: bytes) -> dict[str, Any]:
    value = json.loads(event)
    assert isinstance(value, dict)
    return value
