"""What the actions about integrations share."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from runtime.api.apigateway.shapes import refuse_given
from runtime.errors import ApiGatewayError


class ConnectionType(StrEnum):
    INTERNET = "INTERNET"
    VPC_LINK = "VPC_LINK"


class IntegrationType(StrEnum):
    AWS = "AWS"
    HTTP = "HTTP"
    MOCK = "MOCK"
    HTTP_PROXY = "HTTP_PROXY"
    AWS_PROXY = "AWS_PROXY"


def refuse_foreign(input_: Any) -> None:
    """Members of WebSocket APIs, VPC links and private connections. Raises ApiGatewayError."""
    refuse_given(
        input_,
        "connection_id",
        "content_handling_strategy",
        "passthrough_behavior",
        "template_selection_expression",
        "tls_config",
    )
    if input_.connection_type is ConnectionType.VPC_LINK:
        raise ApiGatewayError("connectionType VPC_LINK is not offered.")
    if input_.request_templates:
        raise ApiGatewayError("requestTemplates are not supported for HTTP APIs")
