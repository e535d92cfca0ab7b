"""AWS integrations that are no functions: which request of which service they stand for.

`action/PutRecord` is the named action in the service's own protocol; `path/…` is a path of the service, as SQS's queues
have them. https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote, urlencode

from runtime.gateway.ports import ServiceCall
from runtime.model.apigateway.integration_plan import Outgoing
from runtime.model.apigateway.integration_uri import ServiceUri, with_labels
from streamcore.model.stream import Scope

#: Services whose actions are named by a target header, with JSON of this version.
TARGETS: Final = {
    "dynamodb": ("DynamoDB_20120810", "1.0"),
    "events": ("AWSEvents", "1.1"),
    "firehose": ("Firehose_20150804", "1.1"),
    "kinesis": ("Kinesis_20131202", "1.1"),
    "logs": ("Logs_20140328", "1.1"),
    "states": ("AWSStepFunctions", "1.0"),
}
#: Services whose actions are a form, and the version that its clients name.
FORMS: Final = {"sns": "2010-03-31", "sqs": "2012-11-05", "sts": "2011-06-15", "iam": "2010-05-08"}
_FORM_TYPE: Final = "application/x-www-form-urlencoded"


def service_call(uri: ServiceUri, method: str, outgoing: Outgoing, account: str) -> ServiceCall:
    """The request. What the integration's own mappings say of headers wins."""
    headers = {name.lower(): value for name, value in outgoing.headers.items()}
    query, body = list(outgoing.query), outgoing.body
    path = with_labels(uri.path or "/", {name: quote(value, safe="") for name, value in outgoing.path.items()})
    if uri.action and uri.service in TARGETS:
        target, version = TARGETS[uri.service]
        headers["x-amz-target"] = f"{target}.{uri.action}"
        headers["content-type"] = f"application/x-amz-json-{version}"
        method, query, body = "POST", [], body or b"{}"
    elif uri.service in FORMS:
        method, query, body = "POST", [], _form(uri, outgoing)
        headers["content-type"] = _FORM_TYPE
    else:
        headers.setdefault("content-type", "application/json")
    return ServiceCall(
        service=uri.service,
        scope=Scope(account, uri.region),
        method=method,
        path=path,
        query=urlencode(query),
        headers=headers,
        body=body,
    )


def _form(uri: ServiceUri, outgoing: Outgoing) -> bytes:
    """Mapped parameters and what the template wrote, as one form."""
    given = outgoing.query if not uri.action else [("Action", uri.action), *outgoing.query]
    body = outgoing.body.strip()
    if not body or body[:1] in (b"{", b"["):  # the client's own JSON, which no form can hold
        body = b""
    parts = [urlencode(given).encode(), body] if given else [body]
    form = b"&".join(part for part in parts if part)
    return form if b"Version=" in form else form + f"&Version={FORMS[uri.service]}".encode()
