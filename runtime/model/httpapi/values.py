"""What an HTTP API is made of. Members have AWS's names and meanings, so that a value is told as it is kept; dates are
ISO 8601 (API Gateway Version 2 API reference)."""

from __future__ import annotations

import msgspec

from runtime.model.apigateway.values import AccessLogSettings, Value
from runtime.model.cors import Cors


class HttpApi(Value, frozen=True, kw_only=True):
    """`api_endpoint` is told by the action, which knows the address."""

    api_id: str
    name: str
    protocol_type: str
    description: str | None = None
    version: str | None = None
    created_date: str
    cors_configuration: Cors | None = None
    disable_execute_api_endpoint: bool
    api_key_selection_expression: str
    route_selection_expression: str
    ip_address_type: str
    import_info: list[str] | None = None
    warnings: list[str] | None = None
    tags: dict[str, str] | None = None


class HttpRoute(Value, frozen=True, kw_only=True):
    route_id: str
    route_key: str
    api_key_required: bool
    authorization_type: str
    authorization_scopes: list[str] | None = None
    authorizer_id: str | None = None
    operation_name: str | None = None
    target: str | None = None
    api_gateway_managed: bool | None = None


class HttpIntegration(Value, frozen=True, kw_only=True):
    integration_id: str
    integration_type: str
    integration_subtype: str | None = None
    integration_method: str | None = None
    integration_uri: str | None = None
    connection_type: str
    credentials_arn: str | None = None
    description: str | None = None
    payload_format_version: str
    request_parameters: dict[str, str] | None = None
    response_parameters: dict[str, dict[str, str]] | None = None
    timeout_in_millis: int
    api_gateway_managed: bool | None = None


class JwtConfiguration(Value, frozen=True, kw_only=True):
    audience: list[str] | None = None
    issuer: str | None = None


class HttpAuthorizer(Value, frozen=True, kw_only=True):
    authorizer_id: str
    name: str
    authorizer_type: str
    authorizer_uri: str | None = None
    authorizer_credentials_arn: str | None = None
    authorizer_payload_format_version: str | None = None
    authorizer_result_ttl_in_seconds: int | None = None
    enable_simple_responses: bool | None = None
    identity_source: list[str]
    jwt_configuration: JwtConfiguration | None = None


class HttpContent(Value, frozen=True, kw_only=True):
    """An API with all that is in it, as it is deployed."""

    api: HttpApi
    routes: dict[str, HttpRoute] = msgspec.field(default_factory=dict)
    integrations: dict[str, HttpIntegration] = msgspec.field(default_factory=dict)
    authorizers: dict[str, HttpAuthorizer] = msgspec.field(default_factory=dict)


class HttpDeployment(Value, frozen=True, kw_only=True):
    deployment_id: str
    auto_deployed: bool
    created_date: str
    deployment_status: str
    description: str | None = None


class RouteSettings(Value, frozen=True, kw_only=True):
    """Limits that are not given do not limit."""

    data_trace_enabled: bool | None = None
    detailed_metrics_enabled: bool | None = None
    logging_level: str | None = None
    throttling_burst_limit: int | None = None
    throttling_rate_limit: float | None = None


class HttpStage(Value, frozen=True, kw_only=True):
    stage_name: str
    auto_deploy: bool
    deployment_id: str | None = None
    description: str | None = None
    created_date: str
    last_updated_date: str
    last_deployment_status_message: str | None = None
    default_route_settings: RouteSettings
    route_settings: dict[str, RouteSettings]
    stage_variables: dict[str, str]
    access_log_settings: AccessLogSettings | None = None
    tags: dict[str, str] | None = None
    api_gateway_managed: bool | None = None
