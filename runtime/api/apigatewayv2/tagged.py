"""What has tags: APIs and stages, by their ARNs."""

from __future__ import annotations

import re
from typing import Final

from runtime.api.apigateway.tagged import Tagged
from runtime.errors import ApiGatewayError
from runtime.gateway.httpapi.service import HttpGateway
from runtime.model.apigateway.values import changed
from streamcore.model.stream import Scope

_ARN: Final = re.compile(
    r"(?a)\Aarn:aws[a-z-]*:apigateway:(?P<region>[a-z0-9-]+)::/apis/(?P<api>[a-z0-9]{1,50})"
    r"(?:/stages/(?P<stage>[A-Za-z0-9_$-]{1,128}))?\Z"
)


def tagged(gateway: HttpGateway, scope: Scope, arn: str) -> Tagged:
    """Raises ApiGatewayError for an ARN that is none, ApiNotFoundError."""
    match = _ARN.match(arn)
    if match is None or match["region"] != scope.region:
        raise ApiGatewayError("Invalid ARN specified in the request. It is that of an API or a stage of this region.")
    record = gateway.apis.api(scope, match["api"])
    if match["stage"] is None:
        content = record.content
        return Tagged(
            content.api.tags,
            lambda tags: gateway.apis.save(record, changed(content, api=changed(content.api, tags=tags))),
        )
    stage = gateway.apis.stage(record, match["stage"])
    return Tagged(stage.tags, lambda tags: gateway.apis.save_stage(record, changed(stage, tags=tags)))
