"""What the actions about methods and integrations share."""

from __future__ import annotations

from runtime.gateway.records import ApiRecord
from runtime.gateway.service import Gateway
from runtime.model.apigateway.structure import with_method
from runtime.model.apigateway.values import Method, Resource


async def save_method(gateway: Gateway, record: ApiRecord, resource: Resource, method: Method) -> None:
    """Keeps a changed method."""
    await gateway.apis.save(record, with_method(record.content, resource, method.http_method, method))
